import { BYTES, check, COUNT } from '../core/check';
import type { LabeledImages } from '../core/images';
import { readOptions, type Declared } from '../core/read-options';
import { inflateChecked, inflateHead, plausibleSize } from './inflate';
import { INFLATE_OPTIONS, type InflateOptions } from './reader-options';
import { refuseFile, type RefuseFile } from './refuse-file';

/** An array from an IDX file. */
export interface IdxArray {
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
  shape: number[];
}

type Getter = 'getUint8' | 'getInt8' | 'getInt16' | 'getInt32' | 'getFloat32' | 'getFloat64';

const UINT8 = 0x08;
const TYPES: Readonly<Record<number, { bytes: number; make: (count: number) => IdxArray['data']; get: Getter }>> = {
  [UINT8]: { bytes: 1, make: (count) => new Uint8Array(count), get: 'getUint8' },
  0x09: { bytes: 1, make: (count) => new Int8Array(count), get: 'getInt8' },
  0x0b: { bytes: 2, make: (count) => new Int16Array(count), get: 'getInt16' },
  0x0c: { bytes: 4, make: (count) => new Int32Array(count), get: 'getInt32' },
  0x0d: { bytes: 4, make: (count) => new Float32Array(count), get: 'getFloat32' },
  0x0e: { bytes: 8, make: (count) => new Float64Array(count), get: 'getFloat64' },
};
const LONGEST_HEADER = 4 + 4 * 255;

/** Header of an IDX file: its first bytes are enough. */
function idxHeader(head: Uint8Array, refuse: RefuseFile) {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 4) return refuse('a header of 4 bytes or more', `${head.length} bytes`, 0);
  if (view.getUint16(0) !== 0) return refuse('two zero bytes', `0x${view.getUint16(0).toString(16)}`, 0);
  const type = TYPES[head[2]!] ?? refuse('a type of IDX (0x08 to 0x0e)', `0x${head[2]!.toString(16)}`, 2);
  const rank = head[3]!;
  const start = 4 + 4 * rank;
  if (rank === 0 || head.length < start) return refuse(`${rank || 'some'} sizes`, `${head.length} bytes`, 3);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const count = shape.reduce((product, side) => product * side, 1);
  return { isBytes: head[2] === UINT8, type, shape, start, count, size: count * type.bytes };
}

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
  check('readIdx', 'bytes', bytes, BYTES);
  const where = 'readIdx';
  const { file, inflate } = readOptions(where, options, INFLATE_OPTIONS);
  const refuse = refuseFile(where, file);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const place = { where, file, offset: 0 };
  const head = isGzip ? await inflateHead(bytes, 'gzip', LONGEST_HEADER, place) : bytes;
  const { isBytes, type, shape, start, count, size } = idxHeader(head, refuse);
  const expected = `${size} bytes of data for [${shape.join(', ')}]`;
  // What the header declares is the limit of what may be inflated, and must itself be possible.
  const limit = start + size;
  if (isGzip && !(limit <= plausibleSize(bytes.length))) refuse(expected, `${bytes.length} bytes of gzip`, 4);
  const raw = isGzip ? await inflateChecked(inflate, bytes, 'gzip', limit, place) : bytes;
  if (size !== raw.length - start) refuse(expected, String(raw.length - start), start);
  if (isBytes) {
    // A copy where the bytes are the caller's; not by `slice`, which of a Node Buffer is a view.
    const data = isGzip
      ? new Uint8Array(raw.buffer, raw.byteOffset + start, size)
      : new Uint8Array(raw.subarray(start));
    return { data, shape };
  }
  const view = new DataView(raw.buffer, raw.byteOffset + start, size);
  const data = type.make(count);
  for (let i = 0; i < count; i++) data[i] = view[type.get](i * type.bytes);
  return { data, shape };
}

type MnistOptions = InflateOptions & { classes?: number };

const MNIST_OPTIONS = { ...INFLATE_OPTIONS, classes: [COUNT, 10] } as const satisfies Declared<MnistOptions>;

/**
 * Reads images and labels of MNIST, Fashion-MNIST and other sets in their format.
 *
 * @param options `classes`: labels are below it; default 10. Of EMNIST `balanced` and `bymerge` have 47, `byclass` 62;
 *   the labels of `letters` begin at 1, which takes 27
 * @returns images [N, H, W, 1], which is [N, 28, 28, 1] for MNIST; labels [N]
 * @throws FormatError as {@link readIdx}, for files that are no images or labels, or not of the same length, and for a
 *   label out of range
 * @example
 * const bytes = await readFile('t10k-images-idx3-ubyte.gz');
 * const test = await readMnist(bytes, await readFile('t10k-labels-idx1-ubyte.gz'));
 */
export async function readMnist(
  imageBytes: Uint8Array,
  labelBytes: Uint8Array,
  options: InflateOptions & { classes?: number } = {},
): Promise<LabeledImages> {
  const { file, classes, inflate } = readOptions('readMnist', options, MNIST_OPTIONS);
  check('readMnist', 'imageBytes', imageBytes, BYTES);
  check('readMnist', 'labelBytes', labelBytes, BYTES);
  const images = await readIdx(imageBytes, { inflate, file: `${file} (images)` });
  const labels = await readIdx(labelBytes, { inflate, file: `${file} (labels)` });
  const refuse = refuseFile('readMnist', file);
  const [count, height, width] = images.shape;
  const fits =
    images.data instanceof Uint8Array &&
    images.data.length > 0 &&
    images.shape.length === 3 &&
    labels.data instanceof Uint8Array &&
    labels.shape.length === 1 &&
    labels.shape[0] === count;
  if (!fits) {
    return refuse(
      'uint8 images [N, H, W], one or more, and labels [N]',
      `${images.data.constructor.name} [${images.shape.join(', ')}] and ` +
        `${labels.data.constructor.name} [${labels.shape.join(', ')}]`,
      4,
    );
  }
  const wrong = labels.data.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    const all = labels.data as Uint8Array;
    const [least, most] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
    const begin = least === 1 ? ", which begin at 1 as those of EMNIST's letters" : '';
    const expected = `of ${classes} classes (give the option classes: ${most + 1} would hold these labels${begin})`;
    const range = `with labels from 0 to ${classes - 1}`;
    refuse(`${expected}, ${range}`, `${all[wrong]} at index ${wrong}`, 8 + wrong);
  }
  return {
    images: images.data as Uint8Array,
    shape: [count!, height!, width!, 1],
    labels: Int32Array.from(labels.data),
  };
}
