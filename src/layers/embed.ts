import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../errors';
import { checkImageSet, gatherImages } from './gather-images';
import type { ImageSet } from './gather-images';
import { checkImageShape, embeddingSizeOf } from './model-shapes';
import { nextTask } from './next-task';

/** Options of {@link embed}. */
export interface EmbedOptions {
  /** Images that go through the model at a time; default 64. Keep it: the wasm backend caches memory per size. */
  blockSize?: number;
  /** Called after each block with the number of images done, and of all. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * What the model makes of images, in inference mode (dropout off, batch norm by its moving statistics), block by block.
 *
 * @param model one image input, one output [N, D]: an embedding or logits
 * @param images bytes [N, H, W, C], divided by 255 on the way, or a float tensor that is used as it is
 * @returns the outputs, [N, D]
 * @throws ShapeError if the images do not fit, or the model's output is not [N, D]
 * @throws ArgumentError if `blockSize` is no positive integer
 * @example
 * const { data, shape } = await embed(vgg({ seed: 1 }), test); // shape: [N, 10]
 */
export async function embed(
  model: LayersModel,
  images: ImageSet | tf.Tensor4D,
  { blockSize = 64, onProgress }: EmbedOptions = {},
): Promise<{ data: Float32Array; shape: [number, number] }> {
  if (!(Number.isInteger(blockSize) && blockSize > 0)) {
    const received = String(blockSize);
    throw new ArgumentError({ where: 'embed', what: 'blockSize', expected: 'a positive integer', received });
  }
  const set = images instanceof tf.Tensor ? undefined : images;
  if (set) checkImageSet('embed', set);
  checkImageShape('embed', model, images.shape);
  const size = embeddingSizeOf('embed', model);

  const total = images.shape[0];
  const data = new Float32Array(total * size);
  for (let start = 0; start < total; start += blockSize) {
    const count = Math.min(blockSize, total - start);
    const block = tf.tidy(() => {
      const input = set
        ? gatherImages(
            set,
            Int32Array.from({ length: count }, (_, i) => start + i),
          )
        : tf.slice(images as tf.Tensor4D, start, count);
      return model.apply(input, { training: false }) as tf.Tensor2D;
    });
    try {
      data.set(await block.data<'float32'>(), start * size);
    } finally {
      block.dispose();
    }
    onProgress?.(start + count, total);
    if (start + count < total) await nextTask();
  }
  return { data, shape: [total, size] };
}
