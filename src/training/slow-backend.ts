import { getBackend } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { allLayers } from '../detector/model/model-weights';

let isSaid = false;

/**
 * Says once that the backend in plain JavaScript is slow to train convolutions on; the factor is that of
 * `npm run bench cpu-and-wasm`.
 */
export function sayWhereSlow(where: string, model: LayersModel): void {
  if (isSaid || getBackend() !== 'cpu') return;
  if (!allLayers(model).some((layer) => layer.getClassName().includes('Conv'))) return;
  isSaid = true;
  console.warn(
    `${where}: training on the cpu backend (plain JavaScript); ` +
      "wasm is some 200 times faster here: import 'tfjs-ood/wasm' and await tf.setBackend('wasm') before the model is made",
  );
}
