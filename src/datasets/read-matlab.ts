import { inflateChecked, inflateHead, plausibleSize, type Inflate } from './inflate';
import { elementData, MATLAB_TYPES, matlabElement, refuseBlock, type MatlabBlock } from './matlab-elements';
import { refuseFile } from './refuse-file';

/** A numeric array of a MATLAB 5 file, first index running fastest. Its data are not read yet. */
export interface MatlabArray {
  name: string;
  /** What the array is in MATLAB; {@link UINT8_CLASS} for one. */
  arrayClass: number;
  shape: number[];
  /** Numbers in it. */
  count: number;
  /** How its numbers are stored, which can be narrower than its class. */
  type: number;
  /** Byte of the file at which the array, or the compressed block with it, begins. */
  offset: number;
  /** The bytes of its numbers; `isOwn` where they are nobody else's. */
  load(): Promise<{ raw: Uint8Array; isOwn: boolean }>;
  /** What {@link load} gave, as numbers. */
  numbers(raw: Uint8Array): Float64Array;
}

type Read = (view: DataView, at: number, isLittle: boolean) => number;

/** Data types of numbers: their bytes and how to read one. */
const NUMBERS: Readonly<Record<number, readonly [bytes: number, read: Read]>> = {
  [MATLAB_TYPES.int8]: [1, (view, at) => view.getInt8(at)],
  [MATLAB_TYPES.uint8]: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, isLittle) => view.getInt16(at, isLittle)],
  4: [2, (view, at, isLittle) => view.getUint16(at, isLittle)],
  [MATLAB_TYPES.int32]: [4, (view, at, isLittle) => view.getInt32(at, isLittle)],
  [MATLAB_TYPES.uint32]: [4, (view, at, isLittle) => view.getUint32(at, isLittle)],
  7: [4, (view, at, isLittle) => view.getFloat32(at, isLittle)],
  9: [8, (view, at, isLittle) => view.getFloat64(at, isLittle)],
  12: [8, (view, at, isLittle) => Number(view.getBigInt64(at, isLittle))], // what SciPy writes for Python's integers
  13: [8, (view, at, isLittle) => Number(view.getBigUint64(at, isLittle))],
};

/** MATLAB's classes of numeric arrays by number. */
export const CLASS_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  ['double', 'single', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'].map((n, i) => [
    i + 6,
    n,
  ]),
);
export const UINT8_CLASS = 9;
const OPAQUE_CLASS = 17;
const COMPLEX_FLAG = 0x0800;
const LONGEST_NAME = 63;
/** Enough for the headers of an array with 8 dimensions and the longest name. */
const HEAD = 256;

/** Reads the headers of the array at `start`, and checks that they fit each other; undefined for one not `wanted`. */
function arrayHeader(block: MatlabBlock, start: number, end: number, wanted: readonly string[]) {
  const { isLittle } = block;
  const flags = matlabElement(block, start, end);
  if (flags.type !== MATLAB_TYPES.uint32 || flags.end - flags.start !== 8) {
    return refuseBlock(block, start, 'array flags', `type ${flags.type} of ${flags.end - flags.start} bytes`);
  }
  const word = elementData(block, flags).getUint32(0, isLittle);
  const arrayClass = word & 0xff;
  const sides = matlabElement(block, flags.next, end);
  // Objects of MATLAB's newer classes (tables, strings) have no dimensions before their name.
  const nameStart = arrayClass === OPAQUE_CLASS ? flags.next : sides.next;
  const nameAt = matlabElement(block, nameStart, end);
  const length = nameAt.end - nameAt.start;
  if ((nameAt.type !== MATLAB_TYPES.int8 && nameAt.type !== MATLAB_TYPES.uint8) || length > LONGEST_NAME) {
    const expected = `a name of at most ${LONGEST_NAME} bytes`;
    return refuseBlock(block, nameStart, expected, `type ${nameAt.type} of ${length} bytes`);
  }
  const nameData = elementData(block, nameAt);
  const name = String.fromCharCode(...Array.from({ length }, (_, i) => nameData.getUint8(i)));
  if (!wanted.includes(name)) return undefined; // whatever it is
  if (!(arrayClass in CLASS_NAMES) || word & COMPLEX_FLAG) {
    const received = word & COMPLEX_FLAG ? 'a complex one' : `class ${arrayClass}`;
    return refuseBlock(block, start, `${name} to be a real numeric array`, received);
  }
  const rank = (sides.end - sides.start) / 4;
  if (sides.type !== MATLAB_TYPES.int32 || !Number.isInteger(rank) || rank < 2 || rank > 8) {
    return refuseBlock(block, flags.next, '2 to 8 dimensions', `type ${sides.type} of ${4 * rank} bytes`);
  }
  const sideData = elementData(block, sides);
  const shape = Array.from({ length: rank }, (_, i) => sideData.getInt32(4 * i, isLittle));
  if (shape.some((side) => side < 0)) {
    return refuseBlock(block, sides.start, 'dimensions of 0 or more', `[${shape.join(', ')}]`);
  }
  const values = matlabElement(block, nameAt.next, end);
  const [bytes] = NUMBERS[values.type] ?? refuseBlock(block, nameAt.next, 'numbers', `type ${values.type}`);
  const count = shape.reduce((product, side) => product * side, 1);
  if (count * bytes !== values.end - values.start) {
    const expected = `${count * bytes} bytes for ${name} [${shape.join(', ')}]`;
    return refuseBlock(block, nameAt.next, expected, String(values.end - values.start));
  }
  return { name, arrayClass, shape, count, type: values.type, start: values.start, end: values.end };
}

