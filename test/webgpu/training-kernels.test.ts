import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectClose } from '../expect-close';
import { normal } from '../against-cpu';
import { odmLoss } from 'tfjs-ood';
import { createTrainer, vgg } from 'tfjs-ood/training';
import { againstCpu } from './cases';
import { countKernels } from './launched';

let before: number;
beforeEach(async () => {
  await tf.setBackend('webgpu');
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors, 'tensors left behind').toBe(before));
afterAll(() => tf.setBackend('webgpu'));

const run = (name: string, inputs: Readonly<Record<string, tf.Tensor>>, attrs?: object) =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);

/** What a kernel makes, read; frees its inputs too. */
async function read(make: () => tf.Tensor | tf.Tensor[]): Promise<Float32Array[]> {
  const tensors = [tf.tidy(make)].flat();
  const values = await Promise.all(tensors.map(async (tensor) => Float32Array.from(await tensor.data())));
  tf.dispose(tensors);
  return values;
}

describe('sums over first axes', () => {
  test.each<[number[], number | number[], boolean]>([
    [[3, 4, 5, 8], [0, 1, 2], false],
    [[3, 4, 5, 8], [2, 0, 1], true],
    [[3, 4, 5, 8], [-4, -3], false],
    [[700, 6], 0, true],
    [[5, 3], 0, false],
    [[1, 3], 0, false],
    [[7, 4], 1, false],
  ])('of %s over %s, keepDims %s', (shape, axis, keepDims) =>
    againstCpu(() => [tf.sum(normal(shape, 1), axis, keepDims), tf.sum(tf.ones(shape, 'int32'), axis, keepDims)]),
  );
  test('the error of a long sum grows with its root, not with its rows', async () => {
    const rows = 65_536;
    // Each a value that float32 rounds, mostly one way, as the sum grows
    const row = Float32Array.of(0.1, 0.7, 0.123, 1.1);
    const [columns] = await read(() => tf.sum(tf.mul(tf.ones([rows, 1]), tf.tensor2d(row, [1, 4])), 0));
    const bound = 2 * Math.sqrt(rows) * 2 ** -24; // each addition of positive numbers is off by at most that share
    row.forEach((value, column) => {
      expect(Math.abs(columns![column]! / (rows * value) - 1), `of ${value}`).toBeLessThan(bound); // in float64
    });
  });
});

describe('the gradient of ReLU', () => {
  const model = vgg({ width: 1 / 64, inputShape: [4, 4, 3], seed: 1 });
  beforeAll(() => createTrainer(model, { loss: (y, x) => odmLoss(y, x), seed: 1 }).dispose()); // it registers it
  afterAll(() => model.dispose());

  test('passes what is above 0, stops 0 and -0, keeps NaN as tfjs does', async () => {
    const dy = Float32Array.of(3, 3, 3, 3, -5, 3, NaN, 3);
    const x = Float32Array.of(2, -2, 0, -0, 1e-30, NaN, 1, Infinity);
    const [own] = await read(() => run('ReluGrad', { dy: tf.tensor1d(dy), x: tf.tensor1d(x) }));
    expect(Array.from(own!)).toEqual([3, 0, 0, 0, -5, NaN, NaN, 3]);
  });

  test('in a tape it is one kernel, which a gradient of the gradient does without', async () => {
    const x = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i * i));
    const of = (work: (x: tf.Tensor) => tf.Tensor) => read(() => tf.grad(work)(tf.tensor1d(x)));
    const kernels = countKernels();
    const [first] = await of((at) => tf.square(tf.relu(at)));
    const launched = kernels.take();
    kernels.stop();
    expect(launched.get('ReluGrad')).toBe(1);
    expectClose(
      first!,
      x.map((value) => 2 * Math.max(0, value)),
    );
    const [second] = await of((at) => tf.grad((inner: tf.Tensor) => tf.square(tf.relu(inner)))(at));
    expectClose(
      second!,
      x.map((value) => (value > 0 ? 2 : 0)),
    );
    const [whole] = await read(() =>
      tf.grad((at: tf.Tensor) => tf.cast(tf.relu(at), 'float32'))(tf.tensor1d([2, -1, 0], 'int32')),
    );
    expect(Array.from(whole!)).toEqual([1, 0, 0]);
  });

  test('on other backends it is as it was', async () => {
    await tf.setBackend('cpu');
    const [own] = await read(() => tf.grad((at: tf.Tensor) => tf.relu(at))(tf.tensor1d([2, -1, 0, NaN])));
    expect(Array.from(own!)).toEqual([1, 0, 0, NaN]);
  });
});

