import type { Shard } from '../bytes/shard';
import { numberCopier } from '../stream/number-copier';
import { wholeNumbers, type NumberFormatName } from '../stream/number-formats';
import type { ListedValues, NumberColumn, ValueColumn } from '../stream/shard-columns';
import type { ByteFeed } from './byte-feed';

/** An array whose rows lie one after the other. */
export interface FedArray {
  shard: Shard;
  /** What errors call it. */
  name: string;
  format: NumberFormatName | 'text';
  isLittle: boolean;
  /** Bytes of an element. */
  size: number;
  shape: readonly number[];
  feed: ByteFeed;
}

/** Bytes that are asked for at a time. */
const AT_ONCE = 2 ** 18;

/** Rows of the array that are there: those that the copier then has the bytes of. */
function rowFeed({ shard, name, shape, size, feed }: FedArray, width: number) {
  const rows = shape[0]!;
  const rowBytes = width * size;
  let [read, bytes, from, ready] = [0, new Uint8Array() as Uint8Array, 0, 0];
  return {
    async ready(): Promise<number> {
      if (ready > 0) return ready;
      if (read === rows) {
        await feed.end();
        return 0;
      }
      ready = Math.min(rows - read, Math.max(1, Math.floor(AT_ONCE / rowBytes)));
      bytes = await feed.next(ready * rowBytes);
      read += ready;
      from = 0;
      return ready;
    },
    /** The bytes of the next rows. */
    take(count: number): Uint8Array {
      if (count > ready) throw shard.refuse(`a file with rows of ${name}`, 'fewer');
      const own = bytes.subarray(from, from + count * rowBytes);
      from += own.length;
      ready -= count;
      return own;
    },
  };
}

/** An array [N, D] as numbers, or [N] as one a row. @throws FormatError for another shape */
export function fedNumbers(array: FedArray): NumberColumn {
  const { shard, name, shape, format, isLittle } = array;
  const width = shape[1] ?? 1;
  if (shape.length < 1 || shape.length > 2 || width === 0)
    throw shard.refuse(`a file with [N, D] in ${name}`, `[${shape.join(', ')}]`);
  if (format === 'text') throw shard.refuse(`a file with numbers in ${name}`, 'text');
  const rows = rowFeed(array, width);
  const copier = numberCopier(format, isLittle);
  return {
    width,
    ready: () => rows.ready(),
    copyTo: (out, at, stride, count) => copier(rows.take(count), 0, { out, at, stride, width, rows: count }),
  };
}

/** An array [N] as labels or ids. @throws FormatError for another shape */
export function fedValues(array: FedArray): ValueColumn {
  const { shard, name, shape, format, isLittle, size } = array;
  if (shape.length !== 1) throw shard.refuse(`a file with [N] in ${name}`, `[${shape.join(', ')}]`);
  const rows = rowFeed(array, 1);
  return {
    ready: () => rows.ready(),
    take(count): ListedValues {
      const bytes = rows.take(count);
      if (format !== 'text') return wholeNumbers(format, bytes, count, isLittle);
      return Array.from({ length: count }, (_, i) =>
        text32(shard, name, bytes.subarray(i * size, (i + 1) * size), isLittle),
      );
    },
  };
}

/** NumPy's text: code points of 32 bits, with zeros after it. */
function text32(shard: Shard, name: string, bytes: Uint8Array, isLittle: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const points = Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, isLittle));
  while (points.at(-1) === 0) points.pop();
  const odd = points.find((point) => point > 0x10ffff);
  if (odd !== undefined) throw shard.refuse(`a file with text in ${name}`, `the code point ${odd}`);
  return String.fromCodePoint(...points);
}
