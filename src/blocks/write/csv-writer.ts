import { textOf } from '../../core/check';
import { readOptions } from '../../core/read-options';
import { verdictWriter, type VerdictWriter } from './verdict-writer';

/** Options of {@link csvWriter}. */
export interface CsvWriterOptions {
  /** What stands between fields; default a comma. */
  delimiter?: string;
}

/**
 * Writes ids and verdicts (or scores) as CSV, RFC 4180 with LF: `id,score,pValue,isOod,label`. Numbers have as many
 * digits as give them back exactly.
 *
 * @param sink where the bytes go: `fileSink` of `tfjs-ood/node`, or any WritableStream
 * @example
 * const chunks: Uint8Array[] = [];
 * const sink = new WritableStream<Uint8Array>({ write: (bytes) => void chunks.push(bytes) });
 * const writer = csvWriter(sink);
 * await writer.add(['a', 'b'], Float32Array.of(0.5, 2));
 * await writer.close();
 * new TextDecoder().decode(chunks[0]).split('\n')[1]; // 'a,0.5'
 */
export function csvWriter(sink: WritableStream<Uint8Array>, options?: CsvWriterOptions): VerdictWriter {
  const where = 'csvWriter';
  const { delimiter } = readOptions(where, options, {
    delimiter: [textOf('a character that is no quote and no line end', /^[^"\r\n]$/), ','],
  });
  const needsQuotes = (text: string) => text === '' || text.includes(delimiter) || /["\r\n]/.test(text);
  const field = (value: unknown): string => {
    const text = String(value);
    return needsQuotes(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const encoder = new TextEncoder();
  let isFirst = true;
  return verdictWriter(where, sink, {
    rows(columns) {
      const lines = isFirst ? [columns.map(({ name }) => name).join(delimiter)] : [];
      isFirst = false;
      const { length } = columns[0]!.values;
      for (let i = 0; i < length; i++) lines.push(columns.map(({ values }) => field(values[i])).join(delimiter));
      return Promise.resolve(encoder.encode(`${lines.join('\n')}\n`));
    },
    end: () => Promise.resolve(new Uint8Array()),
  });
}
