import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import 'tfjs-ood/wasm';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random';
import type { KernelCall } from '../../src/wasm/heap';
import { hingeTriplets } from '../../src/wasm/hinge-triplets';
import { pairDifferences } from '../../src/wasm/pair-differences';
import { expectClose } from '../expect-close';

let before = 0;
let dataBefore = 0;
const backendOf = (): BackendWasm => tf.backend() as BackendWasm;
beforeEach(async () => {
  await tf.setBackend('wasm');
  tf.dispose(tf.add(1, 1)); // has the backend's own
  [before, dataBefore] = [tf.memory().numTensors, backendOf().numDataIds()];
});
afterEach(() => {
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  expect(backendOf().numDataIds(), 'memory left behind').toBe(dataBefore);
});

/** The backend as it is where machine code of ours cannot run. */
function withoutSimd(): BackendWasm {
  const wasm: unknown = Object.create(backendOf().wasm, { asm: { value: {} } });
  return Object.create(backendOf(), { wasm: { value: wasm } }) as BackendWasm;
}

/** What a kernel makes of tensors, as numbers. */
function run(
  kernel: (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[],
  inputs: Readonly<Record<string, tf.Tensor>>,
  { attrs = {}, backend = backendOf() }: { attrs?: tf.NamedAttrMap; backend?: BackendWasm } = {},
): Float32Array[] {
  const made = [kernel({ inputs, attrs, backend })].flat();
  const found = made.map((one) => (backendOf().typedArrayFromHeap(one) as Float32Array).slice());
  for (const { dataId } of made) backendOf().disposeData(dataId);
  tf.dispose(Object.values(inputs));
  return found;
}

const numbers = (count: number, seed: number): Float32Array => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => random.normal());
};

describe('PairDifferences', () => {
  const naive = (x: Float32Array, y: Float32Array, size: number) => {
    const [rows, columns] = [x.length / size, y.length / size];
    const difference = (i: number, j: number, k: number) => x[i * size + k]! - y[j * size + k]!;
    return {
      squares: Float64Array.from({ length: rows * columns }, (_, at) => {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += difference(Math.floor(at / columns), at % columns, k) ** 2;
        return sum;
      }),
      pull: (h: Float32Array) =>
        Float64Array.from({ length: x.length }, (_, at) => {
          const [i, k] = [Math.floor(at / size), at % size];
          let sum = 0;
          for (let j = 0; j < columns; j++) sum += h[i * columns + j]! * difference(i, j, k);
          return sum;
        }),
    };
  };
  const sides = fc.record({
    rows: fc.integer({ min: 1, max: 40 }),
    columns: fc.integer({ min: 1, max: 40 }),
    size: fc.integer({ min: 1, max: 40 }),
    isOwn: fc.boolean(),
    /** Share of the weights that are 0: one in so many is left. */
    sparse: fc.constantFrom(1, 3, 30),
  });
  test.each(['by machine code', 'without it'])('any sizes, %s', (how) => {
    fc.assert(
      fc.property(sides, ({ rows, columns: others, size, isOwn, sparse }) => {
        const columns = isOwn ? rows : others;
        const x = numbers(rows * size, 1);
        const y = isOwn ? x : numbers(columns * size, 2);
        const h = numbers(rows * columns, 3).map((value, at) => ((at * 7) % sparse === 0 ? value : 0));
        const inputs = () => {
          const first = tf.tensor2d(x, [rows, size]);
          return { x: first, y: isOwn ? first : tf.tensor2d(y, [columns, size]) };
        };
        const expected = naive(x, y, size);
        const backend = how === 'without it' ? withoutSimd() : backendOf();
        expectClose(run(pairDifferences, inputs(), { backend })[0]!, expected.squares, { relative: 1e-6, absolute: 0 });
        const [pull] = run(pairDifferences, { ...inputs(), h: tf.tensor2d(h, [rows, columns]) }, { backend });
        expectClose(pull!, expected.pull(h), { relative: 1e-6, absolute: 1e-5 });
      }),
      { numRuns: 60, seed: 4 },
    );
  });
  test('more columns than one block, far from the origin; whole numbers', () => {
    const [rows, size] = [300, 20];
    const x = numbers(rows * size, 5).map((value) => 1000 + value);
    const h = numbers(rows * rows, 6);
    const expected = naive(x, x, size);
    const own = () => tf.tensor2d(x, [rows, size]);
    const first = own();
    expectClose(run(pairDifferences, { x: first, y: first })[0]!, expected.squares, { relative: 1e-6, absolute: 0 });
    const second = own();
    const [pull] = run(pairDifferences, { x: second, y: second, h: tf.tensor2d(h, [rows, rows]) });
    expectClose(pull!, expected.pull(h), { absolute: 1e-4 });
    const whole = tf.tensor2d([3, 4, 0, 0, 7, 7], [3, 2], 'int32');
    expect([...run(pairDifferences, { x: whole, y: whole })[0]!]).toEqual([0, 25, 25, 25, 0, 98, 25, 98, 0]);
  });
  test('equal rows are 0 apart, in both halves the same; NaN stays in its row and column', () => {
    const [rows, size] = [9, 6];
    const x = numbers(rows * size, 7);
    x.set(x.subarray(0, size), 5 * size);
    x[2 * size] = NaN;
    const own = tf.tensor2d(x, [rows, size]);
    const squares = run(pairDifferences, { x: own, y: own })[0]!;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < rows; j++) {
        expect(squares[i * rows + j]).toBe(squares[j * rows + i]);
        expect(Number.isNaN(squares[i * rows + j])).toBe(i === 2 || j === 2);
      }
    }
    expect([squares[5], squares[0]]).toEqual([0, 0]);
  });
});

