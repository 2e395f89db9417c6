import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../../core/errors';
import { checkLayersModel } from './check-layers-model';
import { featureProduct, findLogits } from './layers/find-logits';
import { columnsOf, layerHead, layerProduct, rowsOf } from './layers/last-products';
import { listedPlaces, pathOf, placeNamed } from './layers/named-layer';
import { namedPlaces, type NamedPlace, type Place } from './layers/places';
import { runTo } from './layers/run-layers';
import type { FeaturePasses, ModelPasses, OutputNames } from './model-reader';
import { flat } from './named-outputs';
import { twoClassHead, twoClassLogits } from './two-classes';
import { watchOverflow } from './watch-overflow';

/** What has a name in a model of one input. @throws ArgumentError */
function placesOf(where: string, model: LayersModel): NamedPlace[] {
  checkLayersModel(where, model);
  if (model.inputs.length === 1) return namedPlaces(model);
  throw new ArgumentError(where, 'model', 'a model with one input', `${model.inputs.length} inputs`);
}

/** As `runTo`, of images that the model takes. @throws ArgumentError for floats where it takes whole numbers */
function runOf(where: string, model: LayersModel, places: readonly Place[]): ReturnType<typeof runTo> {
  const run = runTo(model, places);
  return (images) => {
    // tfjs would cut them off: pixels between 0 and 1 are all 0 then.
    if (model.inputs[0]!.dtype !== 'int32' || images.dtype === 'int32') return run(images);
    const expected = 'a tensor of int32, pixels from 0 to 255, as the model takes';
    throw new ArgumentError(where, 'images', expected, images.dtype);
  };
}

function withoutFeatures(where: string, places: readonly NamedPlace[], near: string): ArgumentError {
  const expected = `the layer of the features: one of ${listedPlaces(places, near)}`;
  return new ArgumentError(where, 'features', expected, 'none');
}

/** The features of a named layer, where nobody asks for logits. */
export function readLayersFeatures(where: string, model: LayersModel, { features, pool }: OutputNames): FeaturePasses {
  const places = placesOf(where, model);
  if (features === undefined) throw withoutFeatures(where, places, model.outputs[0]!.sourceLayer.name);
  const run = runOf(where, model, [placeNamed(where, 'features', places, features).place]);
  return {
    pass(images) {
      const rows = () => tf.tidy(() => flat(where, rowsOf(run(images)[0]!), pool, features));
      const { result, fine } = watchOverflow(model, images.shape[0], rows);
      return { features: result, ...(fine && { fine }) };
    },
  };
}

/** As `featuresOf`, of a LayersModel; features are the logits where there are none to be found and nobody needs any. */
export function readLayersModel(
  where: string,
  model: LayersModel,
  names: OutputNames,
  needsFeatures: boolean,
): ModelPasses {
  const places = placesOf(where, model);
  const { at, product, activation } = findLogits(where, model, places, names);
  const logitsName = names.logits ?? pathOf(places, at);
  const isTwoClasses = activation === 'sigmoid' && columnsOf(at) === 1;
  // Where the layer holds the activation, its own product is taken here.
  const ownProduct = product?.activation === 'linear' ? undefined : product;
  const toLogits = (last: tf.Tensor): tf.Tensor2D => {
    const z = ownProduct ? layerProduct(ownProduct, last) : flat(where, rowsOf(last), undefined, logitsName);
    return isTwoClasses ? twoClassLogits(z) : z;
  };

  const named = names.features === undefined ? undefined : placeNamed(where, 'features', places, names.features);
  const behind = named ? undefined : featureProduct(model, { at, product, activation });
  if (!named && !behind && needsFeatures) throw withoutFeatures(where, places, logitsName);
  const featuresName = names.features ?? (behind ? `the input of ${pathOf(places, behind.place)}` : logitsName);
  const toFeatures = (x: tf.Tensor): tf.Tensor2D => {
    // A convolution as wide as its map takes all of it.
    const isWhole = behind !== undefined && names.pool === undefined;
    return flat(where, rowsOf(x, isWhole), names.pool, featuresName);
  };

  const source = ownProduct?.input ?? at;
  const features = named?.place ?? behind?.input;
  const run = runOf(where, model, features ? [source, features] : [source]);
  const runToLogits = runOf(where, model, [source]);
  return {
    names: { features: featuresName, logits: logitsName },
    pass(images) {
      const both = () =>
        tf.tidy(() => {
          const [last, x] = run(images);
          const logits = toLogits(last!);
          // Each is its owner's to free, where they are one tensor too.
          return { features: x ? tf.clone(toFeatures(x)) : tf.clone(logits), logits };
        });
      const { result, fine } = watchOverflow(model, images.shape[0], both);
      return { ...result, ...(fine && { fine }) };
    },
    logitsOf: (images) => tf.tidy(() => toLogits(runToLogits(images)[0]!)),
    meaning: activation === 'sigmoid' && !isTwoClasses ? 'tags' : 'classes',
    async head() {
      const head = product && (await layerHead(product));
      return head && isTwoClasses ? twoClassHead(head) : head;
    },
  };
}
