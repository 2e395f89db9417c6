import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../../core/errors';
import { check } from '../../core/check';
import type { ScorerMethod } from '../../scorers/contract/scorer';
import type { Embeddings } from '../../tensors/embeddings';
import { MEANING, usesLogits } from '../logit-meaning';
import {
  isFunctionModel,
  type DetectorModel,
  type FunctionModel,
  type FunctionOutputs,
  type GivenRows,
} from './detector-model';
import type { GraphModelLike } from './graph-model-like';
import type { ImageModel } from './image-blocks';
import { readModel } from './model-outputs';
import type { OutputNames } from './model-reader';
import { flat, missing } from './named-outputs';
import { watchOverflow } from './watch-overflow';

/** Rows with a shape, whatever its name was; what they are is checked where they are read. */
function shaped(rows: GivenRows | undefined): Embeddings | undefined {
  const isNamedDims = typeof rows === 'object' && rows !== null && 'dims' in rows && !('shape' in rows);
  return (isNamedDims ? { data: rows.data, shape: rows.dims } : rows) as Embeddings | undefined;
}

/** A function as the fit goes through it. */
function readFunction(where: string, model: FunctionModel): ImageModel {
  const { meaning, logitsOf } = model;
  if (meaning !== undefined) check(where, 'model.meaning', meaning, MEANING);
  return {
    meaning,
    ...(logitsOf && { logitsOf }),
    head: async () => model.head?.(),
    async pass(images) {
      const outputs: FunctionOutputs | null | undefined = await model.run(images);
      if (typeof outputs !== 'object' || outputs === null) {
        throw new ArgumentError(where, 'model.run', 'a function that returns { features, logits }', outputs);
      }
      const [features, logits] = [shaped(outputs.features), shaped(outputs.logits)];
      return { ...(features !== undefined && { features }), ...(logits !== undefined && { logits }) };
    },
  };
}

/** Whether it is plain before a run that the last output of a graph is no row of logits for each image. */
function endsWithMaps(model: object): boolean {
  if ('layers' in model) return false;
  const { outputs } = model as { outputs?: readonly { shape?: readonly unknown[] | undefined }[] };
  const rank = outputs?.[0]?.shape?.length;
  return rank !== undefined && rank > 2;
}

/** The features of a named layer or node, of a model without logits. */
function featuresAlone(
  where: string,
  model: LayersModel | GraphModelLike,
  name: string,
  pool: OutputNames['pool'],
): ImageModel {
  const isLayered = 'layers' in model;
  const layer = isLayered ? model.layers.find((one) => one.name === name) : undefined;
  if (isLayered && !layer) {
    throw missing(
      where,
      'features',
      model.layers.map((one) => one.name),
      name,
    );
  }
  const output = layer ? (layer.output as SymbolicTensor).name : name;
  const pass = (images: tf.Tensor) =>
    tf.tidy(() => ({ features: flat(where, model.execute(images, output) as tf.Tensor, pool, name) }));
  return {
    meaning: undefined,
    head: () => Promise.resolve(undefined),
    pass(images) {
      if (!isLayered) return pass(images);
      const { result, fine } = watchOverflow(model, images.shape[0], () => pass(images));
      return { ...result, ...(fine && { fine }) };
    },
  };
}

/**
 * A model of any kind, for one method. Names are those of layers and nodes, which a function has none of. Where only
 * features are named, and wanted, a model without logits will do.
 */
export function readImageModel(
  where: string,
  model: DetectorModel,
  names: OutputNames,
  method: ScorerMethod,
): ImageModel {
  if (isFunctionModel(model)) {
    const [named] = Object.entries(names);
    if (named) throw new ArgumentError(where, named[0], 'left out, as the model is a function', named[1]);
    return readFunction(where, model);
  }
  const { features, logits, pool } = names;
  const asked = [...method.needs, ...(method.fitNeeds ?? [])];
  const isEnough = features !== undefined && logits === undefined && !usesLogits(method);
  if (isEnough && endsWithMaps(model)) return featuresAlone(where, model, features, pool);
  try {
    return readModel(where, model, names, asked.includes('features'));
  } catch (error) {
    const isWithoutLogits =
      error instanceof ArgumentError && ['model', 'logits', 'output'].includes(error.details.what);
    if (!isEnough || !isWithoutLogits) throw error;
    return featuresAlone(where, model, features, pool);
  }
}
