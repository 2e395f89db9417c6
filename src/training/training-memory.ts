import { checkLayersModel } from '../detector/model/check-layers-model';
import * as tf from '@tensorflow/tfjs-core';
import type { layers, LayersModel } from '@tensorflow/tfjs-layers';
import { check, COUNT } from '../core/check';
import { ArgumentError } from '../core/errors';
import { allLayers } from '../detector/model/model-weights';

/** All that the wasm backend can address. */
export const WASM_HEAP_BYTES = 2 ** 32;

const BYTES = 4;
/** The widest layer again: what its gradient transposes and packs. */
const COPIES_OF_WIDEST = 6;
/** Weight, gradient, both moments, and Adam's and the kernels' temporaries. */
const COPIES_OF_WEIGHTS = 9;

/** How often a layer's output is in memory at the end of a step: until then tfjs frees neither values nor gradients. */
function copiesOfOutput(layer: layers.Layer): number {
  const kind = layer.getClassName();
  if (kind === 'InputLayer' || kind === 'Flatten' || kind === 'Reshape') return 0;
  const { useBias, activation } = layer.getConfig();
  const ofBatchNorm = kind.includes('BatchNorm') ? 1 : 0; // the centered input
  const ofBias = useBias ? 1 : 0; // its gradient is shared
  const ofActivation = useBias !== undefined && activation !== 'linear' ? 2 : 0;
  return 2 + ofBatchNorm + ofBias + ofActivation;
}

/**
 * Rough number of bytes that a training step on `partSize` images takes (within a quarter of what the wasm heap grows
 * to with VGG).
 *
 * @throws ArgumentError if `partSize` is no whole number from 1
 * @example
 * estimateTrainingBytes(vgg({ seed: 1 }), 64) / 2 ** 30; // GiB
 */
export function estimateTrainingBytes(model: LayersModel, partSize: number): number {
  checkLayersModel('estimateTrainingBytes', model);
  check('estimateTrainingBytes', 'partSize', partSize, COUNT);
  const { fixed, perImage } = trainingBytes(model);
  return fixed + partSize * perImage;
}

function trainingBytes(model: LayersModel): { fixed: number; perImage: number } {
  let [kept, widest] = [0, 0];
  for (const layer of allLayers(model)) {
    for (const shape of layer.inboundNodes.flatMap((node) => node.outputShapes as (number | null)[][])) {
      const size = shape.slice(1).reduce<number>((product, length) => product * (length ?? 1), 1);
      kept += size * copiesOfOutput(layer);
      widest = Math.max(widest, size);
    }
  }
  return {
    fixed: BYTES * COPIES_OF_WEIGHTS * model.countParams(),
    perImage: BYTES * (kept + COPIES_OF_WIDEST * widest),
  };
}

/**
 * On wasm, throws an ArgumentError before a step that cannot fit: past 4 GiB that backend's tensors overlap silently.
 * Names the largest power of two of images that does fit.
 */
export function checkTrainingMemory(where: string, model: LayersModel, partSize: number): void {
  if (tf.getBackend() !== 'wasm') return;
  const bytes = estimateTrainingBytes(model, partSize);
  if (bytes <= WASM_HEAP_BYTES) return;
  const { fixed, perImage } = trainingBytes(model);
  const room = Math.max(1, Math.floor((WASM_HEAP_BYTES * 0.75 - fixed) / perImage));
  const fitting = 2 ** Math.floor(Math.log2(room));
  throw new ArgumentError(
    where,
    'partSize (images at a time)',
    `${fitting} or fewer for this model, as the wasm backend ends at 4 GiB`,
    `${partSize}, which takes about ${(bytes / 2 ** 30).toFixed(1)} GiB`,
  );
}
