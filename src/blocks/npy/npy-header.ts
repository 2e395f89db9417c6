import type { NumberFormatName } from '../stream/number-formats';

/** What the header of a .npy file says. */
export interface NpyHeader {
  format: NumberFormatName | 'text';
  isLittle: boolean;
  /** Bytes of an element. */
  size: number;
  shape: readonly number[];
  isFortran: boolean;
  /** Where the numbers begin. */
  start: number;
}

const MAGIC = '\x93NUMPY';
/** The bytes that say how long the header is. */
export const NPY_HEAD = 12;
const LONGEST = 2 ** 16;
const HEADER = /^\{ *'descr': *(.+?), *'fortran_order': *(True|False), *'shape': *\(([^()]*)\) *,? *\}\s*$/;
const DESCR = /^'([<>|=])([a-zA-Z])(\d+)'$/;

/** How many bytes a header has, from the first 12 of a file. @throws Error for what is no .npy file */
export function npyHeaderEnd(head: Uint8Array): number {
  if (String.fromCharCode(...head.subarray(0, 6)) !== MAGIC) throw new Error('other bytes than those of a .npy file');
  const version = head[6]!;
  if (version < 1 || version > 3) throw new Error(`version ${version}`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST) throw new Error(`a header of ${length} bytes`);
  return (version === 1 ? 10 : 12) + length;
}

const FORMATS: Readonly<Record<string, NumberFormatName>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
};

/** Reads a header. Nothing of it is run, and arrays of objects, which are pickles, are refused. @throws Error */
export function readNpyHeader(bytes: Uint8Array): NpyHeader {
  const start = npyHeaderEnd(bytes);
  const from = bytes[6] === 1 ? 10 : 12;
  const text = new TextDecoder('latin1').decode(bytes.subarray(from, start));
  const found = HEADER.exec(text);
  if (!found) throw new Error(`the header ${JSON.stringify(text.slice(0, 80))}`);
  const [, descr, fortran, sides] = found as unknown as [string, string, string, string];
  const shape = sides.split(',').filter((side, i, all) => side.trim() !== '' || i < all.length - 1);
  const counts = shape.map((side) => (/^ *\d+ *$/.test(side) ? Number(side) : NaN));
  if (counts.some((side) => !Number.isSafeInteger(side))) throw new Error(`the shape (${sides})`);
  const type = DESCR.exec(descr);
  const kind = type?.[2];
  if (descr.includes('O')) throw new Error('an array of objects (a pickle is never run: save numbers or text)');
  const size = Number(type?.[3]);
  const format = type && FORMATS[`${kind}${size}`];
  const isText = kind === 'U' && size > 0 && size <= 4096;
  if (!format && !isText) throw new Error(`elements ${descr}`);
  return {
    format: format ?? 'text',
    isLittle: type![1] !== '>',
    size: isText ? 4 * size : size,
    shape: counts,
    isFortran: fortran === 'True',
    start,
  };
}
