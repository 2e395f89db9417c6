import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../../core/errors';
import { isPicture, picturePixels, type Picture } from './picture';

/** Numbers as JavaScript keeps them. Bytes are pixels from 0 to 255; all others are what the model takes. */
export type ImageNumbers =
  | Uint8Array
  | Uint8ClampedArray
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint16Array
  | Uint32Array;

/** Images, or one, as numbers with a shape: as loaders, ONNX Runtime and others write it. */
export type ShapedImages =
  | { readonly images: ImageNumbers; readonly shape: readonly number[] }
  | { readonly images: ImageNumbers; readonly dims: readonly number[] }
  | { readonly data: ImageNumbers; readonly shape: readonly number[] }
  | { readonly data: ImageNumbers; readonly dims: readonly number[] };

/** Numbers in lists in lists: rows of columns of channels. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** One image: a tensor [H, W, C], numbers with that shape, or a picture; the first two may hold many, [N, H, W, C]. */
export type ModelImage = tf.Tensor | ShapedImages | Picture;

/** Images for a model: one, or many in one, or a list of them. */
export type ModelImages = ModelImage | readonly ModelImage[] | NestedNumbers;

/** One of the images given; a tensor stays the caller's. */
export interface GivenImage {
  readonly shape: readonly number[];
  readonly numbers: tf.Tensor | ArrayLike<number>;
  /** Bytes, from 0 to 255. */
  readonly isPixels: boolean;
}

/** What was given, as images with a shape. */
export interface GivenImages {
  /** [N, ...]; where sizes may differ, with that of the first. */
  readonly shape: readonly number[];
  readonly isPixels: boolean;
  /** All of them, where they are one tensor; of one image perhaps without N. */
  readonly whole?: tf.Tensor;
  one(at: number): GivenImage | Promise<GivenImage>;
}

/** What a model says of its images. */
export interface Wanted {
  /** With N; images of one rank less are one image. Undefined where nobody knows it. */
  readonly rank: number | undefined;
  /** Of pictures. */
  readonly channels: number;
  /** Whether images of a list may differ in size, as they will be resized. */
  readonly isAnySize: boolean;
  /** Before each picture of many: others may have their turn. */
  ready(): Promise<void>;
}

const KINDS =
  'a tensor, bytes or numbers with a shape ({ images, shape }), a picture, or a list of those (bytes are pixels)';

const typeOf = (value: unknown): string => Object.prototype.toString.call(value).slice('[object '.length, -1);

/** What came, for an error: by its type, where its names say nothing, or are as many as its numbers. */
export const shownGiven = (value: unknown): unknown =>
  value instanceof tf.Tensor ? 'a tensor' : Array.isArray(value) || ArrayBuffer.isView(value) ? typeOf(value) : value;

/** What came, and what to do with it. */
function refusal(where: string, what: string, value: unknown): ArgumentError {
  const { train, test, images, then } = (value ?? {}) as Record<string, unknown>;
  const way = (() => {
    if (typeof then === 'function') return 'await it';
    if (train !== undefined || test !== undefined) return 'pass its .train or .test';
    if (images instanceof tf.Tensor || Array.isArray(images)) return 'pass its .images';
    if (typeof value === 'string') return 'read the file first';
    if (ArrayBuffer.isView(value)) return `pass { data, shape: [N, H, W, C] }`;
    return undefined;
  })();
  const type = value === null ? 'null' : typeOf(value);
  const names = type === 'Object' ? ` { ${Object.keys(value as object).join(', ')} }` : '';
  return new ArgumentError(where, what, way ? `${KINDS}: ${way}` : KINDS, type + names);
}

const isBytes = (numbers: unknown): boolean => ['Uint8Array', 'Uint8ClampedArray'].includes(typeOf(numbers));

/** By names, so that arrays of another frame or of Node's vm are arrays too. */
const isNumbers = (value: unknown): value is ImageNumbers =>
  ArrayBuffer.isView(value) &&
  /^(Uint8|Uint8Clamped|Int8|Uint16|Int16|Uint32|Int32|Float32|Float64)Array$/.test(typeOf(value));

/** Numbers with a shape. */
function readShaped(where: string, what: string, value: object): GivenImage {
  const { images, data = images, dims, shape = dims, type } = value as Record<string, unknown>;
  if (data === undefined || (shape === undefined && !isNumbers(data))) throw refusal(where, what, value);
  if (!isNumbers(data) || type === 'float16') {
    const expected = `${KINDS}; its numbers in a Uint8Array, Float32Array, Float64Array, Int32Array, ...`;
    throw new ArgumentError(where, what, expected, data === null ? 'null' : type === 'float16' ? type : typeOf(data));
  }
  const isShape = Array.isArray(shape) && shape.every((side) => Number.isSafeInteger(side) && side >= 0);
  const size = isShape ? (shape as number[]).reduce((product, side) => product * side, 1) : NaN;
  if (size !== data.length) {
    const received = Array.isArray(shape) ? shape : typeOf(shape);
    throw new ShapeError(where, `shape of ${what}`, `[N, H, W, C] of its ${data.length} numbers`, received);
  }
  return { shape: shape as number[], numbers: data, isPixels: isBytes(data) };
}

