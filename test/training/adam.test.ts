import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createAdam } from '../../src/training/adam';
import { seededRandom } from '../../src/core/random';
import { expectClose } from '../expect-close';
import { casesOn, onEachBackend } from '../on-each-backend';

interface Fixture {
  learningRate: number;
  weightDecay: number;
  start: number[];
  gradients: number[][];
  steps: number[][];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/adam.json', import.meta.url), 'utf8')) as Fixture;

/** A model weight with these values. */
function weight(values: number[]) {
  const layer = tfl.layers.dense({ units: 1, useBias: false, inputDim: values.length });
  layer.build([null, values.length]);
  tf.tidy(() => layer.setWeights([tf.tensor2d(values, [values.length, 1])]));
  return layer.weights[0]!;
}

onEachBackend('Adam', (backend) => {
  type Options = Parameters<typeof createAdam>[1];
  const run = async (start: number[], gradients: number[][], learningRate: number, options: Options) => {
    const variable = weight(start);
    const adam = createAdam([variable], options);
    const steps: number[][] = [];
    for (const values of gradients) {
      tf.tidy(() => adam.update([tf.tensor2d(values, [values.length, 1])], learningRate));
      steps.push(Array.from(await variable.read().data()));
    }
    adam.dispose();
    variable.dispose();
    return steps;
  };

  it('does the steps of PyTorch (whose epsilon stands elsewhere, which 1e-8 does not show)', async () => {
    const { start, gradients, learningRate, weightDecay, steps } = fixture;
    const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay };
    const found = await run(start, gradients, learningRate, options);
    found.forEach((values, i) => expectClose(values, steps[i]!, { absolute: 2e-6 }));
  });

  it("is the published formula, in float64, with TensorFlow's epsilon", async () => {
    const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    const numbers = [number(0, 0.99), number(0.5, 0.9999), number(1e-4, 1), number(0, 0.5)] as const;
    await fc.assert(
      fc.asyncProperty(fc.integer(), ...numbers, async (...args) => {
        const [seed, beta1, beta2, epsilon, weightDecay] = args;
        const random = seededRandom(seed);
        const draw = () => Array.from({ length: 4 }, () => Math.fround(random.normal()));
        const [start, gradients] = [draw(), [draw(), draw(), draw(), draw()]];
        const w = [...start];
        const [m, v] = [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ];
        const expected = gradients.map((gradient, t) => {
          gradient.forEach((raw, i) => {
            const g = raw + weightDecay * w[i]!;
            m[i] = beta1 * m[i]! + (1 - beta1) * g;
            v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
            const rate = (0.1 * Math.sqrt(1 - beta2 ** (t + 1))) / (1 - beta1 ** (t + 1));
            w[i]! -= (rate * m[i]) / (Math.sqrt(v[i]) + epsilon);
          });
          return [...w];
        });
        const actual = await run(start, gradients, 0.1, { beta1, beta2, epsilon, weightDecay });
        actual.forEach((values, i) => expectClose(values, expected[i]!, { absolute: 2e-5, relative: 2e-5 }));
      }),
      { numRuns: casesOn(backend, 25) },
    );
  });

  it('moves a variable without gradient by its decay only', async () => {
    const [decayed, still] = [weight([2, -2]), weight([2, -2])];
    const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    const [first, second] = [
      createAdam([decayed], { ...options, weightDecay: 0.1 }),
      createAdam([still], { ...options, weightDecay: 0 }),
    ];
    first.update([undefined], 0.01);
    second.update([undefined], 0.01);
    expectClose(await decayed.read().data(), [1.99, -1.99], { absolute: 1e-5 });
    expect(Array.from(await still.read().data())).toEqual([2, -2]);
    [first, second, decayed, still].forEach((thing) => thing.dispose());
  });
});
