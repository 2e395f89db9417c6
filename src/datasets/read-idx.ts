import { FormatError } from '../errors';
import type { LabelledImages, ReadOptions } from './images';
import { inflateChecked, streamInflate, type Inflate } from './inflate';

/** Options of readers of files that may be compressed. */
export interface InflateOptions extends ReadOptions {
  /** What inflates; default: `DecompressionStream`. */
  inflate?: Inflate;
}

/** An array from an IDX file. */
export interface IdxArray {
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
  shape: number[];
}

const TYPES: Readonly<Record<number, { bytes: number; read: (bytes: DataView, count: number) => IdxArray['data'] }>> = {
  0x08: { bytes: 1, read: (view, n) => Uint8Array.from({ length: n }, (_, i) => view.getUint8(i)) },
  0x09: { bytes: 1, read: (view, n) => Int8Array.from({ length: n }, (_, i) => view.getInt8(i)) },
  0x0b: { bytes: 2, read: (view, n) => Int16Array.from({ length: n }, (_, i) => view.getInt16(2 * i)) },
  0x0c: { bytes: 4, read: (view, n) => Int32Array.from({ length: n }, (_, i) => view.getInt32(4 * i)) },
  0x0d: { bytes: 4, read: (view, n) => Float32Array.from({ length: n }, (_, i) => view.getFloat32(4 * i)) },
  0x0e: { bytes: 8, read: (view, n) => Float64Array.from({ length: n }, (_, i) => view.getFloat64(8 * i)) },
};

/** Deflate makes at most 1032 bytes of one. */
const LARGEST_RATIO = 1032;
const LARGEST_INFLATED = 2 ** 31;

/**
 * Reads an IDX file (MNIST's format), gzip or not.
 *
 * Format: http://yann.lecun.com/exdb/mnist: two zero bytes, the type, the rank, big-endian sizes, big-endian data.
 *
 * @throws FormatError for another magic number, an unknown type, or a size that does not fit the header
 * @example
 * const { data, shape } = await readIdx(await readFile('t10k-images-idx3-ubyte.gz'));
 */
export async function readIdx(bytes: Uint8Array, options: InflateOptions = {}): Promise<IdxArray> {
  const { file = 'bytes', inflate = streamInflate } = options;
  const where = 'readIdx';
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const limit = Math.min(bytes.length * LARGEST_RATIO, LARGEST_INFLATED);
  const raw = isGzip ? await inflateChecked(inflate, bytes, 'gzip', limit, { where, file, offset: 0 }) : bytes;
  const refuse = (expected: string, received: string, offset: number): never => {
    throw new FormatError({ where, what: file, expected, received }, offset);
  };
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (raw.length < 4) refuse('a header of 4 bytes or more', `${raw.length} bytes`, 0);
  if (view.getUint16(0) !== 0) refuse('two zero bytes', `0x${view.getUint16(0).toString(16)}`, 0);
  const type = TYPES[raw[2]!] ?? refuse('a type of IDX (0x08 to 0x0e)', `0x${raw[2]!.toString(16)}`, 2);
  const rank = raw[3]!;
  const start = 4 + 4 * rank;
  if (rank === 0 || raw.length < start) refuse(`${rank} sizes, one or more`, `${raw.length} bytes`, 3);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const count = shape.reduce((product, side) => product * side, 1);
  if (count * type.bytes !== raw.length - start) {
    refuse(`${count * type.bytes} bytes of data for [${shape.join(', ')}]`, String(raw.length - start), start);
  }
  const data = raw.subarray(start);
  if (raw[2] === 0x08) return { data: Uint8Array.from(data), shape };
  return { data: type.read(new DataView(data.buffer, data.byteOffset, data.byteLength), count), shape };
}

/**
 * Reads images and labels of MNIST, Fashion-MNIST and other sets in their format.
 *
 * @returns images [N, H, W, 1], labels [N]
 * @throws FormatError as {@link readIdx}, and for files that are no images or labels, or not of the same length
 * @example
 * const test = await readMnist(await readFile('t10k-images-idx3-ubyte.gz'), await readFile('t10k-labels-idx1-ubyte.gz'));
 */
export async function readMnist(
  imageBytes: Uint8Array,
  labelBytes: Uint8Array,
  options: InflateOptions = {},
): Promise<LabelledImages> {
  const { file = 'bytes' } = options;
  const images = await readIdx(imageBytes, { ...options, file: `${file} (images)` });
  const labels = await readIdx(labelBytes, { ...options, file: `${file} (labels)` });
  const [count, height, width] = images.shape;
  const fits =
    images.data instanceof Uint8Array &&
    images.shape.length === 3 &&
    labels.data instanceof Uint8Array &&
    labels.shape.length === 1 &&
    labels.shape[0] === count;
  if (!fits) {
    const received = `[${images.shape.join(', ')}] and [${labels.shape.join(', ')}]`;
    const expected = 'uint8 images [N, H, W] and labels [N]';
    throw new FormatError({ where: 'readMnist', what: file, expected, received }, 4);
  }
  return {
    images: images.data as Uint8Array,
    shape: [count!, height!, width!, 1],
    labels: Int32Array.from(labels.data),
  };
}
