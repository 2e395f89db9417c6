import * as tf from '@tensorflow/tfjs-core';
import { NotFiniteError } from '../../core/errors';
import { checkFiniteImages } from '../../tensors/finite-images';
import { readUncheckedRows, type Rows } from '../../scorers/contract/rows';
import { checkImageSet, gatherImages } from '../../tensors/gather-images';
import type { ModelPasses } from './model-reader';
import { nextTask } from '../../core/next-task';
import { checkFits } from './watch-overflow';
import type { ImageSet } from '../../core/images';

/**
 * Images for a model: bytes [N, H, W, C], divided by 255 on the way, or a tensor that is used as it is (one image
 * without N too).
 */
export type ModelImages = ImageSet | tf.Tensor;

/** Images whose rows can be had as tensors [B, ...]. */
export interface ImageSource {
  /** [N, ...] */
  shape: readonly number[];
  block(indices: Int32Array): tf.Tensor;
  /**
   * Looks at all of them, so many at a time, and asks about the backend before each part. @throws NotFiniteError naming
   * the row
   */
  check(blockSize: number, checkBackend: () => void): Promise<void>;
}

/** The images; a tensor's numbers are looked at by `check`, bytes need none. */
export function imageSource(where: string, images: ModelImages): ImageSource {
  if (images instanceof tf.Tensor) {
    const block = (indices: Int32Array) => tf.tidy(() => tf.gather(images, tf.tensor1d(indices, 'int32')));
    return {
      shape: images.shape,
      block,
      async check(blockSize, checkBackend) {
        checkBackend();
        const count = images.shape[0] ?? 0;
        const backend = tf.getBackend();
        if (backend === 'cpu') return checkFiniteImages(where, images); // numbers as they lie there, without a copy
        if (backend === 'wasm' && count > 0 && images.dtype === 'float32' && tf.getKernel('IsFinite', 'wasm')) {
          // Its kernel is C++ that keeps to IEEE 754, and copies nothing; reading a part copies all of the images, or
          // each number by itself.
          const flags = tf.tidy(() => tf.all(tf.isFinite(tf.reshape(images, [count, -1])), 1));
          const bad = (await flags.data()).indexOf(0);
          flags.dispose();
          if (bad < 0) return;
          checkBackend();
          const row = block(Int32Array.of(bad));
          return checkFiniteImages(where, row, () => bad).finally(() => row.dispose());
        }
        for (let from = 0; from < count; from += blockSize) {
          checkBackend();
          // A part of its own: webgl and webgpu would take what is read off the device, and bring it there again.
          const part = block(Int32Array.from({ length: Math.min(blockSize, count - from) }, (_, i) => from + i));
          await checkFiniteImages(where, part, (row) => from + row).finally(() => part.dispose());
        }
      },
    };
  }
  checkImageSet(where, images);
  return { shape: images.shape, block: (indices) => gatherImages(images, indices), check: () => Promise.resolve() };
}

/** Throws unless what a model made of finite images is finite; the error names the caller's row. */
export function checkOutputs(where: string, what: string, { data, shape }: Rows, givenRow: (row: number) => number) {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const row = Math.floor(at / shape[1]);
  const expected = 'finite numbers (the images are: the model overflows, or divides by 0)';
  throw new NotFiniteError(where, what, expected, `${data[at]} at row ${givenRow(row)}`);
}

/** What a block needs to know of who asks. */
export interface BlockPass {
  where: string;
  model: ModelPasses;
  images: ImageSource;
  /** Parts that the method needs. */
  needs: readonly string[];
}

/**
 * What the model makes of these rows, as numbers: logits, and of features and images what the method needs. `dispose`
 * frees the images.
 */
export async function outputsOf({ where, model, images, needs }: BlockPass, rows: Int32Array) {
  const givenRow = (row: number) => rows[row]!;
  const block = images.block(rows);
  try {
    const { features, logits, fine } = await (model.passAsync ?? model.pass)(block);
    try {
      await nextTask(); // lets a page breathe between blocks
      if (fine) checkFits(where, await fine.data(), givenRow);
      const read = async (what: 'features' | 'logits', tensor: tf.Tensor2D) => {
        const numbers = await readUncheckedRows(where, what, { [what]: tensor });
        checkOutputs(where, `${what} of the images`, numbers, givenRow);
        return numbers;
      };
      const batch = {
        logits: await read('logits', logits),
        ...(needs.includes('features') && { features: await read('features', features) }),
        ...(needs.includes('images') && { images: block as tf.Tensor4D }),
      };
      return { batch, dispose: () => block.dispose() };
    } finally {
      tf.dispose([features, logits]);
      fine?.dispose();
    }
  } catch (error) {
    block.dispose();
    throw error;
  }
}
