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

/** Weights of an axis; none where it stays as it is. */
function weightsOf(from: number, to: number, axis: Axis): tf.Tensor2D | undefined {
  const isSame = from === to && axis.count === to && axis.box[1] - axis.box[0] === from;
  return isSame ? undefined : tf.tensor2d(triangleWeights(from, to, axis), [from, to]);
}

/** [..., from] -> [..., to] */
function alongLast(x: tf.Tensor, weights: tf.Tensor2D | undefined): tf.Tensor {
  if (!weights) return x;
  const [from, to] = weights.shape;
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, from]), weights), [...x.shape.slice(0, -1), to]);
}

/** Multiplications between two pauses, in some 10 ms. */
const AT_ONCE = 2 ** 27;

/**
 * Images [B, H, W, C] of another size, strip by strip with pauses. `black` [C] or [1] is what 'contain' pads with.
 *
 * The weights are float64 until they are rounded once; two products with them run on every backend.
 */
export async function resizeImages(
  images: tf.Tensor4D,
  size: readonly [height: number, width: number],
  fit: ResizeFit,
  black: readonly number[],
  ready: () => Promise<void>,
): Promise<tf.Tensor4D> {
  const [count, height, width, channels] = images.shape;
  const [down, across] = axesOf([height, width], size, fit) as [Axis, Axis];
  const isDark = fit !== 'contain' || black.every((value) => value === 0);
  const level = isDark ? undefined : [...black];
  const most = Math.max(1, Math.floor(AT_ONCE / (count * width * channels * size[1])));
  const strips: tf.Tensor[] = [];
  const weights = weightsOf(width, size[1], across); // for all strips: a backend prepares them once
  try {
    for (let from = 0; from < height; from += most) {
      await ready();
      strips.push(
        tf.tidy(() => {
          const rows = Int32Array.from({ length: Math.min(most, height - from) }, (_, i) => from + i);
          // On wasm to slice copies all of the images
          const own = most < height ? tf.gather(images, tf.tensor1d(rows, 'int32'), 1) : images;
          const x = level ? tf.sub(own, tf.tensor1d(level)) : tf.cast(own, 'float32'); // what is padded is 0
          return alongLast(tf.transpose(x, [0, 1, 3, 2]), weights); // [B, h, C, W]
        }),
      );
    }
    await ready();
    return tf.tidy(() => {
      const wide = strips.length === 1 ? strips[0]! : tf.concat(strips, 1);
      const whole = alongLast(tf.transpose(wide, [0, 2, 3, 1]), weightsOf(height, size[0], down)); // [B, C, W, H]
      const resized = tf.transpose<tf.Tensor4D>(whole as tf.Tensor4D, [0, 3, 2, 1]);
      return level ? tf.add<tf.Tensor4D>(resized, tf.tensor1d(level)) : resized;
    });
  } finally {
    tf.dispose(strips);
    weights?.dispose();
  }
}
