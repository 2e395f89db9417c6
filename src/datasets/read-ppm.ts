import { BYTES, check } from '../core/check';
import { readOptions } from '../core/read-options';
import { READ_OPTIONS, type ReadOptions } from './reader-options';
import { refuseFile } from './refuse-file';

/** Pixels of one image: [height, width, 3]. */
export interface PpmImage {
  data: Uint8Array;
  height: number;
  width: number;
}

const LARGEST_SIDE = 65_535;

/**
 * Reads one image in the binary PPM format (`P6`, a byte a color), as the German Traffic Sign Recognition Benchmark has
 * them.
 *
 * Source: http://netpbm.sourceforge.net/doc/ppm.html
 *
 * @param bytes the file
 * @returns pixels [height, width, 3], red, green, blue
 * @throws FormatError for another format, more than 8 bits a color, an impossible size, or too few bytes
 * @example
 * readPpm(new TextEncoder().encode('P6 1 1 255\nabc')); // { data: [97, 98, 99], height: 1, width: 1 }
 */
export function readPpm(bytes: Uint8Array, options: ReadOptions = {}): PpmImage {
  check('readPpm', 'bytes', bytes, BYTES);
  const refuse = refuseFile('readPpm', readOptions('readPpm', options, READ_OPTIONS).file);
  if (bytes[0] !== 0x50 || bytes[1] !== 0x36) refuse('a binary PPM image (P6)', 'another kind of file', 0);
  let at = 2;
  const isSpace = (byte: number | undefined) => byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);
  const number = (what: string, largest: number): number => {
    const start = at;
    // White space, and comments to the end of their line.
    while (isSpace(bytes[at]) || bytes[at] === 0x23) {
      if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 10) at++;
      else at++;
    }
    if (at === start) refuse(`white space before the ${what}`, 'none', at);
    const first = at;
    let value = 0;
    while (at < first + 6 && bytes[at] !== undefined && bytes[at]! >= 48 && bytes[at]! <= 57)
      value = 10 * value + bytes[at++]! - 48;
    if (at === first) refuse(`the ${what}`, at < bytes.length ? 'no number' : 'the end of the file', at);
    if (value < 1 || value > largest) refuse(`a ${what} from 1 to ${largest}`, String(value), first);
    return value;
  };
  const width = number('width', LARGEST_SIDE);
  const height = number('height', LARGEST_SIDE);
  const most = number('largest value', 255);
  if (most !== 255) refuse('colors from 0 to 255', `0 to ${most}`, at);
  if (!isSpace(bytes[at])) refuse('one white space before the pixels', 'none', at);
  at++;
  const size = 3 * width * height;
  if (bytes.length - at !== size) refuse(`${size} bytes of pixels`, `${bytes.length - at}`, at);
  return { data: new Uint8Array(bytes.subarray(at)), height, width };
}
