import type { GraphModel } from '@tensorflow/tfjs-converter';
import { seededRandom } from 'tfjs-ood';
import {
  conv,
  fused,
  keepDims,
  node,
  placeholder,
  product,
  tfjsGraph,
  type Constant,
  type GraphParts,
} from './tfjs-graph';

/** How the graph ends. */
export type GraphEnd = 'softmax' | 'logits' | 'fused' | 'relu' | 'no-bias';

const SHAPES = {
  filter: [3, 3, 1, 4],
  filterBias: [4],
  hiddenKernel: [4, 5],
  hiddenBias: [5],
  kernel: [5, 3],
  bias: [3],
};

/** Normal numbers of these shapes. */
export function constants(shapes: Readonly<Record<string, number[]>>, seed: number): Record<string, Constant> {
  const random = seededRandom(seed);
  const drawn = (shape: number[]) => ({
    shape,
    values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
  });
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, drawn(shape)]));
}

/** What is common to the graphs: images [N, H, W, 1] -> convolution -> mean over H and W -> dense 'hidden' of 5. */
export const body = [
  placeholder('images', [-1, 6, 6, 1]),
  node('conv', 'Conv2D', ['images', 'filter'], conv()),
  node('convBias', 'BiasAdd', ['conv', 'filterBias']),
  node('maps', 'Relu', ['convBias']),
  node('mean', 'Mean', ['maps', 'axes'], keepDims(false)),
  node('hiddenProduct', 'MatMul', ['mean', 'hiddenKernel'], product()),
  node('hiddenSum', 'BiasAdd', ['hiddenProduct', 'hiddenBias']),
  node('hidden', 'Relu', ['hiddenSum']),
];

/** A graph of that body and these nodes after it, which may use a `kernel` [5, classes] and a `bias`. */
export function graphAfterHidden(
  nodes: readonly object[],
  { classes = 3, images = body[0]!, ...more }: Partial<GraphParts> & { classes?: number; images?: object } = {},
): Promise<GraphModel> {
  const own = { ...SHAPES, kernel: [5, classes], bias: [classes] };
  const axes: Constant = { shape: [2], values: [1, 2], dtype: 'int32' };
  return tfjsGraph({
    ...more,
    nodes: [images, ...body.slice(1), ...nodes],
    constants: { ...constants(own, 1), axes, ...more.constants },
  });
}

/**
 * A GraphModel as tfjs-converter writes it, loaded by tfjs-converter: images [N, H, W, 1] -> convolution -> mean over H
 * and W -> dense 'hidden' of 5 -> dense 'scores' of 3 -> softmax.
 */
export async function graphModel(end: GraphEnd = 'softmax', seed = 1): Promise<GraphModel> {
  const { bias, ...others } = SHAPES;
  const last = {
    softmax: [
      node('product', 'MatMul', ['hidden', 'kernel'], product()),
      node('scores', 'BiasAdd', ['product', 'read']),
      node('shares', 'Softmax', ['scores']),
      node('end', 'Identity', ['shares']),
    ],
    logits: [node('product', 'MatMul', ['hidden', 'kernel'], product()), node('end', 'AddV2', ['product', 'read'])],
    fused: [
      node('scores', '_FusedMatMul', ['hidden', 'kernel', 'read'], { ...product(), ...fused('BiasAdd') }),
      node('end', 'Softmax', ['scores']),
    ],
    relu: [
      node('product', 'MatMul', ['hidden', 'kernel'], product()),
      node('scores', 'BiasAdd', ['product', 'read']),
      node('end', 'Relu', ['scores']),
    ],
    'no-bias': [node('end', 'MatMul', ['hidden', 'kernel'], product())],
  }[end];
  return tfjsGraph({
    constants: {
      ...constants(end === 'no-bias' ? others : { ...others, bias }, seed),
      axes: { shape: [2], values: [1, 2], dtype: 'int32' },
    },
    nodes: [...body, ...(end === 'no-bias' ? [] : [node('read', 'Identity', ['bias'])]), ...last],
  });
}
