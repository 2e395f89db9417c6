import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../core/errors';
import { allLayers } from '../detector/model/model-weights';

const WHAT = 'the wasm backend';
const EXPECTED = "one that has the gradients of convolutions and pools (import 'tfjs-ood/wasm')";

/**
 * Throws where the wasm backend's own gradient of max pooling would be used: no member of a window whose maximum is not
 * positive gets it, but some other pixel or none. A kernel that only `tfjs-ood/wasm` registers is the sign that it was
 * imported.
 */
export function checkPoolGradients(where: string, model: LayersModel): void {
  if (tf.getBackend() !== 'wasm' || (tf.getKernel('UnsortedSegmentSum', 'wasm') as unknown)) return;
  const pool = allLayers(model).find((layer) => /^MaxPooling[12]D$/.test(layer.getClassName()));
  if (pool) throw new ArgumentError(where, WHAT, EXPECTED, `that of tfjs, which is wrong for ${pool.name}`);
}

/** What tfjs says of a kernel that the wasm backend lacks, as an error that names the import. */
export function withImport(where: string, error: unknown): unknown {
  const kernel = /Kernel '(\w+)' not registered for backend 'wasm'/.exec(String(error))?.[1];
  return kernel === undefined ? error : new ArgumentError(where, WHAT, EXPECTED, `no kernel ${kernel}`);
}
