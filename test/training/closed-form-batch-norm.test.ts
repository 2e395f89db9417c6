import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { batchNormLayer } from 'tfjs-ood/training';
import { seededRandom } from '../../src/core/random';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

const EPSILON = 1e-3;

/** Batch norm in float64, straight from the definition. */
function naive(x: number[], gamma: number[], beta: number[]): number[] {
  const channels = gamma.length;
  const rows = x.length / channels;
  const y = new Array<number>(x.length);
  for (let c = 0; c < channels; c++) {
    let mean = 0;
    for (let r = 0; r < rows; r++) mean += x[r * channels + c]! / rows;
    let variance = 0;
    for (let r = 0; r < rows; r++) variance += (x[r * channels + c]! - mean) ** 2 / rows;
    for (let r = 0; r < rows; r++) {
      y[r * channels + c] = (gamma[c]! * (x[r * channels + c]! - mean)) / Math.sqrt(variance + EPSILON) + beta[c]!;
    }
  }
  return y;
}

/** Central differences of sum(naive(...) * upstream) with respect to one argument. */
function finiteDifferences(args: [number[], number[], number[]], which: 0 | 1 | 2, upstream: number[]): number[] {
  const h = 1e-5;
  const value = () => naive(...args).reduce((sum, y, i) => sum + y * upstream[i]!, 0);
  return args[which].map((old, i) => {
    args[which][i] = old + h;
    const above = value();
    args[which][i] = old - h;
    const below = value();
    args[which][i] = old;
    return (above - below) / (2 * h);
  });
}

function example(shape: number[], seed: number) {
  const random = seededRandom(seed);
  const channels = shape.at(-1)!;
  const draw = (n: number, scale = 1, shift = 0) =>
    Array.from({ length: n }, () => Math.fround(random.normal() * scale + shift));
  const size = shape.reduce((a, b) => a * b);
  return { x: draw(size, 2, 3), gamma: draw(channels, 1, 1), beta: draw(channels), upstream: draw(size), channels };
}

onEachBackend('batchNormLayer', () => {
  const build = (layer: tfl.layers.Layer, shape: number[], gamma: number[], beta: number[]) => {
    layer.build([null, ...shape.slice(1)]);
    tf.tidy(() =>
      layer.setWeights([tf.tensor(gamma), tf.tensor(beta), tf.zeros([gamma.length]), tf.ones([gamma.length])]),
    );
    return layer;
  };

  const free = (layer: tfl.layers.Layer) => layer.weights.forEach((weight) => weight.dispose());

  it.each([[[4, 3, 2, 3]], [[2, 5, 5, 1]], [[6, 4]], [[1, 4, 4, 2]], [[5, 1, 1, 2]]])(
    'has the gradient of the definition for %o',
    async (shape) => {
      const { x, gamma, beta, upstream } = example(shape, shape.length);
      const layer = build(batchNormLayer({ epsilon: EPSILON }), shape, gamma, beta);
      const [scale, offset] = layer.trainableWeights.map((weight) => weight.read() as tf.Variable) as [
        tf.Variable,
        tf.Variable,
      ];
      const [output, ...computed] = tf.tidy(() => {
        const normalized = layer.apply(tf.tensor(x, shape), { training: true }) as tf.Tensor;
        const loss = (input: tf.Tensor) =>
          tf.sum(tf.mul(layer.apply(input, { training: true }) as tf.Tensor, tf.tensor(upstream, shape)));
        const dx = tf.grad(loss)(tf.tensor(x, shape));
        const { grads } = tf.variableGrads(() => loss(tf.tensor(x, shape)) as tf.Scalar, [scale, offset]);
        return [normalized, dx, grads[scale.name]!, grads[offset.name]!];
      });
      expectClose(await output.data(), naive(x, gamma, beta), { relative: 1e-5, absolute: 1e-5 });
      for (const [which, tensor] of computed.entries()) {
        const expected = finiteDifferences([x, gamma, beta], which as 0 | 1 | 2, upstream);
        expectClose(await tensor.data(), expected, { relative: 1e-4, absolute: 2e-5 });
      }
      tf.dispose([output, computed]);
      free(layer);
    },
  );

  it("agrees with tfjs's own layer, moving statistics and inference included", async () => {
    const shape = [3, 4, 4, 2];
    const { x, gamma, beta } = example(shape, 9);
    const args = { momentum: 0.8, epsilon: EPSILON };
    const layers = [batchNormLayer(args), tfl.layers.batchNormalization(args)].map((l) => build(l, shape, gamma, beta));
    const input = tf.tensor(x, shape);
    const outputs: ArrayLike<number>[][] = [];
    for (const layer of layers) {
      const training = [1, 2].map(() => layer.apply(input, { training: true }) as tf.Tensor);
      const inference = layer.apply(input) as tf.Tensor;
      const all = [...training, inference, ...layer.getWeights()];
      outputs.push(await Promise.all(all.map((tensor) => tensor.data())));
      tf.dispose([training, inference]);
    }
    outputs[0]!.forEach((values, i) => expectClose(values, outputs[1]![i]!, { relative: 1e-5, absolute: 1e-5 }));
    input.dispose();
    layers.forEach(free);
  });

  it('leaves its statistics alone in inference and leaks nothing in training', async () => {
    const shape = [2, 4, 4, 2];
    const { x, gamma, beta } = example(shape, 2);
    const layer = build(batchNormLayer(), shape, gamma, beta);
    const input = tf.tensor(x, shape);
    const before = tf.memory().numTensors;
    tf.dispose(layer.apply(input) as tf.Tensor);
    expect(Array.from(await layer.weights[2]!.read().data())).toEqual([0, 0]);
    for (let i = 0; i < 3; i++) tf.dispose(layer.apply(input, { training: true }) as tf.Tensor);
    expect((await layer.weights[2]!.read().data())[0]).not.toBe(0);
    expect(tf.memory().numTensors).toBe(before);
    input.dispose();
    free(layer);
  });

  it('has statistics that are not trainable', () => {
    const layer = build(batchNormLayer(), [1, 2], [1, 1], [0, 0]);
    expect(layer.trainableWeights).toHaveLength(2);
    expect(layer.nonTrainableWeights).toHaveLength(2);
    free(layer);
  });

  it('refuses options out of range and an unknown number of channels', () => {
    expect(() => batchNormLayer({ momentum: 1 })).toThrow(ArgumentError);
    expect(() => batchNormLayer({ epsilon: 0 })).toThrow(ArgumentError);
    expect(() => batchNormLayer().build([null, null])).toThrow(ArgumentError);
  });
});
