import { ShapeError } from './errors';

/** Images as they are in files: 0 to 255. */
export interface ImageSet {
  /** [N, H, W, C], image by image, row by row. */
  images: Uint8Array;
  shape: readonly [count: number, height: number, width: number, channels: number];
}

/** Images and the class index of each. */
export interface LabeledImages extends ImageSet {
  /** [N] */
  labels: Int32Array;
}

/** Options of every reader. */
export interface ReadOptions {
  /** Name of the file, for the error messages. */
  file?: string;
}

/**
 * One set of several, in their order.
 *
 * @throws ShapeError for none, for images of different sizes, and for arrays that are not as long as their shape says
 * @example
 * const train = concatImages([readCifar10(first), readCifar10(second)]);
 */
export function concatImages(sets: readonly LabeledImages[]): LabeledImages {
  const where = 'concatImages';
  const [first] = sets;
  if (!first) throw new ShapeError({ where, what: 'sets', expected: 'at least one', received: 'none' });
  const [, height, width, channels] = first.shape;
  let count = 0;
  sets.forEach(({ images, labels, shape }, i) => {
    if (shape[1] !== height || shape[2] !== width || shape[3] !== channels) {
      const expected = `images of [${height}, ${width}, ${channels}], as the first`;
      throw new ShapeError({ where, what: `sets[${i}]`, expected, received: `[${shape.slice(1).join(', ')}]` });
    }
    const size = shape[0] * height * width * channels;
    if (images.length !== size || labels.length !== shape[0]) {
      const expected = `${size} bytes and ${shape[0]} labels, as its shape says`;
      throw new ShapeError({ where, what: `sets[${i}]`, expected, received: `${images.length} and ${labels.length}` });
    }
    count += shape[0];
  });
  const images = new Uint8Array(count * height * width * channels);
  const labels = new Int32Array(count);
  let done = 0;
  for (const set of sets) {
    images.set(set.images, done * height * width * channels);
    labels.set(set.labels, done);
    done += set.shape[0];
  }
  return { images, shape: [count, height, width, channels], labels };
}

/** One image of color planes (R, then G, then B) as pixels. */
export function planesToPixels(planes: Uint8Array, from: number, pixels: Uint8Array, to: number, area: number): void {
  for (let p = 0; p < area; p++) {
    pixels[to + 3 * p] = planes[from + p]!;
    pixels[to + 3 * p + 1] = planes[from + area + p]!;
    pixels[to + 3 * p + 2] = planes[from + 2 * area + p]!;
  }
}
