import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../../core/errors';
import { graphOf } from './graph/graph-nodes';
import type { GraphModelLike } from './graph-model-like';
import { isSketchOf, measuredWeights, type MeasuredWeights, type WeightSketch } from './weight-sketch';

/** What tells one model from another. */
export interface ModelFingerprint {
  /** Of the weights' shapes and the kinds of the layers or nodes; not of their names. */
  architecture: string;
  /** Of the numbers in the weights. */
  weights: string;
  /** Of each tensor of weights: what is left of it in half precision. */
  sketches: readonly WeightSketch[];
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Weights in the model's order: tfjs numbers the names of layers anew in every session. */
const weightsOf = (model: LayersModel | GraphModelLike): tf.Tensor[] =>
  'layers' in model ? model.getWeights() : Object.values(model.weights).flat();

async function architectureOf(model: LayersModel | GraphModelLike): Promise<string> {
  const kinds =
    'layers' in model
      ? model.layers.map((layer) => layer.getClassName())
      : Object.values(graphOf(model).nodes).map(({ op }) => op);
  const text = JSON.stringify([kinds, weightsOf(model).map(({ dtype, shape }) => [dtype, shape])]);
  return sha256(new TextEncoder().encode(text));
}

/** Each weight's hash, chained. */
async function hashOf(weights: readonly tf.Tensor[]): Promise<string> {
  let chain = '';
  for (const weight of weights) {
    const numbers = await weight.data();
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    chain = await sha256(new TextEncoder().encode(chain + (await sha256(bytes))));
  }
  return chain;
}

async function measuredOf(weights: readonly tf.Tensor[]): Promise<MeasuredWeights[]> {
  const measured: MeasuredWeights[] = [];
  for (const [index, weight] of weights.entries()) measured.push(measuredWeights(await weight.data(), index));
  return measured;
}

/**
 * SHA-256 of a model's architecture and of its weights, as hexadecimal digits; and sketches of the weights, by which
 * they are known again where a backend has rounded them to half precision.
 *
 * @example
 * (await modelFingerprint(model)).weights; // changes with any weight
 */
export async function modelFingerprint(model: LayersModel | GraphModelLike): Promise<ModelFingerprint> {
  const weights = weightsOf(model);
  return {
    architecture: await architectureOf(model),
    weights: await hashOf(weights),
    sketches: (await measuredOf(weights)).map(({ isHalf, sums }) => ({ isHalf, sums })),
  };
}

/**
 * Throws unless the model is the one of the fingerprint: by its hash; else by the sketches, as no hash survives
 * rounding.
 *
 * @throws ArgumentError that says what differs
 */
export async function checkFingerprint(
  where: string,
  model: LayersModel | GraphModelLike,
  saved: ModelFingerprint,
): Promise<void> {
  const refuse = (received: string) => {
    throw new ArgumentError(where, 'model', 'the one that the detector was fitted around', received);
  };
  if ((await architectureOf(model)) !== saved.architecture) refuse('another architecture');
  const weights = weightsOf(model);
  if ((await hashOf(weights)) === saved.weights) return;
  const own = await measuredOf(weights);
  const isSame = own.length === saved.sketches.length && own.every((one, i) => isSketchOf(saved.sketches[i]!, one));
  if (!isSame) refuse('the same architecture with other weights');
}
