import type { ParquetType } from 'hyparquet';
import { numberCopier, type Into } from '../stream/number-copier';
import { numberFormat, type NumberFormatName } from '../stream/number-formats';
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

/** Indices that are unpacked at a time, by one page after the other. */
const indices = /* @__PURE__ */ new Int32Array(4096);

function fromDictionary({ count, bytes }: StoredValues, dictionary: NumberDictionary): NumberValues {
  const { numbers, each, values } = dictionary;
  const runs = new RunCursor(bytes.subarray(1), bytes[0] ?? 0);
  /** Writes the next numbers one after the other. */
  function copyRun(out: Float32Array, at: number, total: number): void {
    for (let done = 0; done < total; done += indices.length) {
      const some = Math.min(indices.length, total - done);
      runs.fill(indices, some);
      for (let i = 0, to = at + done * each; i < some; i++, to += each) {
        const index = indices[i]! >>> 0;
        if (index >= values) throw new Error(`a value ${index} of a dictionary of ${values}`);
        if (each === 1) out[to] = numbers[index]!;
        else out.set(numbers.subarray(index * each, (index + 1) * each), to);
      }
    }
  }
  return {
    count: count * each,
    copy({ out, at, stride, width, rows }) {
      if (stride === width) return copyRun(out, at, (rows * width) / each);
      for (let row = 0; row < rows; row++) copyRun(out, at + row * stride, width / each);
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
): NumberValues & { each: number; hasDictionary: boolean } {
  if (IS_DICTIONARY.includes(page.encoding)) {
    if (!dictionary) throw new Error('values of a dictionary that is not there');
    return { ...fromDictionary(page, dictionary), each: dictionary.each, hasDictionary: true };
  }
  const size = numberFormat(kind.format).bytes;
  const { bytes, list } = plainBytes(page, kind, type, hyparquet);
  if (list) {
    const each = numbersEach(list, size);
    return { ...fromList(list, kind.format, each), each, hasDictionary: false };
  }
  const each = kind.size! / size;
  const copier = numberCopier(kind.format);
  let at = 0;
  return {
    each,
    hasDictionary: false,
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