describe('HingeTriplets', () => {
  test('sums, counts and gradients of the loop over all triplets', () => {
    const sizes = fc.record({
      rows: fc.integer({ min: 1, max: 12 }),
      columns: fc.integer({ min: 1, max: 20 }),
      margin: fc.double({ min: 0, max: 2, noNaN: true }),
      seed: fc.integer({ min: 1, max: 1000 }),
      steps: fc.constantFrom(2, 1000), // few steps: many ties
    });
    fc.assert(
      fc.property(sizes, ({ rows, columns, margin, seed, steps }) => {
        const random = seededRandom(seed);
        const draw = (value: () => number) => Float32Array.from({ length: rows * columns }, value);
        const powers = draw(() => random.integer(3 * steps) / steps);
        const positive = draw(() => Math.max(0, random.integer(5) - 2) / 2);
        const negative = draw(() => Math.max(0, random.integer(5) - 2) / 2);
        let [sum, count] = [0, 0];
        const gradient = new Float64Array(rows * columns);
        for (let a = 0; a < rows * columns; a += columns) {
          for (let p = a; p < a + columns; p++) {
            for (let n = a; n < a + columns; n++) {
              const weight = positive[p]! * negative[n]!;
              const gap = Math.fround(Math.fround(powers[p]! - powers[n]!) + Math.fround(margin));
              count += weight;
              if (gap <= 0) continue;
              sum += weight * (powers[p]! - powers[n]! + margin);
              gradient[p]! += weight;
              gradient[n]! -= weight;
            }
          }
        }
        const shape: [number, number] = [rows, columns];
        const inputs = { powers: tf.tensor2d(powers, shape), positive: tf.tensor2d(positive, shape), negative: tf.tensor2d(negative, shape) }; // prettier-ignore
        const [ownSum, ownCount, ownGradient] = run(hingeTriplets, inputs, { attrs: { margin } });
        expectClose(ownSum![0]!, sum, { relative: 1e-6, absolute: 1e-6 });
        expectClose(ownCount![0]!, count, { relative: 1e-6, absolute: 0 });
        expectClose(ownGradient!, gradient, { relative: 1e-6, absolute: 1e-6 });
      }),
      { numRuns: 200, seed: 6 },
    );
  });
});

