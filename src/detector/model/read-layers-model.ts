import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ArgumentError } from '../../core/errors';
import type { Head } from '../../scorers/contract/scorer';
import { layersModelClass } from './layers-model-class';
import type { ModelPasses, OutputNames } from './model-reader';
import { flat, missing } from './named-outputs';
import { watchOverflow } from './watch-overflow';

/** A LayersModel's last dense layer and what comes after it. */
function lastDense(where: string, model: LayersModel) {
  const layers = [...model.layers].reverse();
  const place = layers.findIndex((layer) => layer.getClassName() === 'Dense');
  const after = layers.slice(0, Math.max(place, 0));
  const isSoftmax = (layer: (typeof layers)[number]) =>
    layer.getClassName() === 'Softmax' ||
    (layer.getClassName() === 'Activation' && layer.getConfig().activation === 'softmax');
  if (place < 0 || after.length > 1 || !after.every(isSoftmax)) {
    const expected = 'a model that ends with a dense layer and a softmax (name the layer of the logits otherwise)';
    const received = layers[0] ? `one that ends with ${layers[0].getClassName()} '${layers[0].name}'` : 'an empty one';
    throw new ArgumentError(where, 'model', expected, received);
  }
  const dense = layers[place]!;
  const activation = dense.getConfig().activation;
  if (activation !== 'linear' && activation !== 'softmax') {
    const expected =
      "a last dense layer with activation 'linear' or 'softmax' (name the layer of the logits otherwise)";
    throw new ArgumentError(where, 'model', expected, JSON.stringify(activation));
  }
  return dense;
}

/** W and b of a dense layer as numbers. */
async function headOfDense(dense: LayersModel['layers'][number]): Promise<Head> {
  const [kernel, bias] = dense.getWeights() as [tf.Tensor2D, tf.Tensor1D | undefined];
  const [size, classes] = kernel.shape;
  const numbers = async (tensor: tf.Tensor) => Float32Array.from(await tensor.data());
  return {
    weights: await numbers(kernel),
    bias: bias ? await numbers(bias) : new Float32Array(classes),
    shape: [size, classes],
  };
}

/** As `featuresOf`, of a LayersModel. */
export function readLayersModel(
  where: string,
  model: LayersModel,
  { features, logits, pool }: OutputNames,
): ModelPasses {
  const layerOutput = (what: string, name: string): SymbolicTensor => {
    const layer = model.layers.find((one) => one.name === name);
    if (!layer)
      throw missing(
        where,
        what,
        model.layers.map((one) => one.name),
        name,
      );
    return layer.output as SymbolicTensor;
  };
  if (model.inputs.length !== 1) {
    throw new ArgumentError(where, 'model', 'a model with one input', `${model.inputs.length} inputs`);
  }
  const dense = logits === undefined ? lastDense(where, model) : undefined;
  const featureOutput =
    features === undefined ? (dense ?? lastDense(where, model)).input : layerOutput('features', features);
  const logitOutput = dense ? dense.input : layerOutput('logits', logits!);
  // The same tensor named twice comes back once from tfjs-layers.
  const wanted = [...new Set([featureOutput, logitOutput])] as SymbolicTensor[];
  const Model = layersModelClass(where, model);
  const inner = new Model({ inputs: model.inputs, outputs: wanted });
  // Of a dense layer with a softmax the logits are what the softmax is of: its own product, taken here.
  const toLogits = (x: tf.Tensor): tf.Tensor2D => {
    if (!dense) return flat(where, x, undefined, logits!);
    const [kernel, bias] = dense.getWeights() as [tf.Tensor2D, tf.Tensor1D | undefined];
    const product: tf.Tensor2D = tf.matMul(x, kernel);
    return bias ? tf.add<tf.Tensor2D>(product, bias) : product;
  };
  const apply = (images: tf.Tensor): [features: tf.Tensor, last: tf.Tensor] => {
    const outputs = inner.apply(images, { training: false });
    return Array.isArray(outputs) ? (outputs as [tf.Tensor, tf.Tensor]) : [outputs as tf.Tensor, outputs as tf.Tensor];
  };
  const featureName = features ?? `the input of ${(dense ?? lastDense(where, model)).name}`;
  return {
    names: { features: featureName, logits: logits ?? dense!.name },
    pass(images) {
      const run = () =>
        tf.tidy(() => {
          const [x, last] = apply(images);
          return { features: flat(where, x, pool, featureName), logits: toLogits(last) };
        });
      const { result, fine } = watchOverflow(inner, images.shape[0], run);
      return { ...result, ...(fine && { fine }) };
    },
    logitsOf: (images) => tf.tidy(() => toLogits(apply(images)[1])),
    meaning: 'classes',
    head: () => (dense ? headOfDense(dense) : Promise.resolve(undefined)),
  };
}
