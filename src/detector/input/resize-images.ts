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
function weightsOf(from: number, to: number, axis: Axis): Float32Array | undefined {
  const isSame = from === to && axis.count === to && axis.box[1] - axis.box[0] === from;
  return isSame ? undefined : triangleWeights(from, to, axis);
}

/** Multiplications between two pauses, in some 10 ms. */
const AT_ONCE = 2 ** 25;
/** Numbers of a part of the images, which a backend prepares as a factor in some 20 ms; parts are few all the same. */
const [PART, MOST_PARTS] = [2 ** 20, 4];

/** Rows `from` to `to` of the images, as [B, n, W C]. */
interface Part {
  from: number;
  to: number;
  tensor: tf.Tensor3D;
}

/**
 * Images [B, H, W, C] of another size, some of its rows at a time, with pauses. `black` [C] or [1] is what 'contain'
 * pads with.
 *
 * The weights are float64 until they are rounded once; two products with them run on every backend. The first makes
 * rows: it takes the images as they lie, and only the parts of them that the rows are made of.
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
  const most = Math.max(1, Math.floor(AT_ONCE / (count * width * channels * (height + size[1]))));
  const toRows = weightsOf(height, size[0], down);
  const toColumns = weightsOf(width, size[1], across);
  const columns = toColumns && tf.tensor2d(toColumns, [width, size[1]]);
  const partRows = Math.max(Math.ceil(height / MOST_PARTS), Math.floor(PART / (count * width * channels)));
  const parts: Part[] = [];
  const strips: tf.Tensor4D[] = [];
  try {
    for (let from = 0; from < height; from += partRows) {
      await ready();
      const rows = Math.min(partRows, height - from);
      const tensor = tf.tidy(() => {
        const own = tf.cast(tf.slice(images, [0, from, 0, 0], [count, rows, width, channels]), 'float32');
        const x = level ? tf.sub(own, tf.tensor1d(level)) : own; // what is padded is 0
        return tf.reshape<tf.Rank.R3>(x, [count, rows, width * channels]);
      });
      parts.push({ from, to: from + rows, tensor });
    }
    for (let from = 0; from < size[0]; from += most) {
      await ready();
      strips.push(
        tf.tidy(() => {
          const rowCount = Math.min(most, size[0] - from);
          const own = toRows ? weightedRows(parts, toRows, size[0], from, rowCount) : givenRows(parts, from, rowCount);
          const rows = tf.reshape<tf.Rank.R4>(own, [count, rowCount, width, channels]);
          if (!columns) return rows;
          const lines = tf.reshape(tf.transpose(rows, [0, 1, 3, 2]), [-1, width]);
          const narrow = tf.reshape(tf.matMul(lines, columns), [count, rowCount, channels, size[1]]);
          return tf.transpose<tf.Tensor4D>(narrow as tf.Tensor4D, [0, 1, 3, 2]);
        }),
      );
    }
    await ready();
    return tf.tidy(() => {
      const resized = tf.concat(strips, 1);
      return level ? tf.add<tf.Tensor4D>(resized, tf.tensor1d(level)) : resized;
    });
  } finally {
    tf.dispose([...parts.map(({ tensor }) => tensor), ...strips, ...(columns ? [columns] : [])]);
  }
}

/** `count` rows from `first` on, as they are. */
function givenRows(parts: readonly Part[], first: number, count: number): tf.Tensor {
  const own = parts.flatMap(({ from, to, tensor }) => {
    const [start, end] = [Math.max(first, from), Math.min(first + count, to)];
    return start < end ? [tf.slice(tensor, [0, start - from, 0], [-1, end - start, -1])] : [];
  });
  return tf.concat(own, 1);
}

/** `count` rows from `first` on, of weights [H, `all`]. */
function weightedRows(
  parts: readonly Part[],
  weights: Float32Array,
  all: number,
  first: number,
  count: number,
): tf.Tensor {
  const [images, , numbers] = parts[0]!.tensor.shape;
  let sum: tf.Tensor = tf.zeros([images, count, numbers]);
  for (const { from, to, tensor } of parts) {
    const own = new Float32Array(count * (to - from));
    for (let i = 0; i < count; i++) {
      for (let at = from; at < to; at++) own[i * (to - from) + at - from] = weights[at * all + first + i]!;
    }
    if (own.some((weight) => weight !== 0)) {
      sum = tf.add(sum, tf.matMul(tf.tensor3d(own, [1, count, to - from]), tensor));
    }
  }
  return sum;
}
