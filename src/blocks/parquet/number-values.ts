import type { ParquetType } from 'hyparquet';
import { numberCopier, numberFormat, type Into, type NumberFormatName } from '../stream/number-formats';
import type { StoredValues } from './chunk-pages';
import type { ColumnKind } from './column-kind';
import type { Hyparquet } from './hyparquet';
import { plainBytes } from './plain-bytes';
import { RunCursor } from './run-cursor';

/** Numbers of a page, copied once from the first to the last. */
export interface NumberValues {
  /** How many numbers there are. */
  count: number;
  copy(into: Into): void;
}

/** Numbers of a dictionary, and how many each of its values has. */
export interface NumberDictionary {
  numbers: Float32Array;
  each: number;
  /** How many values there are. */
  values: number;
}

/** Values that are numbers, or packed ones. */
export interface NumberKind extends ColumnKind {
  format: NumberFormatName;
}

const IS_DICTIONARY = ['PLAIN_DICTIONARY', 'RLE_DICTIONARY'];

/** Indices that are unpacked at a time. */
const AT_ONCE = 4096;

function fromDictionary({ count, bytes }: StoredValues, dictionary: NumberDictionary): NumberValues {
  const { numbers, each, values } = dictionary;
  const runs = new RunCursor(bytes.subarray(1), bytes[0] ?? 0);
  const indices = new Int32Array(AT_ONCE);
  return {
    count: count * each,
    copy({ out, at, stride, width, rows }) {
      const perRow = width / each;
      let left = rows * perRow;
      let [row, within] = [0, 0];
      while (left > 0) {
        const some = Math.min(left, AT_ONCE);
        runs.fill(indices, some);
        for (let i = 0; i < some; i++) {
          const index = indices[i]!;
          if (index < 0 || index >= values) throw new Error(`a value ${index} of a dictionary of ${values}`);
          const to = at + row * stride + within * each;
          if (each === 1) out[to] = numbers[index]!;
          else out.set(numbers.subarray(index * each, (index + 1) * each), to);
          if (++within === perRow) [row, within] = [row + 1, 0];
        }
        left -= some;
      }
    },
  };
}

function fromList(list: readonly Uint8Array[], format: NumberFormatName, each: number): NumberValues {
  const copier = numberCopier(format);
  let next = 0;
  return {
    count: list.length * each,
    copy({ out, at, stride, width, rows }) {
      for (let row = 0; row < rows; row++) {
        copier(list[next++]!, 0, { out, at: at + row * stride, stride: width, width, rows: 1 });
      }
    },
  };
}

/** How many numbers each packed value of a list has. @throws Error where they differ */
function numbersEach(list: readonly Uint8Array[], size: number): number {
  const length = list[0]?.length ?? size;
  const other = list.findIndex((value) => value.length !== length);
  if (other >= 0) throw new Error(`values of ${length} and of ${list[other]!.length} bytes`);
  if (length === 0 || length % size !== 0) throw new Error(`values of ${length} bytes, no numbers of ${size}`);
  return length / size;
}

/** The numbers of a page. @throws Error for what is damaged */
export function numberValues(
  page: StoredValues,
  kind: NumberKind,
  type: ParquetType | undefined,
  dictionary: NumberDictionary | undefined,
  hyparquet: Hyparquet,
): NumberValues & { each: number } {
  if (IS_DICTIONARY.includes(page.encoding)) {
    if (!dictionary) throw new Error('values of a dictionary that is not there');
    return { ...fromDictionary(page, dictionary), each: dictionary.each };
  }
  const size = numberFormat(kind.format).bytes;
  const { bytes, list } = plainBytes(page, kind, type, hyparquet);
  if (list) {
    const each = numbersEach(list, size);
    return { ...fromList(list, kind.format, each), each };
  }
  const each = kind.size! / size;
  const copier = numberCopier(kind.format);
  let at = 0;
  return {
    each,
    count: page.count * each,
    copy(into) {
      copier(bytes, at, into);
      at += into.rows * into.width * size;
    },
  };
}

/** A dictionary of numbers as float32. */
export function numberDictionary(
  page: StoredValues,
  kind: NumberKind,
  type: ParquetType | undefined,
  hyparquet: Hyparquet,
): NumberDictionary {
  const { count, each, copy } = numberValues(page, kind, type, undefined, hyparquet);
  const numbers = new Float32Array(count);
  copy({ out: numbers, at: 0, stride: each, width: each, rows: count / each });
  return { numbers, each, values: page.count };
}
