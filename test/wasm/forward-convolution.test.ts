import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import 'tfjs-ood/wasm';
import fc from 'fast-check';
import { beforeAll, describe, test } from 'vitest';
import { expectClose } from '../expect-close';

type Pair = [number, number];
interface Case {
  size: Pair;
  filter: Pair;
  strides: Pair;
  dilations: Pair;
  pad: 'same' | 'valid';
}
interface Shape {
  x: tf.Tensor4D;
  filter: tf.Tensor4D;
}
type Convolution = (tensors: Shape, conv: Case) => tf.Tensor;

const [CHANNELS, MULTIPLIER] = [2, 3];
const format = 'NHWC';
const bias = () => tf.tensor1d([0.5, -0.25, 1]);

const convolutions: Record<string, Convolution> = {
  Conv2D: ({ x, filter }, { strides, pad, dilations }) => tf.conv2d(x, filter, strides, pad, format, dilations),
  FusedConv2D: ({ x, filter }, { strides, pad, dilations }) =>
    tf.fused.conv2d({ x, filter, strides, pad, dilations, bias: bias(), activation: 'relu' }),
  DepthwiseConv2dNative: ({ x, filter }, { strides, pad, dilations }) =>
    tf.depthwiseConv2d(x, filter, strides, pad, format, dilations),
  FusedDepthwiseConv2D: ({ x, filter }, { strides, pad, dilations }) =>
    tf.fused.depthwiseConv2d({
      x,
      filter,
      strides,
      pad,
      dilations,
      bias: tf.linspace(-1, 1, CHANNELS * MULTIPLIER),
      activation: 'relu',
    }),
};

/** The same numbers on both backends. */
const wave = <R extends tf.Rank = tf.Rank.R4>(shape: tf.ShapeMap[R], step: number) =>
  tf.tensor<R>(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(1 + i * step)),
    shape,
  );

/** Values, and gradients for a random upstream one; cpu is the oracle. */
async function both(convolve: Convolution, conv: Case, withGradients: boolean): Promise<void> {
  const results: Float32Array[][] = [];
  for (const backend of ['cpu', 'wasm']) {
    await tf.setBackend(backend);
    const tensors = tf.tidy(() => {
      const [x, filter] = [wave([2, ...conv.size, CHANNELS], 1.7), wave([...conv.filter, CHANNELS, MULTIPLIER], 2.3)];
      const run = (a: tf.Tensor, w: tf.Tensor) => convolve({ x: a as tf.Tensor4D, filter: w as tf.Tensor4D }, conv);
      const y = run(x, filter);
      return withGradients ? [y, ...tf.grads(run)([x, filter], wave<tf.Rank>(y.shape, 0.9))] : [y];
    });
    results.push(await Promise.all(tensors.map(async (tensor) => (await tensor.data<'float32'>()).slice())));
    tf.dispose(tensors);
  }
  results[0]!.forEach((expected, i) => expectClose(results[1]![i]!, expected, { absolute: 1e-4 }));
}

beforeAll(async () => {
  for (const backend of ['cpu', 'wasm'])
    if (!(await tf.setBackend(backend))) throw new Error(`${backend} did not start`);
});

describe.each(Object.entries(convolutions))('%s on wasm is that of cpu', (_, convolve) => {
  test.each<Case>([
    { size: [2, 4], filter: [1, 2], strides: [2, 2], dilations: [1, 1], pad: 'same' },
    { size: [4, 2], filter: [2, 1], strides: [2, 2], dilations: [1, 1], pad: 'same' },
    { size: [7, 6], filter: [2, 2], strides: [3, 3], dilations: [1, 1], pad: 'same' },
    { size: [5, 6], filter: [3, 1], strides: [1, 3], dilations: [1, 1], pad: 'same' },
  ])('$size, filter $filter, strides $strides', (conv) => both(convolve, conv, false));

  test('any sizes, strides and dilations, and its gradients', async () => {
    const pair = (most: number) => fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }));
    const any = fc.record({
      size: pair(9),
      filter: pair(3),
      // A stride and a dilation at once are refused by tfjs.
      ways: fc.oneof(
        pair(4).map((strides) => ({ strides, dilations: [1, 1] as Pair })),
        pair(3).map((dilations) => ({ strides: [1, 1] as Pair, dilations })),
      ),
      pad: fc.constantFrom('same' as const, 'valid' as const),
    });
    const property = fc.asyncProperty(any, async ({ size, filter, ways, pad }) => {
      const reach = ways.dilations.map((dilation, i) => (filter[i]! - 1) * dilation + 1);
      fc.pre(pad === 'same' || reach.every((one, i) => one <= size[i]!));
      // tfjs has no gradient of a dilated convolution.
      await both(
        convolve,
        { size, filter, ...ways, pad },
        ways.dilations.every((one) => one === 1),
      );
    });
    await fc.assert(property, { numRuns: 300, seed: 16 });
  });
});
