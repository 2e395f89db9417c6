import { check, type Rule } from '../core/check';
import { ShapeError } from '../core/errors';
import type { LabeledImages } from '../core/images';

const SETS: Rule = {
  expected: 'a list of { images, shape, labels }',
  holds: (value: unknown) =>
    Array.isArray(value) &&
    value.every((set: Partial<LabeledImages> | undefined) => set?.images && set.labels && Array.isArray(set.shape)),
};

/**
 * One set of several, in their order.
 *
 * @throws ShapeError for none, for images of different sizes, and for arrays that are not as long as their shape says
 * @example
 * const train = concatImages([readCifar10(first), readCifar10(second)]);
 */
export function concatImages(sets: readonly LabeledImages[]): LabeledImages {
  const where = 'concatImages';
  check(where, 'sets', sets, SETS);
  const [first] = sets;
  if (!first) throw new ShapeError(where, 'sets', 'at least one', 'none');
  const [, height, width, channels] = first.shape;
  let count = 0;
  sets.forEach(({ images, labels, shape }, i) => {
    if (shape[1] !== height || shape[2] !== width || shape[3] !== channels) {
      const expected = `images of [${height}, ${width}, ${channels}], as the first`;
      throw new ShapeError(where, `sets[${i}]`, expected, `[${shape.slice(1).join(', ')}]`);
    }
    const size = shape[0] * height * width * channels;
    if (images.length !== size || labels.length !== shape[0]) {
      const expected = `${size} bytes and ${shape[0]} labels, as its shape says`;
      throw new ShapeError(where, `sets[${i}]`, expected, `${images.length} and ${labels.length}`);
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
