import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from 'tfjs-ood';

const text = (word: string) => ({ s: btoa(word) });
const T = { type: 'DT_FLOAT' };

/** How the graph ends. */
export type GraphEnd = 'softmax' | 'logits' | 'fused' | 'relu' | 'no-bias';

/**
 * A GraphModel as tfjs-converter writes it, loaded by tfjs-converter: images [N, H, W, 1] -> convolution -> mean over H
 * and W -> dense 'hidden' of 5 -> dense 'scores' of 3 -> softmax. `numbers` are its weights by name.
 */
export async function graphModel(end: GraphEnd = 'softmax', seed = 1): Promise<GraphModel> {
  const random = seededRandom(seed);
  const shapes: Record<string, number[]> = {
    filter: [3, 3, 1, 4],
    filterBias: [4],
    hiddenKernel: [4, 5],
    hiddenBias: [5],
    kernel: [5, 3],
    ...(end !== 'no-bias' && { bias: [3] }),
  };
  const specs: tf.io.WeightsManifestEntry[] = [];
  const numbers: number[] = [];
  for (const [name, shape] of Object.entries(shapes)) {
    specs.push({ name, shape, dtype: 'float32' });
    for (let i = shape.reduce((a, b) => a * b, 1); i > 0; i--) numbers.push(random.normal());
  }
  specs.push({ name: 'axes', shape: [2], dtype: 'int32' });
  const weightData = new Uint8Array(4 * numbers.length + 8);
  weightData.set(new Uint8Array(Float32Array.from(numbers).buffer));
  weightData.set(new Uint8Array(Int32Array.of(1, 2).buffer), 4 * numbers.length);

  const constant = ({ name, shape, dtype }: tf.io.WeightsManifestEntry) => {
    const type = dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT';
    const tensorShape = { dim: shape.map((size) => ({ size: String(size) })) };
    return { name, op: 'Const', attr: { dtype: { type }, value: { tensor: { dtype: type, tensorShape } } } };
  };
  const ones = { list: { i: ['1', '1', '1', '1'] } };
  const product = { T, transpose_a: { b: false }, transpose_b: { b: false } };
  const conv = { T, strides: ones, dilations: ones, padding: text('SAME'), data_format: text('NHWC') };
  const node = (name: string, op: string, input: string[], attr: object = { T }) => ({ name, op, input, attr });
  const last = {
    softmax: [
      node('product', 'MatMul', ['hidden', 'kernel'], product),
      node('scores', 'BiasAdd', ['product', 'read']),
      node('shares', 'Softmax', ['scores']),
      node('end', 'Identity', ['shares']),
    ],
    logits: [node('product', 'MatMul', ['hidden', 'kernel'], product), node('end', 'AddV2', ['product', 'read'])],
    fused: [
      node('scores', '_FusedMatMul', ['hidden', 'kernel', 'read'], {
        ...product,
        fused_ops: { list: { s: [btoa('BiasAdd')] } },
        num_args: { i: '1' },
      }),
      node('end', 'Softmax', ['scores']),
    ],
    relu: [
      node('product', 'MatMul', ['hidden', 'kernel'], product),
      node('scores', 'BiasAdd', ['product', 'read']),
      node('end', 'Relu', ['scores']),
    ],
    'no-bias': [node('end', 'MatMul', ['hidden', 'kernel'], product)],
  }[end];
  const modelTopology = {
    node: [
      node('images', 'Placeholder', [], {
        dtype: T,
        shape: { shape: { dim: ['-1', '6', '6', '1'].map((size) => ({ size })) } },
      }),
      ...specs.map(constant),
      ...(end === 'no-bias' ? [] : [node('read', 'Identity', ['bias'])]),
      node('conv', 'Conv2D', ['images', 'filter'], conv),
      node('convBias', 'BiasAdd', ['conv', 'filterBias']),
      node('maps', 'Relu', ['convBias']),
      node('mean', 'Mean', ['maps', 'axes'], { T, Tidx: { type: 'DT_INT32' }, keep_dims: { b: false } }),
      node('hiddenProduct', 'MatMul', ['mean', 'hiddenKernel'], product),
      node('hiddenSum', 'BiasAdd', ['hiddenProduct', 'hiddenBias']),
      node('hidden', 'Relu', ['hiddenSum']),
      ...last,
    ],
    versions: { producer: 1 },
  };
  const artifacts = { modelTopology, weightSpecs: specs, weightData: weightData.buffer, format: 'graph-model' };
  return loadGraphModel(tf.io.fromMemory(artifacts));
}