/** Lists in lists. @throws ShapeError where their lengths differ */
function readNested(where: string, what: string, value: readonly unknown[]): GivenImage {
  const shape: number[] = [];
  for (let inner: unknown = value; Array.isArray(inner); inner = inner[0] as unknown) shape.push(inner.length);
  const numbers = new Float32Array(shape.reduce((product, side) => product * side, 1));
  let at = 0;
  const read = (inner: unknown, path: string, depth: number): void => {
    if (depth === shape.length && typeof inner === 'number') numbers[at++] = inner;
    else if (depth < shape.length && Array.isArray(inner) && inner.length === shape[depth]) {
      for (let i = 0; i < inner.length; i++) read(inner[i], `${path}[${i}]`, depth + 1);
    } else {
      const wanted = depth < shape.length ? `a list of ${shape[depth]}, as the first` : 'a number, as the first';
      throw new ShapeError(where, path, wanted, Array.isArray(inner) ? `a list of ${inner.length}` : typeOf(inner));
    }
  };
  read(value, what, 0);
  return { shape, numbers: numbers.every(Number.isInteger) ? Int32Array.from(numbers) : numbers, isPixels: false };
}

const isNested = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && (value.length === 0 || typeof value[0] === 'number' || isNested(value[0]));

async function readOne(where: string, what: string, value: unknown, { channels }: Wanted): Promise<GivenImage> {
  if (value instanceof tf.Tensor) {
    if (value.isDisposed) throw new ArgumentError(where, what, 'a tensor that is not disposed of', 'one that is');
    return { shape: value.shape, numbers: value, isPixels: false };
  }
  if (isPicture(value)) {
    if (channels !== 1 && channels !== 3 && channels !== 4) {
      const expected = `numbers with a shape, as the model takes ${channels} channels, which no picture has`;
      throw new ArgumentError(where, what, expected, typeOf(value));
    }
    const { data, height, width } = await picturePixels(where, value, channels);
    return { shape: [height, width, channels], numbers: data, isPixels: true };
  }
  if (isNested(value)) return readNested(where, what, value);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isNumbers(value)) {
    throw refusal(where, what, value);
  }
  return readShaped(where, what, value);
}

/** A list of images, each of whatever kind. */
async function readList(where: string, list: readonly unknown[], wanted: Wanted): Promise<GivenImages> {
  const first = await readOne(where, 'images[0]', list[0], wanted);
  const read = async (at: number): Promise<GivenImage> => {
    const image = at === 0 ? first : await readOne(where, `images[${at}]`, list[at], wanted);
    const isSame = image.shape.length === first.shape.length && image.shape.every((side, i) => side === first.shape[i]);
    if (!isSame && !(wanted.isAnySize && image.shape.length === 3 && image.shape[2] === first.shape[2])) {
      const expected = `[${first.shape.join(', ')}], as images[0] (or all brought to one size by input: { size })`;
      throw new ShapeError(where, `shape of images[${at}]`, expected, image.shape);
    }
    if (image.isPixels === first.isPixels) return image;
    const [bytes, numbers] = ['bytes, which are pixels', 'numbers that the model takes'] as const;
    const [expected, received] = first.isPixels ? [bytes, numbers] : [numbers, bytes];
    throw new ArgumentError(where, `images[${at}]`, `${expected}, as images[0]`, received);
  };
  const shape = [list.length, ...first.shape];
  // Where sizes may differ, pictures may be large: each is read when its turn comes, and not kept.
  if (wanted.isAnySize) return { shape, isPixels: first.isPixels, one: read };
  const all: GivenImage[] = [];
  for (let at = 0; at < list.length; at++) {
    await wanted.ready();
    all.push(await read(at));
  }
  return { shape, isPixels: first.isPixels, one: (at) => all[at]! };
}

/**
 * Images of any kind.
 *
 * @throws ArgumentError naming the type of what is none, and what to pass; ShapeError for numbers that do not fit their
 *   shape, or a list whose sizes differ, naming the index
 */
export async function givenImages(where: string, images: unknown, wanted: Wanted): Promise<GivenImages> {
  if (Array.isArray(images) && !isNested(images)) return readList(where, images, wanted);
  const { shape: own, numbers, isPixels } = await readOne(where, 'images', images, wanted);
  const shape = own.length + 1 === wanted.rank ? [1, ...own] : own;
  if (numbers instanceof tf.Tensor) {
    return { shape, isPixels, whole: numbers, one: () => ({ shape, numbers, isPixels }) };
  }
  const [, ...each] = shape;
  const size = each.reduce((product, side) => product * side, 1);
  const flat = numbers as Float32Array;
  return {
    shape,
    isPixels,
    one: (at) => ({ shape: each, numbers: flat.subarray(at * size, (at + 1) * size), isPixels }),
  };
}