/** Reads `count` numbers of a type of {@link NUMBERS}. */
function toNumbers(raw: Uint8Array, type: number, count: number, isLittle: boolean): Float64Array {
  const [bytes, read] = NUMBERS[type]!;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Float64Array.from({ length: count }, (_, i) => read(view, i * bytes, isLittle));
}

/**
 * Lists the numeric arrays of a MATLAB 5 file (version 7 too, which compresses them) that are wanted by name. Other
 * variables may be of any kind: cells, structures, text. Of a compressed array only the head is inflated; its `load`
 * inflates the rest, and no more than its sizes say.
 *
 * Format: MathWorks, "MAT-File Format", version 5.
 */
export async function readMatlab(
  where: string,
  bytes: Uint8Array,
  file: string,
  inflate: Inflate,
  wanted: readonly string[],
): Promise<Map<string, MatlabArray>> {
  const refuse = refuseFile(where, file);
  if (bytes.length < 128) refuse('a MATLAB 5 header of 128 bytes', `${bytes.length} bytes`, 0);
  const isHdf5 = bytes[0] === 0x89 || String.fromCharCode(...bytes.subarray(0, 10)) === 'MATLAB 7.3';
  if (isHdf5) refuse("a MATLAB 5 file (save(..., '-v7') writes one)", 'version 7.3, which is HDF5', 0);
  const order = String.fromCharCode(bytes[126]!, bytes[127]!);
  if (order !== 'IM' && order !== 'MI') refuse('the byte order IM or MI', JSON.stringify(order), 126);
  const isLittle = order === 'IM';
  const whole: MatlabBlock = {
    where,
    file,
    isLittle,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  };
  const version = whole.view.getUint16(124, isLittle);
  if (version !== 0x0100) refuse('version 0x100', `0x${version.toString(16)}`, 124);

  const arrays = new Map<string, MatlabArray>();
  const add = (header: NonNullable<ReturnType<typeof arrayHeader>>, offset: number, load: MatlabArray['load']) => {
    const { name, arrayClass, shape, count, type } = header;
    if (arrays.has(name)) refuse('each array once', `${name} twice`, offset);
    const numbers = (raw: Uint8Array) => toNumbers(raw, type, count, isLittle);
    arrays.set(name, { name, arrayClass, shape, count, type, offset, load, numbers });
  };
  const addPacked = async (packed: Uint8Array, offset: number) => {
    const place = { where, file, offset };
    const head = await inflateHead(packed, 'zlib', HEAD, place);
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const block: MatlabBlock = { ...whole, view, packedAt: offset };
    const inner = matlabElement(block, 0, Infinity);
    const most = plausibleSize(packed.length);
    if (inner.type !== MATLAB_TYPES.matrix) refuseBlock(block, 0, 'a compressed array', `type ${inner.type}`);
    if (inner.end > most) refuseBlock(block, 0, `an array of at most ${most} bytes`, String(inner.end));
    const header = arrayHeader(block, inner.start, inner.end, wanted);
    if (!header) return;
    add(header, offset, async () => {
      const inflated = await inflateChecked(inflate, packed, 'zlib', inner.end, place);
      if (inflated.length !== inner.end) {
        refuse(`a compressed block of ${inner.end} bytes`, String(inflated.length), offset);
      }
      return { raw: inflated.subarray(header.start, header.end), isOwn: true };
    });
  };

  let offset = 128;
  while (offset < bytes.length) {
    const element = matlabElement(whole, offset, bytes.length);
    if (element.type === MATLAB_TYPES.compressed) {
      await addPacked(bytes.subarray(element.start, element.end), offset);
    } else if (element.type === MATLAB_TYPES.matrix) {
      const header = arrayHeader(whole, element.start, element.end, wanted);
      const raw = header && bytes.subarray(header.start, header.end);
      if (raw) add(header, offset, () => Promise.resolve({ raw, isOwn: false }));
    } else refuse('an array', `an element of type ${element.type}`, offset);
    offset = element.next;
  }
  return arrays;
}
