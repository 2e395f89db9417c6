import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../../core/errors';
import { graphOf } from './graph/graph-nodes';
import type { GraphModelLike } from './graph-model-like';
import { allLayers } from './model-weights';
import { pauses, type Pause } from '../../core/pauses';
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

type Model = LayersModel | GraphModelLike;

/**
 * Weights layer by layer: tfjs numbers the names of layers anew in every session, and puts those that do not train at
 * the end of a model's list, which may be others today.
 */
const weightsOf = (model: Model): tf.Tensor[] =>
  'layers' in model
    ? [...new Set(allLayers(model).flatMap(({ weights }) => weights))].map((weight) => weight.read())
    : Object.values(model.weights).flat();

/** The order of a model's own list, which files of before are in. */
const weightsAsListed = (model: Model): tf.Tensor[] => ('layers' in model ? model.getWeights() : []);

async function architectureOf(model: Model, weights: readonly tf.Tensor[]): Promise<string> {
  const kinds =
    'layers' in model
      ? model.layers.map((layer) => layer.getClassName())
      : Object.values(graphOf(model).nodes).map(({ op }) => op);
  const text = JSON.stringify([kinds, weights.map(({ dtype, shape }) => [dtype, shape])]);
  return sha256(new TextEncoder().encode(text));
}

/** Each weight's hash, chained. */
async function hashOf(weights: readonly tf.Tensor[], pause: Pause): Promise<string> {
  let chain = '';
  for (const weight of weights) {
    await pause();
    const numbers = await weight.data();
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    chain = await sha256(new TextEncoder().encode(chain + (await sha256(bytes))));
  }
  return chain;
}

async function measuredOf(weights: readonly tf.Tensor[], pause: Pause): Promise<MeasuredWeights[]> {
  const measured: MeasuredWeights[] = [];
  for (const [index, weight] of weights.entries()) {
    measured.push(await measuredWeights(await weight.data(), index, pause));
  }
  return measured;
}

/**
 * SHA-256 of a model's architecture and of its weights, as hexadecimal digits; and sketches of the weights, by which
 * they are known again where a backend has rounded them to half precision.
 *
 * @example
 * (await modelFingerprint(model)).weights; // changes with any weight
 */
export function modelFingerprint(model: Model): Promise<ModelFingerprint> {
  return pausingFingerprint(model, pauses());
}

/** The same as a part of other work. */
export async function pausingFingerprint(model: Model, pause: Pause): Promise<ModelFingerprint> {
  const weights = weightsOf(model);
  return {
    architecture: await architectureOf(model, weights),
    weights: await hashOf(weights, pause),
    sketches: (await measuredOf(weights, pause)).map(({ isHalf, sums }) => ({ isHalf, sums })),
  };
}

/** What of a model is not as in the fingerprint; undefined where all is. */
async function differenceOf(
  model: Model,
  weights: readonly tf.Tensor[],
  saved: ModelFingerprint,
  pause: Pause,
): Promise<'architecture' | 'weights' | undefined> {
  if ((await architectureOf(model, weights)) !== saved.architecture) return 'architecture';
  if ((await hashOf(weights, pause)) === saved.weights) return undefined;
  const own = await measuredOf(weights, pause);
  const isSame = own.length === saved.sketches.length && own.every((one, i) => isSketchOf(saved.sketches[i]!, one));
  return isSame ? undefined : 'weights';
}

/**
 * Throws unless the model is the one of the fingerprint: by its hash; else by the sketches, as no hash survives
 * rounding.
 *
 * @throws ArgumentError that says what differs
 */
export async function checkFingerprint(
  where: string,
  model: Model,
  saved: ModelFingerprint,
  pause: Pause,
): Promise<void> {
  const difference = await differenceOf(model, weightsOf(model), saved, pause);
  const asListed = difference && (await differenceOf(model, weightsAsListed(model), saved, pause));
  if (!asListed) return;
  const isOther = difference === 'weights' || asListed === 'weights';
  const received = isOther ? 'the same architecture with other weights' : 'another architecture';
  throw new ArgumentError(where, 'model', 'the one that the detector was fitted around', received);
}
