import * as tf from '@tensorflow/tfjs-core';
import type { Head } from '../../../scorers/contract/scorer';
import { inputsOf, type Layer, type Place } from './places';

type Sides = readonly (number | null)[];
const sidesOf = ({ tensor }: Place): Sides => tensor.shape.slice(1);
/** Whether it is one row for each image, whatever sides of 1 there are beside it: [N, D], [N, 1, 1, D], [N, D, 1]. */
export const isRow = (place: Place): boolean => sidesOf(place).filter((side) => side !== 1).length <= 1;
export const columnsOf = (place: Place): number => sidesOf(place).reduce<number>((all, side) => all * (side ?? NaN), 1);

/** [N, D] of a tensor of rows, and of any where `all` is set. */
export function rowsOf(x: tf.Tensor, all = false): tf.Tensor {
  const sides = x.shape.slice(1);
  if (x.rank <= 2 || (!all && sides.filter((side) => side !== 1).length > 1)) return x;
  return tf.reshape(x, [x.shape[0], sides.reduce((product, side) => product * side, 1)]);
}

/** The function that comes last in a layer; undefined where the layer has no such thing. */
export function activationOf(layer: Layer): string | undefined {
  const kind = layer.getClassName();
  if (kind === 'Softmax') return 'softmax';
  if (['ReLU', 'LeakyReLU', 'PReLU', 'ELU', 'ThresholdedReLU'].includes(kind)) return kind;
  if (!['Activation', 'Dense', 'Conv1D', 'Conv2D'].includes(kind)) return undefined;
  return layer.getConfig().activation as string;
}

const ONLY_IN_TRAINING = ['Dropout', 'SpatialDropout1D', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout'];
const SAME_NUMBERS = ['Flatten', 'Reshape', 'Permute'];

/** What a layer only hands on, the same numbers in the same order. */
export function handedOn(place: Place): Place | undefined {
  const kind = place.tensor.sourceLayer.getClassName();
  const [input] = inputsOf(place);
  if (!input || !isRow(place) || !isRow(input)) return undefined;
  const isSame = ONLY_IN_TRAINING.includes(kind) || SAME_NUMBERS.includes(kind);
  return isSame || (kind === 'Activation' && activationOf(place.tensor.sourceLayer) === 'linear') ? input : undefined;
}

/** A layer whose output is `activation(x W + b)` of one row x for each image: a dense one, or such a convolution. */
export interface Product {
  readonly place: Place;
  readonly layer: Layer;
  /** Of x, as it goes in: [N, ..., D]. */
  readonly input: Place;
  readonly activation: string;
  /** W [D, C] of the kernel as the layer keeps it. */
  weightsOf(kernel: tf.Tensor): tf.Tensor2D;
}

/** The part of a kernel [...sizes, D, C] that falls on a map [...sides, D], as [D, C]; undefined where it goes on. */
function partOnMap(layer: Layer, sides: Sides): Product['weightsOf'] | undefined {
  const { kernelSize, padding, dilationRate, dataFormat } = layer.getConfig() as {
    kernelSize: number | number[];
    padding: string;
    dilationRate: number | number[];
    dataFormat?: string;
  };
  const sizes = [kernelSize].flat();
  const isUndilated = [dilationRate].flat().every((rate) => rate === 1);
  const map = dataFormat === 'channelsFirst' ? sides.slice(1) : sides.slice(0, -1);
  const [isPoint, isWhole] = [map.every((side) => side === 1), map.every((side, i) => side === sizes[i])];
  const flat = (part: tf.Tensor) => tf.reshape<tf.Rank.R2>(part, [-1, part.shape.at(-1)!]);
  if (isWhole && (isPoint || (padding === 'valid' && isUndilated && dataFormat !== 'channelsFirst'))) return flat;
  if (!isPoint || padding !== 'same' || !isUndilated) return undefined;
  // Of a wider kernel all but one place lies beyond the single point.
  const begin = sizes.map((size) => Math.floor((size - 1) / 2));
  return (kernel) => flat(tf.slice(kernel, [...begin, 0, 0], [...begin.map(() => 1), -1, -1]));
}

/** The product that is made here, if one is. */
export function productAt(place: Place): Product | undefined {
  const layer = place.tensor.sourceLayer;
  const [input] = inputsOf(place);
  if (!input || !isRow(place)) return undefined;
  const found = (weightsOf: Product['weightsOf'] | undefined) =>
    weightsOf && { place, layer, input, activation: activationOf(layer)!, weightsOf };
  const kind = layer.getClassName();
  // Of rows [N, T, 1] a dense layer is over the T steps.
  const isOneStep = isRow(input) && sidesOf(input).at(-1) === columnsOf(input);
  if (kind === 'Dense' && isOneStep) return found((kernel) => kernel as tf.Tensor2D);
  return kind === 'Conv1D' || kind === 'Conv2D' ? found(partOnMap(layer, sidesOf(input))) : undefined;
}

/** x W + b [N, C] before the activation, of what goes into the layer. */
export function layerProduct({ layer, weightsOf }: Product, input: tf.Tensor): tf.Tensor2D {
  const [kernel, bias] = layer.getWeights();
  const product = tf.matMul<tf.Tensor2D>(rowsOf(input, true), weightsOf(kernel!));
  return bias ? tf.add<tf.Tensor2D>(product, bias) : product;
}

/** W and b as numbers. */
export async function layerHead({ layer, weightsOf }: Product): Promise<Head> {
  const [kernel, bias] = layer.getWeights();
  const weights = tf.tidy(() => tf.clone(weightsOf(kernel!)));
  const [size, classes] = weights.shape;
  try {
    return {
      weights: Float32Array.from(await weights.data()),
      bias: bias ? Float32Array.from(await bias.data()) : new Float32Array(classes),
      shape: [size, classes],
    };
  } finally {
    weights.dispose();
  }
}
