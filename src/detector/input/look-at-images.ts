import * as tf from '@tensorflow/tfjs-core';
import { checkFiniteImages, checkFiniteNumbers } from '../../tensors/finite-images';
import type { GivenImages } from './given-images';
import type { RangeWatch } from './range-watch';

/** Numbers that kernels look at between two pauses; they go over them several times. */
const BY_KERNELS = 2 ** 18;

type GivenRow = (row: number) => number;

interface Looking {
  blockSize: number;
  /** A pause, and a look at the backend. */
  ready(): Promise<void>;
}

/** Looks at a tensor, or a part of it. */
async function lookAtPart(
  where: string,
  images: tf.Tensor,
  watch: RangeWatch,
  givenRow: GivenRow,
  ready: () => Promise<void>,
): Promise<void> {
  const range = await checkFiniteImages(where, images, givenRow, ready);
  await watch.see({ range, count: images.shape[0] ?? 1, givenRow, numbers: () => images.data() });
}

/**
 * Looks at images [N, ...] by the wasm backend's kernels: C++ that keeps to IEEE 754, and copies nothing. Returns the
 * first row that is not finite, or -1.
 */
async function lookByKernels(images: tf.Tensor, watch: RangeWatch, givenRow: GivenRow): Promise<number> {
  const count = images.shape[0];
  const made = tf.tidy(() => {
    const rows = tf.reshape(images, [count, -1]);
    return [tf.all(tf.isFinite(rows), 1), tf.min(rows, 1), tf.max(rows, 1)];
  });
  const [flags, low, high] = await Promise.all(made.map((one) => one.data()));
  tf.dispose(made);
  const bad = flags!.indexOf(0);
  if (bad >= 0) return bad;
  const ends = Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 ? high! : low!)[i >> 1]!);
  const range = [ends.reduce((a, b) => Math.min(a, b)), ends.reduce((a, b) => Math.max(a, b))] as const;
  await watch.see({ range, count, givenRow, numbers: () => Promise.resolve(ends) });
  return -1;
}

/** Looks at images in one tensor [N, ...]. */
async function lookAtWhole(
  where: string,
  images: tf.Tensor,
  watch: RangeWatch,
  { blockSize, ready }: Looking,
  givenRow: GivenRow = (row) => row,
): Promise<void> {
  await ready();
  const count = images.shape[0] ?? 0;
  const backend = tf.getBackend();
  // Numbers as they lie there, without a copy; of a few a copy is faster than the kernels.
  const isSmall = backend === 'wasm' && images.size <= 2 ** 16;
  if (backend === 'cpu' || isSmall || count === 0) return lookAtPart(where, images, watch, givenRow, ready);
  const look = async (rows: Int32Array) => {
    // A part of its own: webgl and webgpu would take what is read off the device, and bring it there again.
    const own = tf.tidy(() => tf.gather(images, tf.tensor1d(rows, 'int32')));
    await lookAtPart(where, own, watch, (row) => givenRow(rows[row]!), ready).finally(() => own.dispose());
  };
  const hasKernels = ['IsFinite', 'Min', 'Max'].every((kernel) => tf.getKernel(kernel, backend));
  if (backend === 'wasm' && images.dtype === 'float32' && hasKernels) {
    const most = Math.max(1, Math.floor((BY_KERNELS * count) / images.size));
    for (let from = 0; from < count; from += most) {
      await ready();
      const length = Math.min(most, count - from);
      const rows = Int32Array.from({ length }, (_, i) => from + i);
      // To slice or to read a part copies all of the images.
      const own = length === count ? images : tf.tidy(() => tf.gather(images, tf.tensor1d(rows, 'int32')));
      const bad = await lookByKernels(own, watch, (row) => givenRow(from + row)).finally(
        () => own !== images && own.dispose(),
      );
      await ready();
      if (bad >= 0) return look(Int32Array.of(from + bad));
    }
    return;
  }
  for (let from = 0; from < count; from += blockSize) {
    await ready();
    await look(Int32Array.from({ length: Math.min(blockSize, count - from) }, (_, i) => from + i));
  }
}

/**
 * Looks at all numbers of images that are no bytes, so many images at a time, and asks about the backend before each
 * part.
 *
 * @throws NotFiniteError or, for numbers out of the range, ArgumentError, each naming the row
 */
export async function lookAtImages(
  where: string,
  given: GivenImages,
  watch: RangeWatch,
  looking: Looking,
): Promise<void> {
  const { whole, shape } = given;
  if (whole) {
    const images = tf.reshape(whole, shape as number[]); // of one image perhaps with an N
    await lookAtWhole(where, images, watch, looking).finally(() => images.dispose());
    return;
  }
  for (let row = 0; row < shape[0]!; row++) {
    await looking.ready();
    const givenRow = () => row;
    const { numbers } = await given.one(row);
    if (numbers instanceof tf.Tensor) {
      const image = tf.expandDims(numbers, 0);
      await lookAtWhole(where, image, watch, looking, givenRow).finally(() => image.dispose());
    } else {
      const range = await checkFiniteNumbers(where, numbers, 1, givenRow, looking.ready);
      await watch.see({ range, count: 1, givenRow, numbers: () => Promise.resolve(numbers) });
    }
  }
}
