import * as tf from '@tensorflow/tfjs-core';

/** How images come to another size: stretched, cut, or padded. */
export type ResizeFit = 'fill' | 'cover' | 'contain';

/** One axis: `box` of the source becomes `count` numbers from `start` on; the others are 0. */
interface Axis {
  box: readonly [from: number, to: number];
  start: number;
  count: number;
}

function axesOf(from: readonly number[], to: readonly number[], fit: ResizeFit): Axis[] {
  const scales = to.map((side, i) => side / from[i]!);
  return from.map((side, i): Axis => {
    const own = to[i]!;
    if (fit === 'contain') {
      const count = Math.max(1, Math.round(side * Math.min(...scales)));
      return { box: [0, side], start: Math.floor((own - count) / 2), count };
    }
    const length = fit === 'cover' ? Math.min(side, own / Math.max(...scales)) : side;
    return { box: [(side - length) / 2, (side + length) / 2], start: 0, count: own };
  });
}

/**
 * Weights [from, to] of a triangle filter: as wide as the reduction, so that nothing is left out and fine patterns do
 * not alias; bilinear where it enlarges. It reaches beyond the box, but not beyond the image.
 */
function triangleWeights(from: number, to: number, { box, start, count }: Axis): Float32Array {
  const weights = new Float32Array(from * to);
  const scale = (box[1] - box[0]) / count;
  const reach = Math.max(scale, 1);
  for (let i = 0; i < count; i++) {
    const center = box[0] + (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const last = Math.min(from, Math.trunc(center + reach + 0.5));
    const own = Float64Array.from({ length: last - first }, (_, at) =>
      Math.max(0, 1 - Math.abs(first + at + 0.5 - center) / reach),
    );
    const sum = own.reduce((all, weight) => all + weight, 0);
    own.forEach((weight, at) => (weights[(first + at) * to + start + i] = weight / sum));
  }
  return weights;
}

/** [..., from] -> [..., to] */
function alongLast(x: tf.Tensor, axis: Axis, to: number): tf.Tensor {
  const from = x.shape.at(-1)!;
  const isSame = from === to && axis.count === to && axis.box[1] - axis.box[0] === from;
  if (isSame) return x;
  const weights = tf.tensor2d(triangleWeights(from, to, axis), [from, to]);
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, from]), weights), [...x.shape.slice(0, -1), to]);
}

/**
 * Images [B, H, W, C] of another size. `black` [C] or [1] is what 'contain' pads with.
 *
 * The weights are float64 until they are rounded once; two products with them run on every backend.
 */
export function resizeImages(
  images: tf.Tensor4D,
  size: readonly [height: number, width: number],
  fit: ResizeFit,
  black: readonly number[] = [0],
): tf.Tensor4D {
  const [, height, width] = images.shape;
  const [down, across] = axesOf([height, width], size, fit) as [Axis, Axis];
  return tf.tidy(() => {
    const isDark = fit !== 'contain' || black.every((value) => value === 0);
    const level = isDark ? undefined : tf.tensor1d([...black]);
    const x = level ? tf.sub(images, level) : tf.cast(images, 'float32'); // what is padded is 0
    const wide = alongLast(tf.transpose(x, [0, 1, 3, 2]), across, size[1]); // [B, h, C, W]
    const whole = alongLast(tf.transpose(wide, [0, 2, 3, 1]), down, size[0]); // [B, C, W, H]
    const resized = tf.transpose<tf.Tensor4D>(whole as tf.Tensor4D, [0, 3, 2, 1]);
    return level ? tf.add(resized, level) : resized;
  });
}
