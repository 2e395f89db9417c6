import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { GraphModelLike } from './graph-model-like';

/** What tells one model from another. */
export interface ModelFingerprint {
  /** Of the weights' shapes and, in a LayersModel, the kinds of its layers. */
  architecture: string;
  /** Of the numbers in the weights. */
  weights: string;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Weights in an order of their own, without the names that tfjs numbers anew in every session. */
function weightsOf(model: LayersModel | GraphModelLike): tf.Tensor[] {
  if ('layers' in model) return model.getWeights();
  return Object.entries(model.weights)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, tensors]) => tensors);
}

/**
 * SHA-256 of a model's architecture and of its weights, as hexadecimal digits.
 *
 * @example
 * (await modelFingerprint(model)).weights; // changes with any weight
 */
export async function modelFingerprint(model: LayersModel | GraphModelLike): Promise<ModelFingerprint> {
  const weights = weightsOf(model);
  const kinds =
    'layers' in model ? model.layers.map((layer) => layer.getClassName()) : Object.keys(model.weights).sort();
  const architecture = JSON.stringify([kinds, weights.map(({ dtype, shape }) => [dtype, shape])]);
  let chain = '';
  for (const weight of weights) {
    const numbers = await weight.data();
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    chain = await sha256(new TextEncoder().encode(chain + (await sha256(bytes))));
  }
  return { architecture: await sha256(new TextEncoder().encode(architecture)), weights: chain };
}
