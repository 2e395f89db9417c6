import { FormatError } from '../core/errors';

/** Bytes of a MATLAB 5 file, or the first ones of a compressed block in it. */
export interface MatlabBlock {
  where: string;
  file: string;
  view: DataView;
  isLittle: boolean;
  /** For a compressed block the byte of the file at which it begins. */
  packedAt?: number;
}

/** A data element: where its data begin and end, and where the next element begins. */
export interface MatlabElement {
  type: number;
  start: number;
  end: number;
  next: number;
}

/** The data types of elements that matter here, as the format numbers them. */
export const MATLAB_TYPES = { int8: 1, uint8: 2, int32: 5, uint32: 6, matrix: 14, compressed: 15 } as const;

/** Throws for the byte `at` of the block. */
export function refuseBlock(block: MatlabBlock, at: number, expected: string, received: string): never {
  const { where, file: what, packedAt } = block;
  if (packedAt === undefined) throw new FormatError(where, what, expected, received, at);
  const place = `${received}, ${at} bytes into the compressed block`;
  throw new FormatError(where, what, expected, place, packedAt);
}

/**
 * The element at `at`, whose data must end before `end`. Of a compressed block only the head is there; `end` is then
 * what the block declares, and only the element's header must lie within the head.
 */
export function matlabElement(block: MatlabBlock, at: number, end: number): MatlabElement {
  const { view, isLittle } = block;
  const there = Math.min(end, view.byteLength);
  if (at + 8 > there) {
    return refuseBlock(block, at, 'an element header of 8 bytes', `${Math.max(0, there - at)} bytes`);
  }
  const first = view.getUint32(at, isLittle);
  const isSmall = first >>> 16 !== 0; // up to four bytes of data within the header
  const [type, size] = isSmall ? [first & 0xffff, first >>> 16] : [first, view.getUint32(at + 4, isLittle)];
  if (isSmall && size > 4) return refuseBlock(block, at, 'at most 4 bytes in a small element', String(size));
  const start = at + (isSmall ? 4 : 8);
  if (size > end - start) return refuseBlock(block, at, `an element of ${size} bytes`, `${end - start} bytes`);
  const padding = type === MATLAB_TYPES.compressed ? 0 : (8 - (size % 8)) % 8;
  return { type, start, end: start + size, next: isSmall ? at + 8 : Math.min(start + size + padding, end) };
}

/** The data of an element that must be there. */
export function elementData(block: MatlabBlock, { start, end }: MatlabElement): DataView {
  const { view } = block;
  if (end > view.byteLength) refuseBlock(block, start, `${end - start} bytes`, `${view.byteLength - start}`);
  return new DataView(view.buffer, view.byteOffset + start, end - start);
}