describe('batch norm', () => {
  /** In float64, from the definition (Ioffe, Szegedy 2015): [y, mean, variance, inverse, dx, dgamma, dbeta]. */
  function naive(x: Float32Array, dy: Float32Array, gamma: Float32Array, beta: Float32Array, epsilon: number) {
    const channels = gamma.length;
    const rows = x.length / channels;
    const column = (all: ArrayLike<number>, c: number) =>
      Array.from({ length: rows }, (_, r) => all[r * channels + c]!);
    const mean = (all: number[]) => all.reduce((sum, value) => sum + value, 0) / rows;
    const results = [x.length, channels, channels, channels, x.length, channels, channels].map(
      (size) => new Float64Array(size),
    );
    const [y, means, variances, inverses, dx, dgamma, dbeta] = results as [
      Float64Array,
      ...Float64Array[],
    ] as Float64Array[] & { length: 7 };
    for (let c = 0; c < channels; c++) {
      const [own, up] = [column(x, c), column(dy, c)];
      const center = mean(own);
      const variance = mean(own.map((value) => (value - center) ** 2));
      const inverse = 1 / Math.sqrt(variance + epsilon);
      const normalized = own.map((value) => (value - center) * inverse);
      const product = up.map((value, r) => value * normalized[r]!);
      [means![c], variances![c], inverses![c]] = [center, variance, inverse];
      [dgamma![c], dbeta![c]] = [mean(product) * rows, mean(up) * rows];
      own.forEach((_, r) => {
        y![r * channels + c] = gamma[c]! * normalized[r]! + beta[c]!;
        dx![r * channels + c] = gamma[c]! * inverse * (up[r]! - mean(up) - normalized[r]! * mean(product));
      });
    }
    return results;
  }

  test.each<[number[], number]>([
    [[4, 5, 5, 3], 0],
    [[9, 7], 0],
    [[40, 8, 8, 2], 100], // in parts, and far from 0
    [[1, 4], 0], // one row: its own mean
  ])('of %s, moved by %i', async (shape, offset) => {
    const channels = shape.at(-1)!;
    const [x, dy, gamma, beta] = await read(() => [
      tf.add(normal(shape, 1), offset),
      normal(shape, 2),
      normal([channels], 3),
      normal([channels], 4),
    ]);
    const actual = await read(() => {
      const inputs = { x: tf.tensor(x!, shape), gamma: tf.tensor1d(gamma!), beta: tf.tensor1d(beta!) };
      const forward = run('NormalizeChannels', inputs, { epsilon: 1e-3 }) as tf.Tensor[];
      const [, mean, , inverse] = forward as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const rest = { x: inputs.x, gamma: inputs.gamma, dy: tf.tensor(dy!, shape), mean, inverse };
      const backward = run('NormalizeChannelsGrad', rest);
      return [...forward, ...(backward as tf.Tensor[])];
    });
    naive(x!, dy!, gamma!, beta!, 1e-3).forEach((expected, i) => {
      const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
      expectClose(actual[i]!, expected, { relative: 2e-5, absolute: 2e-5 * scale });
    });
  });

  test.each([40, 5000])('of %i rows very far from 0: the variance is as good as near it', async (rows) => {
    const x = Float32Array.from({ length: rows * 2 }, (_, i) => 1e6 + 2 * Math.sin(i * i));
    const [, mean, variance] = await read(() =>
      run(
        'NormalizeChannels',
        { x: tf.tensor2d(x, [rows, 2]), gamma: tf.ones([2]), beta: tf.zeros([2]) },
        { epsilon: 1e-3 },
      ),
    );
    for (const channel of [0, 1]) {
      const own = x.filter((_, i) => i % 2 === channel);
      const center = own.reduce((sum, value) => sum + value, 0) / rows; // reduce adds in float64
      const square = own.reduce((sum, value) => sum + (value - center) ** 2, 0) / rows;
      expect(Math.abs(mean![channel]! - center)).toBeLessThan(0.04); // float32 has steps of 1/16 there
      expect(Math.abs(variance![channel]! / square - 1)).toBeLessThan(1e-5);
    }
  });

  test('moving statistics go their share of the way', async () => {
    const [mean, variance] = await read(() =>
      run(
        'MoveTowards',
        {
          oldMean: tf.tensor1d([1, 2]),
          oldVariance: tf.tensor1d([3, 4]),
          newMean: tf.tensor1d([5, -2]),
          newVariance: tf.tensor1d([7, 0]),
        },
        { share: 0.25 },
      ),
    );
    expect([...mean!, ...variance!]).toEqual([2, 1, 4, 3]);
  });
});

