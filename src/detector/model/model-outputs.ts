import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkFiniteImages, checkFiniteImagesNow, withoutLostNaN } from '../../tensors/finite-images';
import { readsAtOnce } from '../../tensors/precision';
import { checkFiniteWeights, checkFiniteWeightsNow } from './finite-weights';
import { readOptions } from '../../core/read-options';
import { checkModel } from './detector-model';
import type { GraphModelLike } from './graph-model-like';
import type { ModelPass, ModelPasses, ModelReader, OutputNames } from './model-reader';
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
    ? readLayersModel(where, model, names, needsFeatures)
    : readGraphModel(where, model, names, needsFeatures);
}

/**
 * Features and logits of a classifier, in one pass through it.
 *
 * Of a LayersModel, models inside models too, the features are by default what goes into the last dense layer, or
 * into a last convolution that gives one row for each image, and the logits what that layer gives before its softmax;
 * before a single sigmoid they are -z/2 and z/2, and of several each is a tag of its own. A softmax behind a pooling
 * has logits but no such layer: name the features. Of a GraphModel the logits are by default what its output is the
 * softmax or sigmoid of, however that is written, or the output itself, and the features what goes into the product
 * with constants (or the convolution of 1x1) that ends there; where it ends otherwise, name the nodes.
 *
 * @param model a tfjs LayersModel or GraphModel with one input
 * @param names layers or nodes; an unknown one is an error that lists those that there are
 * @throws ArgumentError for an unknown name, several outputs of which none is chosen, or a model whose logits are not
 *   to be found; `run` throws ShapeError for features of another rank or images that do not fit, NotFiniteError for
 *   images or weights that are not finite, ArgumentError for a graph with loops or branches, which `runAsync` takes
 * @example
 * const { features, logits } = featuresOf(model, { features: 'dense_1' }).run(images);
 */
export function featuresOf(model: LayersModel | GraphModelLike, names: OutputNames | string = {}): ModelReader {
  const where = 'featuresOf';
  checkModel(where, model, { functions: false });
  if (typeof names !== 'string') readOptions(where, names, OUTPUT_NAMES);
  const { pass, passAsync, ...rest } = readModel(
    where,
    model,
    typeof names === 'string' ? { features: names } : names,
    true,
  );
  const withoutLost = (images: tf.Tensor, { features, logits }: ModelPass) => ({
    features: withoutLostNaN(where, images, features),
    logits: withoutLostNaN(where, images, logits),
  });
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
        return readsAtOnce() ? { features, logits } : withoutLost(images, { features, logits });
      });
    },
    async runAsync(images) {
      checkInputShape(where, inputShapeOf(model), images.shape);
      await checkFiniteWeights(where, model);
      await checkFiniteImages(where, images);
      const { features, logits, fine } = await (passAsync ?? pass)(images);
      try {
        if (fine) checkFits(where, await fine.data(), (row) => row);
        return { features, logits };
      } catch (error) {
        tf.dispose([features, logits]);
        throw error;
      } finally {
        fine?.dispose();
      }
    },
  };
}
