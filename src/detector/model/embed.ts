import { checkLayersModel } from './check-layers-model';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { COUNT, FUNCTION, SIGNAL } from '../../core/check';
import { readOptions } from '../../core/read-options';
import { oneBackend } from '../../tensors/one-backend';
import { checkFiniteWeights } from './finite-weights';
import { imageSource } from '../input/image-source';
import { inputPlan } from '../input/input-plan';
import { defaultBlockSize } from '../input/default-block-size';
import { INPUT, type ModelInput } from '../input/model-input';
import type { ModelImages } from '../input/given-images';
import { checkOutputs } from './image-blocks';
import { checkImageShape, embeddingSizeOf, inputShapeOf } from './model-shapes';
import { pauses } from '../../core/pauses';
import { checkFits, watchOverflow } from './watch-overflow';

/** Options of {@link embed}. */
export interface EmbedOptions {
  /**
   * Images that go through the model at a time; by default at most 64, and fewer where they are large. Keep it: the
   * wasm backend caches memory per size.
   */
  blockSize?: number;
  /** Which numbers the model takes for pixels of 0..255, and their size; by default what it shows, or `'0..1'`. */
  input?: ModelInput;
  /** Called after each block with the number of images done, and of all. */
  onProgress?: (done: number, total: number) => void;
  /** Gives it up: the call rejects with its reason. */
  signal?: AbortSignal;
}

const OPTIONS = { blockSize: [COUNT], input: [INPUT], onProgress: [FUNCTION], signal: [SIGNAL] } as const;

/**
 * What the model makes of images, in inference mode (dropout off, batch norm by its moving statistics), block by block.
 *
 * @param model one image input, one output [N, D]: an embedding or logits
 * @param images [N, H, W, C], or one: bytes and pictures, which become what the model takes (see `input`), or a tensor
 *   or other numbers, which are used as they are
 * @returns the outputs, [N, D]
 * @throws ShapeError if the images do not fit, or the model's output is not [N, D]
 * @throws ArgumentError for an option out of its rule or that does not exist, for what are no images, or numbers out of
 *   the range that the model takes
 * @throws NotFiniteError naming the row of an image with NaN or an infinity, or of which the model makes one; or the
 *   weight that holds one; the reason of `signal`
 * @example
 * const { data, shape } = await embed(vgg({ seed: 1 }), test); // shape: [N, 10]
 */
export async function embed(
  model: LayersModel,
  images: ModelImages,
  options?: EmbedOptions,
): Promise<{ data: Float32Array; shape: [number, number] }> {
  const {
    input: said,
    onProgress,
    signal,
    ...own
  } = readOptions<EmbedOptions, typeof OPTIONS>('embed', options, OPTIONS);
  const pause = pauses(signal);
  await pause();
  checkLayersModel('embed', model);
  const plan = await inputPlan('embed', model, said);
  const checkBackend = oneBackend();
  /** Others have their turn; they may switch the backend meanwhile. */
  const ready = async () => {
    await pause();
    checkBackend('embed');
  };
  const source = await imageSource('embed', images, { plan, expected: inputShapeOf(model), ready });
  checkImageShape('embed', model, source.shape);
  const size = embeddingSizeOf('embed', model);
  const { blockSize = defaultBlockSize(source.shape, tf.getBackend()) } = own;
  await checkFiniteWeights('embed', model, pause);
  await source.check(blockSize);

  const total = source.shape[0]!;
  const data = new Float32Array(total * size);
  for (let start = 0; start < total; start += blockSize) {
    const rows = Int32Array.from({ length: Math.min(blockSize, total - start) }, (_, i) => start + i);
    const givenRow = (row: number) => start + row;
    await ready();
    const input = await source.block(rows);
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
  }
  return { data, shape: [total, size] };
}
