import * as tf from '@tensorflow/tfjs-core';
import type { Head } from '../../../scorers/contract/scorer';
import { behind, behindShape, constantAt, CONVOLUTIONS, nodeAt, PRODUCTS, SUMS, tensorNamed } from './graph-nodes';
import type { Graph } from './graph-nodes';

/** A product of features [N, D] and a kernel of constants, plus perhaps a bias [C]; the weights are the model's. */
export interface GraphDense {
  /** [N, D], or [N, 1, 1, D] where it is a convolution of 1x1. */
  features: string;
  /** D * C numbers. */
  kernel: tf.Tensor;
  shape: readonly [size: number, classes: number];
  /** The kernel is [C, D]. */
  isTransposed: boolean;
  bias?: tf.Tensor;
}

/** The product that a node is, and what it makes of it at once. */
function productAt(graph: Graph, tensor: string): (GraphDense & { activation?: string }) | undefined {
  const node = nodeAt(graph, tensor);
  if (!node) return undefined;
  const attr = (name: string) => node.attrParams?.[name]?.value;
  const [features, weights, addend] = node.inputNames ?? [];
  const kernel = constantAt(graph, weights);
  if (features === undefined || !kernel) return undefined;
  const isTransposed = attr('transposeB') === true;
  const [rows = 0, columns = 0] = kernel.shape.slice(-2);
  const isDense = PRODUCTS.includes(node.op) && kernel.rank === 2 && !attr('transposeA');
  const isPoint = CONVOLUTIONS.includes(node.op) && kernel.rank === 4 && kernel.shape[0] === 1 && kernel.shape[1] === 1;
  if (!isDense && !isPoint) return undefined;
  const [first, ...others] = (attr('fusedOps') ?? []) as readonly string[];
  const bias = first === 'biasadd' ? constantAt(graph, addend) : undefined;
  const activations = bias ? others : [first, ...others];
  const classes = isTransposed ? rows : columns;
  if (activations.length > 1 || (bias && bias.size !== classes)) return undefined;
  return {
    features: tensorNamed(features),
    kernel,
    shape: [isTransposed ? columns : rows, classes],
    isTransposed,
    ...(bias && { bias }),
    ...(activations[0] !== undefined && { activation: activations[0] }),
  };
}

/** The dense layer (or convolution of 1x1) that ends at a tensor, if one does. */
export function denseAt(graph: Graph, tensor: string): GraphDense | undefined {
  const last = behindShape(graph, tensor);
  const node = nodeAt(graph, last);
  if (node && SUMS.includes(node.op)) {
    const [first = '', second = ''] = node.inputNames ?? [];
    const bias = constantAt(graph, second) ?? constantAt(graph, first);
    const product = denseAt(graph, constantAt(graph, second) ? first : second);
    return bias && product && !product.bias && bias.size === product.shape[1] ? { ...product, bias } : undefined;
  }
  const { activation, ...product } = productAt(graph, last) ?? {};
  return activation === undefined && 'kernel' in product ? product : undefined;
}

/** The dense layer whose sigmoid is taken in the same node. */
export function fusedSigmoidAt(graph: Graph, tensor: string): GraphDense | undefined {
  const { activation, ...product } = productAt(graph, behind(graph, tensor)) ?? {};
  return activation === 'sigmoid' ? (product as GraphDense) : undefined;
}

/** W x + b [N, C] of features [N, D]. */
export function graphProduct({ kernel, shape, isTransposed, bias }: GraphDense, x: tf.Tensor2D): tf.Tensor2D {
  const [size, classes] = shape;
  const matrix = tf.reshape<tf.Rank.R2>(kernel, isTransposed ? [classes, size] : [size, classes]);
  const product: tf.Tensor2D = tf.matMul(x, matrix, false, isTransposed);
  return bias ? tf.add(product, tf.reshape(bias, [classes])) : product;
}

/** W and b of a dense layer of a GraphModel as numbers. */
export async function graphHead({ kernel, shape, isTransposed, bias }: GraphDense): Promise<Head> {
  const [size, classes] = shape;
  const given = await kernel.data();
  const weights = Float32Array.from({ length: size * classes }, (_, i) => {
    const [d, c] = [Math.floor(i / classes), i % classes];
    return given[isTransposed ? c * size + d : i]!;
  });
  return { weights, bias: bias ? Float32Array.from(await bias.data()) : new Float32Array(classes), shape };
}
