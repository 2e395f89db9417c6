import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../../core/errors';
import type { GivenRows } from '../../scorers/contract/given-rows';
import type { Head, LogitMeaning, LogitsOf } from '../../scorers/contract/scorer';
import type { GraphModelLike } from './graph-model-like';

/** What a function makes of B images: features [B, D], logits [B, C], or one of them. */
export interface FunctionOutputs {
  readonly features?: GivenRows | undefined;
  readonly logits?: GivenRows | undefined;
}

/**
 * Any function of images as a model; what `featuresOf` returns is one too.
 *
 * @example
 * const myModel = { run: (x: tf.Tensor) => ({ logits: tf.mean(x, [1, 2]) }) };
 * const detector = await fitDetector(myModel, { images }, { scorer: energy() });
 */
export interface FunctionModel {
  /**
   * Features and logits of a block of images [B, ...], or what the scorer needs of them, at once or as a promise. The
   * images are a tensor that is disposed afterwards, and so are the tensors that come back.
   */
  run(images: tf.Tensor): FunctionOutputs | Promise<FunctionOutputs>;
  /** What a row of logits says; by default what the scorer is for. */
  readonly meaning?: LogitMeaning | undefined;
  /** The last dense layer, for scorers that need it. */
  head?(): Head | undefined | Promise<Head | undefined>;
  /** The logits by differentiable operations, for `odin()`. */
  readonly logitsOf?: LogitsOf | undefined;
}

/** What a detector can be put around. */
export type DetectorModel = LayersModel | GraphModelLike | FunctionModel;

type Properties = Readonly<Record<string, unknown>>;

const isTfjsModel = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (Array.isArray((value as Properties).layers) || typeof (value as Properties).execute === 'function');

export const isFunctionModel = (model: DetectorModel): model is FunctionModel =>
  !isTfjsModel(model) && typeof (model as Partial<FunctionModel>).run === 'function';

/** Where in an object of another library its model is, such as `.model`; undefined where there is none. */
function pathToModel(value: object, levels = 2): string | undefined {
  const inner = Object.entries({ ...value, model: (value as Properties).model });
  const direct = inner.find(([, one]) => isTfjsModel(one));
  if (direct || levels === 1) return direct && `.${direct[0]}`;
  for (const [name, one] of inner) {
    const below = typeof one === 'object' && one !== null ? pathToModel(one, levels - 1) : undefined;
    if (below !== undefined) return `.${name}${below}`;
  }
  return undefined;
}

/** What to do with what came, as far as one can tell. */
function wayOut(model: unknown): string | undefined {
  if (typeof model === 'string') return 'load it first, as by tf.loadLayersModel(url)';
  if (typeof model === 'function') return 'pass { run: yourFunction }';
  if (typeof model !== 'object' || model === null) return undefined;
  if (typeof (model as Partial<Promise<unknown>>).then === 'function') return 'await it';
  const path = pathToModel(model);
  return path === undefined ? undefined : `pass its ${path}`;
}

/**
 * Throws unless it is a model, saying what to pass instead. `functions`: whether any function of images is one here.
 *
 * @throws ArgumentError
 */
export function checkModel(where: string, model: unknown, { functions }: { functions: boolean }): void {
  if (isTfjsModel(model)) return;
  if (functions && typeof model === 'object' && model !== null && isFunctionModel(model as DetectorModel)) return;
  const kinds = functions ? 'a LayersModel, a GraphModel or { run(images) }' : 'a LayersModel or a GraphModel';
  const way = wayOut(model);
  const isPromise = way === 'await it';
  throw new ArgumentError(where, 'model', way ? `${kinds} (${way})` : kinds, isPromise ? 'a promise' : model);
}
