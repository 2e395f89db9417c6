import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, expectTypeOf, test } from 'vitest';
import { ArgumentError, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import { energy, nearestNeighbors } from 'tfjs-ood/scorers';
import { fitDetector, loadDetector, type KnownImages } from 'tfjs-ood/detector';
import { onEachBackend } from '../on-each-backend';

const random = seededRandom(9);
const N = 60;
const energyOf = (logits: readonly number[]) => -Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));

/** A dense layer whose weights are known, as W [D, C] and b [C]. */
const W: readonly (readonly number[])[] = [
  [0.5, -1],
  [0.25, 2],
  [-1, 0.75],
];
const B: readonly number[] = [0.1, -0.2];
function dense() {
  const model = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [3], units: 2 })] });
  tf.tidy(() => model.setWeights([tf.tensor2d(W.map((row) => [...row])), tf.tensor1d([...B])]));
  return model;
}
const logitsOf = (row: ArrayLike<number>) =>
  B.map((bias, c) => W.reduce((sum, weights, i) => sum + weights[c]! * row[i]!, bias));

onEachBackend('inputs that are no images', () => {
  test('rows of a table go in as they are, whatever they came as', async () => {
    const model = dense();
    const table = Array.from({ length: N }, () => [random.integer(200), random.integer(200), random.integer(200)]);
    const flat = table.flat();
    const tensor = tf.tensor2d(table);
    const given = [
      table,
      { data: Float32Array.from(flat), shape: [N, 3] },
      { data: Float64Array.from(flat), dims: [N, 3] },
      { images: Uint8Array.from(flat), shape: [N, 3] }, // bytes are numbers here: nothing is divided by 255
      { data: BigInt64Array.from(flat.map(BigInt)), dims: [N, 3] },
      tensor,
    ];
    const one = [150, 3, 90];
    for (const inputs of given) {
      const detector = await fitDetector(model, { inputs }, { scorer: energy(), alpha: 0.2 });
      const ones = [one, Float32Array.from(one), [one], { data: Uint8Array.from(one), shape: [1, 3] }] as const;
      for (const asked of ones) {
        const [verdict, ...others] = await detector.predict({ inputs: asked });
        expect(others).toEqual([]);
        expect(Math.abs(verdict!.score / energyOf(logitsOf(one)) - 1)).toBeLessThan(1e-5);
      }
      const single = tf.tensor1d(one);
      expect((await detector.predict({ inputs: single }))[0]!.label).toBe(
        logitsOf(one)[0]! > logitsOf(one)[1]! ? 0 : 1,
      );
      single.dispose();
      detector.dispose();
    }
    tensor.dispose();
    model.dispose();
  });

  test('token ids go through an embedding', async () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.embedding({ inputDim: 7, outputDim: 3, inputLength: 4 }),
        tfl.layers.globalAveragePooling1d({}),
        tfl.layers.dense({ units: 2 }),
      ],
    });
    const table = Array.from({ length: 7 }, (_, id) => [id / 2, 1 - id, (id * id) / 10]);
    tf.tidy(() => model.setWeights([tf.tensor2d(table), tf.tensor2d(W.map((row) => [...row])), tf.tensor1d([...B])]));
    const ids = Int32Array.from({ length: N * 4 }, () => random.integer(7));
    const tensor = tf.tensor2d(ids, [N, 4], 'int32');
    const one = [6, 0, 2, 2];
    const mean = [0, 1, 2].map((i) => one.reduce((sum, id) => sum + table[id]![i]!, 0) / 4);
    const given = [
      { data: ids, shape: [N, 4] },
      { data: BigInt64Array.from(Array.from(ids, BigInt)), dims: [N, 4] },
      tensor,
    ];
    for (const inputs of given) {
      const detector = await fitDetector(model, { inputs }, { scorer: energy(), alpha: 0.2 });
      const [verdict] = await detector.predict({ inputs: Int32Array.from(one) });
      expect(verdict!.score).toBeCloseTo(energyOf(logitsOf(mean)), 4);
      detector.dispose();
    }
    tensor.dispose();
    model.dispose();
  });

  test('spectrograms go through convolutions of one and of two axes', async () => {
    const [T, F] = [5, 3];
    const along = tfl.sequential({
      layers: [
        tfl.layers.conv1d({ inputShape: [T, F], filters: 2, kernelSize: 2, useBias: false }),
        tfl.layers.globalAveragePooling1d({}),
        tfl.layers.dense({ units: 2, useBias: false }),
      ],
    });
    const across = tfl.sequential({
      layers: [
        tfl.layers.conv2d({ inputShape: [T, F, 1], filters: 2, kernelSize: [2, F], useBias: false }),
        tfl.layers.globalAveragePooling2d({}),
        tfl.layers.dense({ units: 2, useBias: false }),
      ],
    });
    const kernel = Float32Array.from({ length: 2 * F * 2 }, (_, i) => Math.sin(i));
    const eye = [
      [1, 0],
      [0, 1],
    ];
    tf.tidy(() => along.setWeights([tf.tensor3d(kernel, [2, F, 2]), tf.tensor2d(eye)]));
    tf.tidy(() => across.setWeights([tf.tensor4d(kernel, [2, F, 1, 2]), tf.tensor2d(eye)]));
    const data = Float32Array.from({ length: N * T * F }, () => random.normal());
    const expected = [0, 1].map((c) => {
      let sum = 0;
      for (let t = 0; t < T - 1; t++)
        for (let k = 0; k < 2; k++)
          for (let f = 0; f < F; f++) sum += data[(t + k) * F + f]! * kernel[(k * F + f) * 2 + c]!;
      return sum / (T - 1);
    });
    for (const [model, shape] of [
      [along, [T, F]],
      [across, [T, F, 1]],
    ] as const) {
      const inputs = { data, shape: [N, ...shape] };
      const detector = await fitDetector(model, { inputs }, { scorer: energy(), alpha: 0.2 });
      const one = tf.tensor(data.slice(0, T * F), [...shape]);
      const [verdict] = await detector.predict({ inputs: one });
      expect(verdict!.score).toBeCloseTo(energyOf(expected), 4);
      one.dispose();
      detector.dispose();
      model.dispose();
    }
  });

  test('the kind is kept, also in a file; a stream of them', async () => {
    const model = dense();
    const table = Array.from({ length: N }, () => [random.normal(), random.normal(), random.normal()]);
    async function* blocks() {
      await Promise.resolve();
      for (let from = 0; from < N; from += 20) yield { inputs: table.slice(from, from + 20) };
    }
    const detector = await fitDetector(model, blocks(), { scorer: nearestNeighbors({ k: 3 }), alpha: 0.2 });
    const again = await loadDetector(model, detector.toBytes(), { scorer: nearestNeighbors({ k: 3 }) });
    const images = tf.tensor2d(table);
    const byImages = await fitDetector(model, { images }, { scorer: energy(), alpha: 0.2 });
    const expected = await detector.predict({ inputs: table });
    expect(await detector.predict(blocks())).toEqual(expected);
    for (const one of [detector, again]) {
      expect(await one.predict({ inputs: table })).toEqual(expected);
      const asked = one.predict({ images: new Uint8Array(3), shape: [1, 3] } as never);
      await expect(asked).rejects.toThrow('images must be { inputs }, as at the fit, got { images, shape }');
    }
    await expect(byImages.predict({ inputs: table })).rejects.toThrow(
      'images must be images, as at the fit, got { inputs }',
    );
    [detector, again, byImages].forEach((one) => one.dispose());
    images.dispose();
    model.dispose();
  });

  test('what is wrong with them is said', async () => {
    const model = dense();
    const table = Array.from({ length: N }, (_, i) => [i, 1, 2]);
    const fit = (data: unknown) => fitDetector(model, data as KnownImages, { scorer: energy() });
    const cases: [unknown, typeof ArgumentError, string][] = [
      [{ inputs: table, images: table }, ArgumentError, 'inputs must be left out beside images'],
      [{ labels: [1] }, ArgumentError, 'images must be given, or inputs where they are no images, got { labels }'],
      [{ inputs: [...table, [1, 2]] }, ShapeError, `inputs[${N}] must be a list of 3, as the first of its kind, got 2`],
      [{ inputs: [[1, 2, '3']] }, ArgumentError, 'inputs[0][2] must be a number, got string 3'],
      [{ inputs: [[1, 2, NaN]] }, NotFiniteError, 'NaN at row 0'],
      [{ inputs: { data: [1, 2, '3'], shape: [1, 3] } }, ArgumentError, 'got string 3 at index 2'],
      [{ inputs: { data: [1, 2], shape: [1, 3] } }, ShapeError, 'inputs.shape must be that of 2 numbers, got [1, 3]'],
      [{ inputs: { data: [1, 2], dims: [1, 2] } }, ShapeError, 'shape of the inputs must be [N, 3], got [1, 2]'],
      [{ inputs: Promise.resolve(table) }, ArgumentError, 'got a promise (await it)'],
      [{ inputs: null }, ArgumentError, 'inputs must be a tensor'],
    ];
    for (const [data, kind, message] of cases) {
      await expect(fit(data), message).rejects.toThrow(message);
      await expect(fit(data), message).rejects.toThrow(kind);
    }
    const bad = tf.tensor2d([...table.slice(1), [0, Infinity, 0]]);
    await expect(fit({ inputs: bad })).rejects.toThrow(`that row), got Infinity at row ${N - 1}`);
    bad.dispose();
    model.dispose();
  });
});

test('types', () => {
  expectTypeOf<{ inputs: number[][]; labels: string[] }>().toExtend<KnownImages>();
  expectTypeOf<{ inputs: tf.Tensor; images: tf.Tensor }>().not.toExtend<KnownImages>();
  expectTypeOf<{ labels: number[] }>().not.toExtend<KnownImages>();
});
