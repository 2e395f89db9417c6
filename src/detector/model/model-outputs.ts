import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { ArgumentError, ShapeError } from '../../core/errors';
import type { Head, LogitsOf } from '../../scorers/contract/scorer';
import { checkFiniteImagesNow, withoutLostNaN } from '../../tensors/finite-images';
import { checkFiniteWeightsNow } from './finite-weights';
import { denseAt, graphNodes, headAt, logitsNode, nodesBefore } from './graph-end';
import type { GraphModelLike } from './graph-model-like';
import { checkInputShape, inputShapeOf } from './model-shapes';
import { checkFits, watchOverflow, withinHalf } from './watch-overflow';
import { layersModelClass } from './layers-model-class';
import { isHalf, readsAtOnce } from '../../tensors/precision';

/** Where in a model features and logits are. */
export interface OutputNames {
  /** Layer (LayersModel) or node (GraphModel) of the features; by default what goes into the last dense layer. */
  features?: string;
  /**
   * Layer or node of the logits; by default the last dense layer before its softmax, or a GraphModel's first output
   * before its.
   */
  logits?: string;
  /** `'average'`: features [N, H, W, D] become their mean over H and W; without it they are an error. */
  pool?: 'average';
}

/** A model as a function of images that gives features and logits in one pass. */
export interface ModelReader {
  /** The names that are used, for saving. */
  readonly names: { features: string; logits: string };
  /**
   * Features [N, D] and logits [N, C]; the caller owns them.
   *
   * Images and weights are read back and must be finite. On webgpu, which cannot be read at once, the outputs of an
   * image that is not are NaN instead, and the weights are not looked at.
   *
   * @throws ShapeError where the images do not fit the model; NotFiniteError naming the image's row, or the weight
   */
  run(images: tf.Tensor): { features: tf.Tensor2D; logits: tf.Tensor2D };
  /** Logits alone, differentiable where the model is. */
  readonly logitsOf: LogitsOf;
  /** The last dense layer's numbers; undefined where there is none to be found. */
  head(): Promise<Head | undefined>;
}

/** A reader before its checks. */
export interface ModelPasses extends Omit<ModelReader, 'run'> {
  /**
   * As `run`, of images that fit; `fine` [N] (bool), where the backend has half precision, says which rows stayed
   * within it.
   */
  pass(images: tf.Tensor): { features: tf.Tensor2D; logits: tf.Tensor2D; fine?: tf.Tensor1D };
}

const isLayersModel = (model: LayersModel | GraphModelLike): model is LayersModel => 'layers' in model;

/** The names that there are, nearest first, so that a long list starts with what was meant. */
function listed(names: readonly string[], wanted: string): string {
  const shared = (name: string) => {
    const [a, b] = [name.toLowerCase(), wanted.toLowerCase()];
    let length = 0;
    while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
    return length + (a.includes(b) || b.includes(a) ? 100 : 0);
  };
  const sorted = [...names].sort((a, b) => shared(b) - shared(a));
  return sorted.length > 40 ? `${sorted.slice(0, 40).join(', ')} and ${sorted.length - 40} more` : sorted.join(', ');
}

function missing(where: string, what: string, names: readonly string[], wanted: string): ArgumentError {
  return new ArgumentError(where, what, `one of ${listed(names, wanted)}`, wanted);
}

/** [N, D] of features, pooled where asked for. */
function flat(where: string, features: tf.Tensor, pool: 'average' | undefined, name: string): tf.Tensor2D {
  if (features.rank === 2) return features as tf.Tensor2D;
  if (features.rank === 4 && pool === 'average') return tf.mean<tf.Tensor2D>(features, [1, 2]);
  const expected = features.rank === 4 ? "[N, D] (or take pool: 'average')" : '[N, D]';
  throw new ShapeError(where, `output of ${name}`, expected, features.shape);
}

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

function readLayersModel(where: string, model: LayersModel, { features, logits, pool }: OutputNames): ModelPasses {
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
    head: () => (dense ? headOfDense(dense) : Promise.resolve(undefined)),
  };
}

function readGraphModel(
  where: string,
  model: GraphModelLike,
  { features, logits, pool }: OutputNames,
  needsFeatures: boolean,
): ModelPasses {
  const all = Object.keys(graphNodes(model));
  const output = logits ?? logitsNode(model);
  if (needsFeatures) features ??= denseAt(model, output)?.features;
  if (features === undefined && needsFeatures) {
    throw new ArgumentError(where, 'features', `the node of the features: one of ${listed(all, output)}`, 'none');
  }
  for (const [what, name] of [
    ['features', features ?? output],
    ['logits', output],
  ] as const) {
    if (all.length > 0 && !all.includes(name.replace(/:\d+$/, ''))) throw missing(where, what, all, name);
  }
  return {
    names: { features: features ?? output, logits: output },
    pass(images) {
      return tf.tidy(() => {
        // Without a name for them the features are the logits: nobody asked for any.
        const names = features === undefined ? [output] : [output, features];
        const within = isHalf() ? nodesBefore(model, names) : [];
        const outputs = model.execute(images, [...names, ...within]);
        const [z, ...others] = Array.isArray(outputs) ? outputs : [outputs];
        const logits = flat(where, z!, undefined, output);
        const x = features === undefined ? tf.clone(logits) : flat(where, others[0]!, pool, features);
        const fine = within.length > 0 && withinHalf(others.slice(-within.length), images.shape[0]);
        return { features: x, logits, ...(fine && { fine }) };
      });
    },
    logitsOf: (images) => tf.tidy(() => flat(where, model.execute(images, output) as tf.Tensor, undefined, output)),
    head: () => headAt(model, output),
  };
}

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