describe('health of a step', () => {
  const health = (loss: number, gradients: tf.Tensor[], before?: number[]) => {
    const named = Object.fromEntries(gradients.map((gradient, i) => [`gradient${i}`, gradient]));
    const rest = before && { before: tf.tensor1d(before) };
    return run('StepHealth', { loss: tf.scalar(loss), ...named, ...rest }) as tf.Tensor;
  };

  test('loss and squared norm, of more tensors than a stage binds', async () => {
    const shapes = Array.from({ length: 17 }, (_, i) => (i === 3 ? [40_000] : [i + 1, 3]));
    const values = await read(() => shapes.map((shape, i) => normal(shape, i + 1)));
    const norm = values.reduce((sum, all) => all.reduce((own, value) => own + value * value, sum), 0);
    const [result] = await read(() =>
      health(
        2.5,
        values.map((all, i) => tf.tensor(all, shapes[i])),
      ),
    );
    expect(result![0]).toBe(2.5);
    expect(Math.abs(result![1]! / norm - 1)).toBeLessThan(1e-5);
    expect(result![2]).toBe(0);
  });

  test.each<[string, number, number, number[] | undefined, number]>([
    ['well', 1, 2, undefined, 0],
    ['well before, too', 1, 2, [5, 5, 0], 0],
    ['not before', 1, 2, [5, 5, 1], 1],
    ['loss NaN', NaN, 2, undefined, 1],
    ['loss infinite', -Infinity, 2, [5, 5, 0], 1],
    ['gradient NaN', 1, NaN, undefined, 1],
    ['gradient infinite', 1, Infinity, undefined, 1],
    ['norm too large for float32', 1, 1e20, undefined, 1],
  ])('%s', async (_, loss, last, earlier, expected) => {
    const [result] = await read(() => health(loss, [tf.ones([5]), tf.tensor1d([1, last])], earlier));
    expect(result![2]).toBe(expected);
  });
});

describe("Adam's update", () => {
  const attrs = { beta1: 0.9, beta2: 0.99, epsilon: 1e-3, weightDecay: 0.1, rate: 0.5 };
  const given = { weights: [1, -2, 3], gradient: [0.5, 0, -4], m: [0.1, 0.2, -0.3], v: [0.4, 0.5, 0.6] };
  const update = (names: readonly (keyof typeof given)[], isBad: number) =>
    read(() => {
      const inputs = Object.fromEntries(names.map((name) => [name, tf.tensor1d(given[name])]));
      return run('AdamUpdate', { ...inputs, health: tf.tensor1d([1, 1, isBad]) }, attrs);
    });

  test.each([true, false])('with a gradient: %s', async (hasGradient) => {
    const rest = ['weights', 'm', 'v'] as const;
    const actual = await update(hasGradient ? [...rest, 'gradient'] : rest, 0);
    given.weights.forEach((w, i) => {
      const g = (hasGradient ? given.gradient[i]! : 0) + 0.1 * w;
      const m = 0.9 * given.m[i]! + 0.1 * g;
      const v = 0.99 * given.v[i]! + 0.01 * g * g;
      const expected = [w - (0.5 * m) / (Math.sqrt(v) + 1e-3), m, v];
      expectClose(
        actual.map((values) => values[i]!),
        expected,
        { relative: 1e-5, absolute: 1e-6 },
      );
    });
  });

  test('of gradients that are all 0, from the start on, moves no weight', async () => {
    const zeros = { gradient: [0, 0, 0], m: [0, 0, 0], v: [0, 0, 0] };
    const actual = await read(() =>
      run(
        'AdamUpdate',
        {
          weights: tf.tensor1d(given.weights),
          ...Object.fromEntries(Object.entries(zeros).map(([name, values]) => [name, tf.tensor1d(values)])),
          health: tf.tensor1d([1, 0, 0]),
        },
        { ...attrs, epsilon: 1e-8, weightDecay: 0 },
      ),
    );
    expect(actual.map((values) => Array.from(values))).toEqual([given.weights, zeros.m, zeros.v]);
  });

  test('of a step that is not well changes nothing, bit for bit', async () => {
    const actual = await update(['weights', 'gradient', 'm', 'v'], 1);
    expect(actual).toEqual([given.weights, given.m, given.v].map((values) => Float32Array.from(values)));
  });
});

