import { byteWindow } from '../bytes/byte-window';
import { otherFormat } from '../bytes/other-format';
import type { Shard } from '../bytes/shard';
import type { NumberColumn, ValueColumn } from '../stream/shard-columns';
import { CsvError, CsvRows, type CsvRow } from './csv-rows';

const WINDOW = 2 ** 18;

/** The rows of a CSV file, some at a time; columns take of them by themselves. */
export interface CsvTable {
  header: readonly string[];
  numbers(names: readonly string[]): NumberColumn;
  labels(name: string): ValueColumn;
  texts(name: string): ValueColumn;
}

/** A number as programs write it: no hexadecimal one, no empty field. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const ODD: Readonly<Record<string, number>> = {
  nan: NaN,
  inf: Infinity,
  '-inf': -Infinity,
  infinity: Infinity,
  '-infinity': -Infinity,
};
const NONE = ['', 'null', 'na', 'n/a', 'none'];

/** Opens a CSV file and reads its header. @throws FormatError */
export async function csvTable(shard: Shard, delimiter: string): Promise<CsvTable> {
  const window = byteWindow(shard, 0, shard.size, WINDOW);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const parser = new CsvRows(delimiter);
  let rows: CsvRow[] = [];
  let before = 0;
  let ended = false;

  async function more(): Promise<CsvRow[]> {
    const bytes = await window.some();
    window.skip(bytes.length);
    const isLast = window.left === 0;
    if (isLast) ended = true;
    let text: string;
    try {
      text = decoder.decode(bytes, { stream: !isLast });
    } catch {
      const other = await otherFormat(shard, 'other bytes');
      throw shard.refuse('a file in UTF-8', other, window.at - bytes.length);
    }
    try {
      return parser.add(text, isLast);
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      const row = error.row < 0 ? 'the header' : `row ${error.row}`;
      throw shard.refuse(`a CSV file with ${error.expected}`, `${error.received} at ${row}`);
    }
  }
  while (rows.length === 0 && !ended) rows = await more();
  const header = rows.shift();
  if (!header) throw shard.refuse('a CSV file with a header', 'none');
  const twice = header.find((name, i) => header.indexOf(name) < i);
  if (twice !== undefined) throw shard.refuse('a CSV file with a header of which no two are the same', twice);

  /** How far each column is within the rows. */
  const places: number[] = [];
  async function ready(column: number): Promise<number> {
    const place = places[column]!;
    if (place < rows.length) return rows.length - place;
    // All others are as far: they take the same rows
    while (!ended) {
      const next = await more();
      if (next.length === 0) continue;
      before += rows.length;
      rows = next;
      places.fill(0);
      const odd = rows.findIndex((row) => row.length !== header!.length);
      if (odd >= 0) {
        throw shard.refuse(
          `a CSV file with ${header!.length} fields a row`,
          `${rows[odd]!.length} at row ${before + odd}`,
        );
      }
      return rows.length;
    }
    return 0;
  }
  const odd = rows.findIndex((row) => row.length !== header.length);
  if (odd >= 0)
    throw shard.refuse(`a CSV file with ${header.length} fields a row`, `${rows[odd]!.length} at row ${odd}`);

  const opened = () => places.push(0) - 1;
  const numberAt = (row: number, field: number): number => {
    const text = rows[row]![field]!.trim();
    if (NUMBER.test(text)) return Number(text);
    const known = ODD[text.toLowerCase()];
    if (known !== undefined) return known;
    const received = NONE.includes(text.toLowerCase()) ? 'none' : `'${text.slice(0, 40)}'`;
    throw shard.refuse(`a CSV file with numbers in ${header[field]}`, `${received} at row ${before + row}`);
  };
  return {
    header,
    numbers(names) {
      const column = opened();
      const fields = names.map((name) => header.indexOf(name));
      return {
        width: fields.length,
        ready: () => ready(column),
        copyTo(out, at, stride, count) {
          const from = places[column]!;
          for (let row = 0; row < count; row++) {
            fields.forEach((field, i) => (out[at + row * stride + i] = numberAt(from + row, field)));
          }
          places[column] = from + count;
        },
      };
    },
    labels(name) {
      const column = opened();
      const field = header.indexOf(name);
      let isNumber: boolean | undefined;
      return {
        ready: () => ready(column),
        take(count) {
          const from = places[column]!;
          places[column] = from + count;
          const texts = rows.slice(from, from + count).map((row) => row[field]!);
          isNumber ??= NUMBER.test(texts[0]!);
          return isNumber ? Float64Array.from(texts, (_, i) => numberAt(from + i, field)) : texts;
        },
      };
    },
    texts(name) {
      const column = opened();
      const field = header.indexOf(name);
      return {
        ready: () => ready(column),
        take(count) {
          const from = places[column]!;
          places[column] = from + count;
          return rows.slice(from, from + count).map((row) => row[field]!);
        },
      };
    },
  };
}