describe('comparisons, maxima and transposes', () => {
  /** The same on the cpu backend, which is the oracle. */
  async function same(compute: () => tf.Tensor, what: string): Promise<void> {
    const found: number[][] = [];
    for (const backend of ['cpu', 'wasm']) {
      await tf.setBackend(backend);
      const result = tf.tidy(compute);
      found.push([...(await result.data())]);
      expect(result.dtype, what).toMatch(/bool|float32|int32/);
      result.dispose();
    }
    expect(found[1], what).toEqual(found[0]);
  }
  const shapes: [number[], number[]][] = [
    [[7, 1], [1, 19]],
    [[1, 40], [33, 1]],
    [[33, 40], [33, 1]],
    [[33, 1], [33, 40]],
    [[33, 40], [1, 40]],
    [[33, 40], [40]],
    [[5, 37], [5, 37]],
    [[70, 70], []],
    [[], [9]],
    [[3, 4, 5], [3, 4, 1]],
    [[3, 1, 5], [3, 4, 1]],
    [[2, 3, 4], [1, 3, 1]],
    [[5, 1], [5, 1]],
    [[6, 1], [1, 1]],
    [[0, 3], [1, 3]],
  ]; // prettier-ignore
  const operations = { equal: tf.equal, notEqual: tf.notEqual, less: tf.less, lessEqual: tf.lessEqual, greater: tf.greater, greaterEqual: tf.greaterEqual, maximum: tf.maximum, minimum: tf.minimum }; // prettier-ignore
  test.each(Object.keys(operations) as (keyof typeof operations)[])('%s of any two shapes', async (name) => {
    for (const [first, second] of shapes) {
      const isOthers = first.join() === '3,1,5' || second.join() === '1,3,1';
      for (const dtype of ['float32', 'int32'] as const) {
        const of = (shape: number[], seed: number) => {
          const values = numbers(
            shape.reduce((product, side) => product * side, 1),
            seed,
          ).map((v) => Math.round(3 * v) + 0);
          // The backend's own kernels, which take the rest, lose NaN.
          if (dtype === 'float32' && values.length > 3 && !isOthers) values[2] = NaN;
          return tf.tensor(values, shape, dtype);
        };
        const what = `${name} of ${dtype} [${first.join()}] and [${second.join()}]`;
        await same(() => operations[name](of(first, 1), of(second, 2)), what);
      }
    }
    await same(() => operations[name](tf.tensor1d([1, 2.5, -0, 7]), tf.tensor1d([1, 2, 0, 9], 'int32')), 'mixed types');
  });
  test('numbers of 31 bits are not one for being near', () =>
    same(() => tf.equal(tf.tensor2d([2 ** 30, 2 ** 30 + 1], [2, 1], 'int32'), tf.tensor2d(Array.from({ length: 20 }, (_, i) => 2 ** 30 + i), [1, 20], 'int32')), 'large')); // prettier-ignore
  test.each([
    [1, 5],
    [33, 70],
    [64, 32],
    [129, 31],
    [100, 200],
  ])('transpose of [%i, %i]', async (rows, columns) => {
    // prettier-ignore
    for (const dtype of ['float32', 'int32'] as const) {
      const of = () => tf.tensor2d(numbers(rows * columns, 3).map((v) => Math.round(9 * v)), [rows, columns], dtype); // prettier-ignore
      await same(() => tf.transpose(of()), 'turned');
      await same(() => tf.transpose(of(), [0, 1]), 'as it was');
    }
    await same(
      () => tf.transpose(tf.tensor3d(numbers(rows * columns, 3), [1, rows, columns]), [0, 2, 1]),
      'in a batch',
    );
  });
});
