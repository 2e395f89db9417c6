import { FormatError } from '../errors';
import { inflateChecked, type Inflate } from './inflate';

/** A numeric array of a MATLAB 5 file, first index running fastest. */
export interface MatlabArray {
  shape: number[];
  data: Uint8Array | Float64Array;
}

// Data types of elements and classes of arrays, as the format numbers them.
const [INT8, UINT8, INT16, UINT16, INT32, UINT32, SINGLE, DOUBLE, MATRIX, COMPRESSED] = [
  1, 2, 3, 4, 5, 6, 7, 9, 14, 15,
];
const [FIRST_NUMERIC_CLASS, LAST_NUMERIC_CLASS, UINT8_CLASS] = [6, 15, 9];
const COMPLEX_FLAG = 0x0800;

const NUMBERS: Readonly<
  Record<
    number,
    {
      bytes: number;
      get: 'getInt8' | 'getUint8' | 'getInt16' | 'getUint16' | 'getInt32' | 'getUint32' | 'getFloat32' | 'getFloat64';
    }
  >
> = {
  [INT8]: { bytes: 1, get: 'getInt8' },
  [UINT8]: { bytes: 1, get: 'getUint8' },
  [INT16]: { bytes: 2, get: 'getInt16' },
  [UINT16]: { bytes: 2, get: 'getUint16' },
  [INT32]: { bytes: 4, get: 'getInt32' },
  [UINT32]: { bytes: 4, get: 'getUint32' },
  [SINGLE]: { bytes: 4, get: 'getFloat32' },
  [DOUBLE]: { bytes: 8, get: 'getFloat64' },
};

interface Element {
  type: number;
  /** Where its data begin and end in `view`. */
  start: number;
  end: number;
  /** Where the next element begins. */
  next: number;
}

/** Largest array that is read: SVHN's extra set has 1.6e9 bytes. */
const LARGEST_ARRAY = 2 ** 31;
const LARGEST_RATIO = 1032; // of deflate

/**
 * Reads the numeric arrays of a MATLAB 5 file (version 7 too, which compresses them), and refuses everything else. Sizes
 * are checked against the bytes there are before anything is allocated.
 *
 * Format: MathWorks, "MAT-File Format", version 5.
 */
export async function readMatlab(
  where: string,
  bytes: Uint8Array,
  file: string,
  inflate: Inflate,
): Promise<Map<string, MatlabArray>> {
  const refuse = (expected: string, received: string, offset: number): never => {
    throw new FormatError({ where, what: file, expected, received }, offset);
  };
  if (bytes.length < 128) refuse('a MATLAB 5 header of 128 bytes', `${bytes.length} bytes`, 0);
  const isHdf5 = bytes[0] === 0x89 || String.fromCharCode(...bytes.subarray(0, 10)) === 'MATLAB 7.3';
  if (isHdf5) refuse("a MATLAB 5 file (save(..., '-v7') writes one)", 'version 7.3, which is HDF5', 0);
  const order = String.fromCharCode(bytes[126]!, bytes[127]!);
  if (order !== 'IM' && order !== 'MI') refuse('the byte order IM or MI', JSON.stringify(order), 126);
  const isLittle = order === 'IM';

  const viewOf = (part: Uint8Array) => new DataView(part.buffer, part.byteOffset, part.byteLength);
  /** The element at `offset`; `base` turns offsets of an inflated block into one that can be reported. */
  const elementAt = (view: DataView, offset: number, end: number, base: number): Element => {
    if (offset + 8 > end) return refuse('an element header of 8 bytes', `${end - offset} bytes`, base + offset);
    const first = view.getUint32(offset, isLittle);
    const isSmall = first >>> 16 !== 0; // up to four bytes of data within the header
    const [type, size] = isSmall ? [first & 0xffff, first >>> 16] : [first, view.getUint32(offset + 4, isLittle)];
    const start = offset + (isSmall ? 4 : 8);
    if (isSmall && size > 4) return refuse('at most 4 bytes in a small element', String(size), base + offset);
    if (size > end - start) return refuse(`an element of ${size} bytes`, `${end - start} bytes`, base + offset);
    const padded = isSmall ? offset + 8 : start + size + (type === COMPRESSED ? 0 : (8 - (size % 8)) % 8);
    return { type, start, end: start + size, next: Math.min(padded, end) };
  };

  const arrays = new Map<string, MatlabArray>();
  const readMatrix = (view: DataView, { start, end }: Element, base: number): void => {
    const flags = elementAt(view, start, end, base);
    if (flags.type !== UINT32 || flags.end - flags.start !== 8) {
      return refuse('array flags', `type ${flags.type}`, base + start);
    }
    const word = view.getUint32(flags.start, isLittle);
    const arrayClass = word & 0xff;
    const sides = elementAt(view, flags.next, end, base);
    const rank = (sides.end - sides.start) / 4;
    if (sides.type !== INT32 || !Number.isInteger(rank) || rank < 2 || rank > 8) {
      return refuse('2 to 8 dimensions', `type ${sides.type} of ${sides.end - sides.start} bytes`, base + flags.next);
    }
    const shape = Array.from({ length: rank }, (_, i) => view.getInt32(sides.start + 4 * i, isLittle));
    const name = elementAt(view, sides.next, end, base);
    if (name.type !== INT8 && name.type !== UINT8) return refuse('a name', `type ${name.type}`, base + sides.next);
    const text = String.fromCharCode(
      ...new Uint8Array(view.buffer, view.byteOffset + name.start, Math.min(name.end - name.start, 64)),
    );
    if (arrayClass < FIRST_NUMERIC_CLASS || arrayClass > LAST_NUMERIC_CLASS || word & COMPLEX_FLAG) {
      return refuse(`a real numeric array for ${text}`, `class ${arrayClass}`, base + start);
    }
    const values = elementAt(view, name.next, end, base);
    const number = NUMBERS[values.type] ?? refuse(`numbers for ${text}`, `type ${values.type}`, base + name.next);
    const count = shape.reduce((product, side) => (side < 0 ? NaN : product * side), 1);
    if (count * number.bytes !== values.end - values.start) {
      const expected = `${count * number.bytes} bytes for ${text} [${shape.join(', ')}]`;
      return refuse(expected, String(values.end - values.start), base + name.next);
    }
    if (arrays.has(text)) return refuse('each array once', `${text} twice`, base + start);
    const isBytes = values.type === UINT8 && arrayClass === UINT8_CLASS;
    const data = isBytes
      ? new Uint8Array(view.buffer, view.byteOffset + values.start, count) // no copy: it can be hundreds of MB
      : Float64Array.from({ length: count }, (_, i) => view[number.get](values.start + i * number.bytes, isLittle));
    arrays.set(text, { shape, data });
  };

  const view = viewOf(bytes);
  let offset = 128;
  while (offset < bytes.length) {
    const element = elementAt(view, offset, bytes.length, 0);
    if (element.type === COMPRESSED) {
      const packed = bytes.subarray(element.start, element.end);
      const limit = Math.min(packed.length * LARGEST_RATIO, LARGEST_ARRAY);
      const inflated = await inflateChecked(inflate, packed, 'zlib', limit, { where, file, offset });
      const inner = elementAt(viewOf(inflated), 0, inflated.length, offset);
      if (inner.type !== MATRIX) refuse('a compressed array', `type ${inner.type}`, offset);
      readMatrix(viewOf(inflated), inner, offset);
    } else if (element.type === MATRIX) {
      readMatrix(view, element, 0);
    } else refuse('an array', `an element of type ${element.type}`, offset);
    offset = element.next;
  }
  return arrays;
}
