import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, NotFiniteError, ShapeError } from '../../core/errors';
import { checkFiniteImages } from '../../tensors/finite-images';
import { readUncheckedRows, type Rows } from '../../scorers/contract/rows';
import type { Head, LogitMeaning, LogitsOf } from '../../scorers/contract/scorer';
import type { GivenRows } from '../../scorers/contract/given-rows';
import { checkImageSet, gatherImages } from '../../tensors/gather-images';
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

/** What a model gave for a block, or as much of it as there is. */
export interface Passed {
  features?: GivenRows;
  logits?: GivenRows;
  /** Which rows [B] (bool) stayed within half precision, where the backend has that. */
  fine?: tf.Tensor1D;
}

/** A model of whatever kind, as a fit and a prediction go through it. */
export interface ImageModel {
  /** What a row of its logits says; undefined where nobody knows. */
  readonly meaning: LogitMeaning | undefined;
  readonly logitsOf?: LogitsOf;
  head(): Promise<Head | undefined>;
  pass(images: tf.Tensor): Passed | Promise<Passed>;
  /** The same where a pass has to wait for numbers in between. */
  passAsync?(images: tf.Tensor): Promise<Passed>;
}

/** What a block needs to know of who asks. */
export interface BlockPass {
  where: string;
  model: ImageModel;
  images: ImageSource;
  /** Parts that the method needs. */
  needs: readonly string[];
}

/**
 * What the model makes of these rows, as numbers: logits where there are some, and of features and images what the
 * method needs. `dispose` frees the images.
 *
 * @throws ArgumentError where the model gives none of what the method needs; ShapeError for another number of rows
 */
export async function outputsOf({ where, model, images, needs }: BlockPass, rows: Int32Array) {
  const givenRow = (row: number) => rows[row]!;
  const block = images.block(rows);
  try {
    const { features, logits, fine } = await (model.passAsync ?? model.pass)(block);
    try {
      if (fine) checkFits(where, await fine.data(), givenRow);
      const given = { ...(logits && { logits }), ...(features && { features }) };
      const read = async (what: 'features' | 'logits') => {
        const numbers = await readUncheckedRows(where, what, given);
        if (numbers.shape[0] !== rows.length) {
          throw new ShapeError(where, `${what} of the images`, `[${rows.length}, ...], a row for each`, numbers.shape);
        }
        checkOutputs(where, `${what} of the images`, numbers, givenRow);
        return { [what]: numbers };
      };
      const missing = (['features', 'logits'] as const).find((what) => needs.includes(what) && !given[what]);
      if (missing) throw new ArgumentError(where, 'model', `one that gives ${missing}, which the scorer needs`, given);
      const batch: { logits?: Rows; features?: Rows; images?: tf.Tensor4D } = {
        ...(logits && (await read('logits'))),
        ...(needs.includes('features') && (await read('features'))),
        ...(needs.includes('images') && { images: block as tf.Tensor4D }),
      };
      return { batch, dispose: () => block.dispose() };
    } finally {
      for (const own of [features, logits, fine]) if (own instanceof tf.Tensor && own !== block) own.dispose();
    }
  } catch (error) {
    block.dispose();
    throw error;
  }
}
