import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { readOptions } from '../../core/read-options';
import { checkFiniteImagesNow, withoutLostNaN } from '../../tensors/finite-images';
import { readsAtOnce } from '../../tensors/precision';
import { checkModel } from './detector-model';
import { checkFiniteWeightsNow } from './finite-weights';
import type { GraphModelLike } from './graph-model-like';
import type { ModelPasses, ModelReader, OutputNames } from './model-reader';
import { checkInputShape, inputShapeOf } from './model-shapes';
import { OUTPUT_NAMES } from './named-outputs';
import { readGraphModel } from './read-graph-model';
import { readLayersModel } from './read-layers-model';
import { checkFits } from './watch-overflow';

const isLayersModel = (model: LayersModel | GraphModelLike): model is LayersModel => 'layers' in model;

/** As {@link featuresOf}; a GraphModel's features need a name only where somebody wants them. */
export function readModel(
  where: string,
  model: LayersModel | GraphModelLike,
  names: OutputNames,
  needsFeatures: boolean,
): ModelPasses {
  return isLayersModel(model)
    ? readLayersModel(where, model, names)
    : readGraphModel(where, model, names, needsFeatures);
}

/**
 * Features and logits of a classifier, in one pass through it.
 *
 * Of a LayersModel the features are by default what goes into the last dense layer, and the logits what that layer
 * gives before its softmax. Of a GraphModel the logits are by default its first output, or what that is the softmax of,
 * and the features what goes into the product with constants that ends there; where it ends otherwise, name the nodes.
 *
 * @param model a tfjs LayersModel or GraphModel with one input
 * @param names layers or nodes; an unknown one is an error that lists those that there are
 * @throws ArgumentError for an unknown name, or a model whose logits are not to be found; `run` throws ShapeError for
 *   features of another rank or images that do not fit, NotFiniteError for images or weights that are not finite
 * @example
 * const { features, logits } = featuresOf(model, { features: 'dense_1' }).run(images);
 */
export function featuresOf(model: LayersModel | GraphModelLike, names: OutputNames | string = {}): ModelReader {
  const where = 'featuresOf';
  checkModel(where, model, { functions: false });
  if (typeof names !== 'string') readOptions(where, names, OUTPUT_NAMES);
  const { pass, ...rest } = readModel(where, model, typeof names === 'string' ? { features: names } : names, true);
  return {
    ...rest,
    run(images) {
      checkInputShape(where, inputShapeOf(model), images.shape);
      checkFiniteWeightsNow(where, model);
      if (readsAtOnce()) checkFiniteImagesNow(where, images);
      return tf.tidy(() => {
        const { features, logits, fine } = pass(images);
        try {
          if (fine) checkFits(where, fine.dataSync(), (row) => row);
        } finally {
          fine?.dispose(); // it is kept, against the tidies of the layers
        }
        if (readsAtOnce()) return { features, logits };
        return { features: withoutLostNaN(where, images, features), logits: withoutLostNaN(where, images, logits) };
      });
    },
  };
}
