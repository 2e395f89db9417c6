import type { ByteWriter, ParquetWriter, SchemaElement } from 'hyparquet-writer';
import { COUNT } from '../../core/check';
import { readOptions } from '../../core/read-options';
import { loadPeer } from '../stream/load-peer';
import type { WrittenColumn } from './verdict-rows';
import { verdictWriter, type VerdictWriter } from './verdict-writer';

/** Options of {@link parquetWriter}. */
export interface ParquetWriterOptions {
  /** Rows of a row group; so many are in memory. Default 65,536. */
  groupRows?: number;
}

/** A column's line in the schema. */
function elementOf({ name, kind, values }: WrittenColumn): SchemaElement {
  const own = { name, repetition_type: 'REQUIRED' } as const;
  if (kind === 'double') return { ...own, type: 'DOUBLE' };
  if (kind === 'flag') return { ...own, type: 'BOOLEAN' };
  if (kind === 'int' || values instanceof Int32Array) return { ...own, type: 'INT32' };
  if (values instanceof BigUint64Array) return { ...own, type: 'INT64', converted_type: 'UINT_64' };
  if (values instanceof BigInt64Array) return { ...own, type: 'INT64' };
  return { ...own, type: 'BYTE_ARRAY', converted_type: 'UTF8' };
}

/** Values as hyparquet-writer takes them. */
const listed = ({ values }: WrittenColumn): unknown[] => Array.from(values as ArrayLike<unknown>);

/**
 * Writes ids and verdicts (or scores) as Parquet: `id`, `score`, `pValue` (doubles), `isOod` and `label`, Snappy, row
 * group by row group. It needs the package `hyparquet-writer`.
 *
 * @param sink where the bytes go: `fileSink` of `tfjs-ood/node`, or any WritableStream
 * @throws ArgumentError at the first rows where hyparquet-writer is missing
 * @example
 * const chunks: Uint8Array<ArrayBuffer>[] = [];
 * const sink = new WritableStream<Uint8Array<ArrayBuffer>>({ write: (bytes) => void chunks.push(bytes) });
 * const writer = parquetWriter(sink as WritableStream<Uint8Array>);
 * await writer.add(['a', 'b'], Float32Array.of(0.5, 2));
 * await writer.close();
 * for await (const { features } of parquetBlocks(new Blob(chunks), { columns: { features: ['score'] } })) {
 *   features.data; // a Float32Array [0.5, 2]
 * }
 */
export function parquetWriter(sink: WritableStream<Uint8Array>, options?: ParquetWriterOptions): VerdictWriter {
  const where = 'parquetWriter';
  const { groupRows } = readOptions(where, options, { groupRows: [COUNT, 65_536] });
  let opened:
    { bytes: ByteWriter & { index: number }; file: ParquetWriter; columns: readonly WrittenColumn[] } | undefined;
  let held: unknown[][] = [];

  async function open(columns: readonly WrittenColumn[]) {
    const { ByteWriter, ParquetWriter } = await loadPeer(where, 'hyparquet-writer', () => import('hyparquet-writer'));
    const bytes = new ByteWriter() as ByteWriter & { index: number };
    const schema: SchemaElement[] = [{ name: 'schema', num_children: columns.length }, ...columns.map(elementOf)];
    held = columns.map(() => []);
    return { bytes, columns, file: new ParquetWriter({ writer: bytes, schema, createdBy: 'tfjs-ood' }) };
  }

  /** What was written since the last time. */
  function taken(): Uint8Array {
    const { bytes } = opened!;
    const own = bytes.getBytes().slice();
    bytes.index = 0;
    return own;
  }

  async function writeGroup(rows: number): Promise<void> {
    const { file, columns } = opened!;
    const data = held.map((values) => values.splice(0, rows));
    await file.write({
      columnData: columns.map(({ name }, i) => ({ name, data: data[i]! })),
      rowGroupSize: rows,
    });
  }

  return verdictWriter(where, sink, {
    async rows(columns) {
      opened ??= await open(columns);
      columns.forEach((column, i) => {
        for (const value of listed(column)) held[i]!.push(value);
      });
      while (held[0]!.length >= groupRows) await writeGroup(groupRows);
      return taken();
    },
    async end() {
      opened ??= await open([
        { name: 'id', kind: 'text', values: [] },
        { name: 'score', kind: 'double', values: new Float64Array() },
      ]);
      if (held[0]!.length > 0) await writeGroup(held[0]!.length);
      await opened.file.finish();
      return taken();
    },
  });
}