describe('nearest columns', () => {
  const wantedOf = (rows: Float32Array[], k: number) =>
    rows.map((row) => {
      const order = Array.from(row.keys())
        .filter((i) => !Number.isNaN(row[i]!))
        .sort((a, b) => row[b]! - row[a]!);
      return order.slice(0, k);
    });
  const unpack = (packed: Int32Array, k: number) => ({
    values: new Float32Array(packed.slice(0, k).buffer),
    places: packed.slice(k, 2 * k),
  });
  async function nearest(rows: Float32Array[], widths: number[], k: number) {
    let [before, first]: [tf.Tensor | undefined, number] = [undefined, 0];
    for (const width of widths) {
      const block = tf.tensor2d(rows.map((row) => Array.from(row.subarray(first, first + width))));
      const next = run('NearestColumns', { products: block, ...(before && { before }) }, { k, first }) as tf.Tensor;
      tf.dispose([block, ...(before ? [before] : [])]);
      [before, first] = [next, first + width];
    }
    const packed = (await before!.data()) as Int32Array;
    before!.dispose();
    return rows.map((_, row) => unpack(packed.slice(row * 2 * k, (row + 1) * 2 * k), k));
  }

  test.each<[string, number[], number]>([
    ['one block', [300], 7],
    ['blocks', [200, 90, 10], 7],
    ['blocks that hold fewer than k', [3, 4, 60], 5],
    ['all', [30], 30],
    ['one of one', [1], 1],
    ['nothing but NaN, then numbers', [5, 5], 2],
  ])('%s', async (_, widths, k) => {
    const length = widths.reduce((sum, width) => sum + width);
    const rows = await read(() => [1, 2, 3].map((seed) => normal([length], seed)));
    if (length > 5) rows[1]!.fill(NaN, 0, 5);
    if (length > 10) rows[2]!.set([Infinity, 1e-40, -0], 5); // a denormal may be 0 to a card, and is not here
    const found = await nearest(rows, widths, k);
    wantedOf(rows, k).forEach((wanted, row) => {
      const { values, places } = found[row]!;
      const own = Array.from(places).slice(0, wanted.length);
      if (wanted.length === k) expect(own.sort((a, b) => a - b)).toEqual([...wanted].sort((a, b) => a - b));
      places.forEach((place, i) => {
        if (values[i]! > -Infinity) expect(values[i]).toBe(rows[row]![place]);
      });
      expect(values.filter((value) => value > -Infinity)).toHaveLength(wanted.length);
    });
  });
  test('of equal numbers k of them', async () => {
    const [{ values, places }] = (await nearest(
      [Float32Array.from({ length: 50 }, (_, i) => (i < 2 ? 9 : 4))],
      [50],
      6,
    )) as [ReturnType<typeof unpack>];
    expect(Array.from(values).sort()).toEqual([4, 4, 4, 4, 9, 9]);
    expect(new Set(places).size).toBe(6);
    expect(Array.from(places)).toEqual(expect.arrayContaining([0, 1]));
  });
});
