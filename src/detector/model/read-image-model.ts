import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../../core/errors';
import { check, FUNCTION } from '../../core/check';
import { isRecord } from '../../core/saved/json';
import type { ScorerMethod } from '../../scorers/contract/scorer';
import { MEANING, usesLogits } from '../logit-meaning';
import { isFunctionModel, type DetectorModel, type FunctionModel, type FunctionOutputs } from './detector-model';
import type { GraphModelLike } from './graph-model-like';
import type { ImageModel } from './image-blocks';
import { readModel } from './model-outputs';
import type { OutputNames } from './model-reader';
import { readGraphFeatures } from './read-graph-model';
import { readLayersFeatures } from './read-layers-model';

const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

/** The tensors that a function returned, itself or under names: of other objects it may want what they hold. */
const tensorsIn = (returned: unknown): tf.Tensor[] =>
  (isTensor(returned) ? [returned] : Object.values(returned ?? {}).flat()).filter(isTensor);

/** A function as the fit goes through it. */
function readFunction(where: string, model: FunctionModel): ImageModel {
  const { meaning, logitsOf } = model;
  if (meaning !== undefined) check(where, 'model.meaning', meaning, MEANING);
  if (model.head !== undefined) check(where, 'model.head', model.head, FUNCTION);
  return {
    meaning,
    ...(logitsOf && { logitsOf }),
    head: async () => model.head?.(),
    async pass(images) {
      const outputs: FunctionOutputs | null | undefined = await model.run(images);
      const { features, logits }: FunctionOutputs = isRecord(outputs) && !isTensor(outputs) ? outputs : {};
      const used: unknown[] = [features, logits, images];
      tf.dispose(tensorsIn(outputs).filter((one) => !used.includes(one)));
      if ((features ?? logits ?? undefined) === undefined) {
        const received = isTensor(outputs) ? 'a tensor' : Array.isArray(outputs) ? 'a list' : outputs;
        throw new ArgumentError(where, 'model.run', 'a function that returns { features, logits }', received);
      }
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

/** A model of which a method wants features alone. */
const featuresAlone = (where: string, model: LayersModel | GraphModelLike, names: OutputNames): ImageModel => ({
  meaning: undefined,
  head: () => Promise.resolve(undefined),
  ...('layers' in model ? readLayersFeatures(where, model, names) : readGraphFeatures(where, model, names)),
});

/**
 * A model of any kind, for one method. Names are those of layers and nodes, which a function has none of. Where only
 * features are wanted, a model without logits will do, once they are named.
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
  const { features, logits, output } = names;
  const asked = [...method.needs, ...(method.fitNeeds ?? [])];
  const isOfFeatures = logits === undefined && !usesLogits(method);
  if (isOfFeatures && features !== undefined && endsWithMaps(model)) return featuresAlone(where, model, names);
  try {
    return readModel(where, model, names, asked.includes('features'));
  } catch (error) {
    if (!isOfFeatures || !(error instanceof ArgumentError)) throw error;
    // Without a name for the features an output of several must be chosen: they are then found behind it.
    const isUnchosen = error.details.what === 'output' && output === undefined && features !== undefined;
    if (error.details.what !== 'model' && !isUnchosen) throw error;
    return featuresAlone(where, model, names);
  }
}
