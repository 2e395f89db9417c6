import { checkLayersModel } from './check-layers-model';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { COUNT, FUNCTION } from '../../core/check';
import { readOptions } from '../../core/read-options';
import { oneBackend } from '../../tensors/one-backend';
import { checkFiniteWeights } from './finite-weights';
import { checkOutputs, imageSource } from './image-blocks';
import { checkImageShape, embeddingSizeOf } from './model-shapes';
import { nextTask } from '../../core/next-task';
import { checkFits, watchOverflow } from './watch-overflow';
import type { ImageSet } from '../../core/images';

/** Options of {@link embed}. */
export interface EmbedOptions {
  /** Images that go through the model at a time; default 64. Keep it: the wasm backend caches memory per size. */
  blockSize?: number;
  /** Called after each block with the number of images done, and of all. */
  onProgress?: (done: number, total: number) => void;
}

const OPTIONS = { blockSize: [COUNT, 64], onProgress: [FUNCTION] } as const;

/**
 * What the model makes of images, in inference mode (dropout off, batch norm by its moving statistics), block by block.
 *
 * @param model one image input, one output [N, D]: an embedding or logits
 * @param images bytes [N, H, W, C], divided by 255 on the way, or a float tensor that is used as it is
 * @returns the outputs, [N, D]
 * @throws ShapeError if the images do not fit, or the model's output is not [N, D]
 * @throws ArgumentError for an option out of its rule or that does not exist, or images that are floats and no tensor
 * @throws NotFiniteError naming the row of an image with NaN or an infinity, or of which the model makes one; or the
 *   weight that holds one
 * @example
 * const { data, shape } = await embed(vgg({ seed: 1 }), test); // shape: [N, 10]
 */
export async function embed(
  model: LayersModel,
  images: ImageSet | tf.Tensor4D,
  options?: EmbedOptions,
): Promise<{ data: Float32Array; shape: [number, number] }> {
  const { blockSize, onProgress } = readOptions<EmbedOptions, typeof OPTIONS>('embed', options, OPTIONS);
  checkLayersModel('embed', model);
  const source = imageSource('embed', images);
  checkImageShape('embed', model, source.shape);
  const size = embeddingSizeOf('embed', model);
  const checkBackend = oneBackend();
  await checkFiniteWeights('embed', model);
  await source.check(blockSize, () => checkBackend('embed'));

  const total = images.shape[0];
  const data = new Float32Array(total * size);
  for (let start = 0; start < total; start += blockSize) {
    const rows = Int32Array.from({ length: Math.min(blockSize, total - start) }, (_, i) => start + i);
    const givenRow = (row: number) => start + row;
    checkBackend('embed'); // again after each wait, in which others may switch it
    const input = source.block(rows);
    try {
      const run = () => model.apply(input, { training: false }) as tf.Tensor2D;
      const { result, fine } = watchOverflow(model, rows.length, () => tf.tidy(run));
      try {
        if (fine) checkFits('embed', await fine.data(), givenRow);
        const numbers = await result.data<'float32'>();
        checkOutputs('embed', 'embeddings of the images', { data: numbers, shape: [rows.length, size] }, givenRow);
        data.set(numbers, start * size);
      } finally {
        result.dispose();
        fine?.dispose();
      }
    } finally {
      input.dispose();
    }
    const done = start + rows.length;
    onProgress?.(done, total);
    if (done < total) await nextTask();
  }
  return { data, shape: [total, size] };
}
