import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { seededRandom } from 'tfjs-ood';

const [ROWS, CLASSES, SIZE, SIDE] = [90, 3, 6, 16];

/** Class of each row: 0, 1, 2, 0, 1, ... */
export const labelsOf = (rows: number) => Int32Array.from({ length: rows }, (_, i) => i % CLASSES);

/** Rows of three groups, non-negative as after a ReLU; `away` moves them all. */
export function rows(count = ROWS, size = SIZE, seed = 1, away = 0) {
  const random = seededRandom(seed, count, size);
  const data = Float32Array.from({ length: count * size }, (_, at) => {
    const [row, column] = [Math.floor(at / size), at % size];
    return Math.abs((row % CLASSES === column % CLASSES ? 3 : 0.5) + 0.5 * random.normal()) + away;
  });
  return { data, shape: [count, size] as const };
}

/** Scores |N(away, 1)|. */
export function scores(count: number, away: number, seed = 1): Float64Array {
  const random = seededRandom(seed, count);
  return Float64Array.from({ length: count }, () => Math.abs(away + random.normal()));
}

/** Byte images of three classes by brightness. */
export function byteImages(count = ROWS, side = 32, channels = 3) {
  const random = seededRandom(2);
  const size = side * side * channels;
  const images = Uint8Array.from({ length: count * size }, (_, at) => 40 + 70 * (Math.floor(at / size) % 3) + random.integer(20)); // prettier-ignore
  return { images, shape: [count, side, side, channels] as [number, number, number, number] };
}

/** The same as pictures, one by one. */
export function pictures(count = ROWS, side = SIDE) {
  const { images } = byteImages(count, side);
  const size = side * side * 3;
  return Array.from({ length: count }, (_, i) => ({
    data: images.slice(i * size, (i + 1) * size),
    width: side,
    height: side,
  }));
}

/** The same as a tensor in [0, 1]. */
export function imageTensor(count = ROWS, side = SIDE): tf.Tensor4D {
  const { images, shape } = byteImages(count, side);
  return tf.tidy(() => tf.div(tf.tensor4d(images, shape), 255));
}

/** A classifier of such images: features after the ReLU of `dense_1`, then logits and a softmax. */
export function classifier(side = SIDE): tfl.LayersModel {
  const kernelInitializer = (seed: number) => tfl.initializers.randomNormal({ mean: 0.01, stddev: 0.05, seed });
  return tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [side, side, 3], name: 'flat' }),
      tfl.layers.dense({ units: SIZE, activation: 'relu', kernelInitializer: kernelInitializer(3), name: 'dense_1' }),
      tfl.layers.dense({
        units: CLASSES,
        activation: 'softmax',
        kernelInitializer: kernelInitializer(4),
        name: 'last',
      }),
    ],
  });
}
