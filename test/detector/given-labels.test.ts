import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError, seededRandom, ShapeError } from 'tfjs-ood';
import { energy, jointEnergy, nearestClassMean } from 'tfjs-ood/scorers';
import { fitOutputDetector, loadOutputDetector, type LabeledOutputs } from 'tfjs-ood/detector';

beforeAll(() => tf.setBackend('cpu'));

const [N, C] = [90, 3];
const random = seededRandom(4);
const indices = Array.from({ length: N }, (_, row) => row % C);
const data = Float32Array.from(
  { length: N * C },
  (_, at) => 6 * Number(at % C === indices[Math.floor(at / C)]) + random.normal(),
);
const rows = { data, shape: [N, C] as const };
const fit = (given: unknown, options: { classNames?: readonly string[] } = {}) =>
  fitOutputDetector(given as LabeledOutputs, { scorer: nearestClassMean(), alpha: 0.1, ...options });
const refuses = async (asked: Promise<unknown>, message: string, kind: typeof ArgumentError = ArgumentError) => {
  await expect(asked).rejects.toThrow(message);
  await expect(asked).rejects.toThrow(kind);
};
const one = { data: Float32Array.of(0, 9, 0), shape: [1, 3] as const };

describe('labels as people have them', () => {
  test('int64, tensors of any runtime', async () => {
    const expected = (await fit({ features: rows, labels: indices })).toBytes();
    const int64 = BigInt64Array.from(indices.map(BigInt));
    const tensor = tf.tensor1d(indices, 'int32');
    for (const labels of [
      int64,
      BigUint64Array.from(indices.map(BigInt)),
      { data: int64, dims: [N], type: 'int64' },
      { data: int64, dims: [N, 1] },
      { data: Int32Array.from(indices), shape: [N] },
      tensor,
    ]) {
      expect((await fit({ features: rows, labels })).toBytes()).toEqual(expected);
    }
    tensor.dispose();
    int64[5] = 2n ** 32n + 1n;
    await refuses(fit({ features: rows, labels: int64 }), 'got 4294967297 at index 5');
    await refuses(fit({ features: rows, labels: indices.map(BigInt) }), 'got bigint at index 0');
    const hot = { data: new Float32Array(N * C), dims: [N, C] };
    await refuses(fit({ features: rows, labels: hot }), '(no one-hot rows), got [90, 3] of 270 numbers');
  });

  test('names, in the order of their code points', async () => {
    // In UTF-16 units '\u{1F600}' would stand before '\uFB01'.
    const names = ['\uFB01', 'a', '\u{1F600}'];
    const order = ['a', '\uFB01', '\u{1F600}'];
    const labels = indices.map((label) => names[label]!);
    const detector = await fit({ features: rows, labels });
    expect(detector.state.classNames).toEqual(order);
    const byHand = await fit(
      { features: rows, labels: labels.map((name) => order.indexOf(name)) },
      { classNames: order },
    );
    expect(detector.state.scorers[0]!).toEqual(byHand.state.scorers[0]!);
    for (const again of [detector, loadOutputDetector(detector.toBytes(), { scorer: nearestClassMean() })]) {
      await refuses(
        again.predict({ features: rows, logits: rows }),
        'logits must be left out, as the names of the classes',
      );
      expect(await again.predict({ features: rows })).toHaveLength(N);
    }
  });

  test('names beside logits: in their order, or an error that asks for classNames', async () => {
    const inOrder = ['ant', 'bee', 'cat'];
    const detector = await fit({ features: rows, logits: rows, labels: indices.map((label) => inOrder[label]) });
    expect((await detector.predict({ features: one, logits: one }))[0]!.label).toBe('bee');
    const mixed = ['cat', 'ant', 'bee'];
    const labels = indices.map((label) => mixed[label]!);
    await refuses(
      fit({ features: rows, logits: rows, labels }),
      "classNames must be given, in the order of the model's outputs (labels are names, and in the order ant, bee, cat",
    );
    const named = await fit({ features: rows, logits: rows, labels }, { classNames: mixed });
    expect((await named.predict({ features: one, logits: one }))[0]!.label).toBe('ant');
    const two = indices.map((label) => (label === 2 ? 'ant' : mixed[label]));
    await refuses(
      fit({ features: rows, logits: rows, labels: two }),
      'classNames must be 3 names, one for each column of the logits, in their order, got none, and labels that name 2: ant, cat',
    );
  });

  test('strangers, the same name twice, names among indices', async () => {
    const labels = indices.map((label) => ['cat', 'dog', 'bird'][label]!);
    const given = { features: rows, labels };
    const classNames = ['bird', 'cats', 'dog'];
    await refuses(fit(given, { classNames }), "labels must be names of classNames ('cats'?), got 'cat' at index 0");
    await refuses(fit(given, { classNames: ['cat', 'dog', 'cat'] }), 'no two are the same');
    await refuses(fit({ features: rows, labels: ['cat', ...indices.slice(1)] }), 'got 1 at index 1');
    await refuses(fit({ features: rows, labels: [...indices.slice(1), 'cat'] }), 'got string at index 89');
  });

  test('names in a stream need classNames', async () => {
    const classNames = ['cat', 'dog', 'bird'];
    const labels = indices.map((label) => classNames[label]!);
    async function* blocks() {
      await Promise.resolve();
      yield { features: rows, labels };
    }
    await refuses(fit(blocks()), 'classNames must be given with a stream whose labels are names');
    const detector = await fit(blocks(), { classNames });
    expect(detector.state.classNames).toEqual(classNames);
  });

  test('names of tags are none of rows', async () => {
    const labels = indices.map((label) => ['a', 'b', 'c'][label]!);
    const asked = fitOutputDetector({ logits: rows, labels }, { scorer: jointEnergy() });
    await refuses(asked, 'labels must be class indices, or left out, as the logits are tags, got names');
  });
});

describe('outputs as people have them', () => {
  test('of other runtimes, and lists', async () => {
    const expected = await fitOutputDetector({ logits: rows }, { scorer: energy(), alpha: 0.1 });
    const whole = Float32Array.from(data, Math.round);
    const ofWhole = await fitOutputDetector(
      { logits: { data: whole, shape: [N, C] } },
      { scorer: energy(), alpha: 0.1 },
    );
    const lists = Array.from({ length: N }, (_, row) => [...data.subarray(row * C, row * C + C)]);
    const given = [
      [{ type: 'float32', data, dims: [N, C] }, expected],
      [{ data: Float64Array.from(data), dims: [N, C] }, expected],
      [{ data: [...data], shape: [N, C] }, expected],
      [lists, expected],
      [{ data: BigInt64Array.from([...whole].map(BigInt)), dims: [N, C] }, ofWhole],
    ] as const;
    for (const [logits, detector] of given) {
      const own = await fitOutputDetector({ logits }, { scorer: energy(), alpha: 0.1 });
      expect(own.toBytes()).toEqual(detector.toBytes());
      expect(await own.predict({ logits })).toEqual(await detector.predict({ logits }));
      if (Array.isArray(logits)) continue;
      expect(await energy().score({ logits: logits })).toEqual(
        await energy().score({ logits: detector === ofWhole ? { data: whole, shape: [N, C] } : rows }),
      );
    }
  });

  test('what is no numbers is named by its type', async () => {
    const asked = (logits: unknown) => fitOutputDetector({ logits } as LabeledOutputs, { scorer: energy() });
    await refuses(
      asked({ data: ['1', '2'], dims: [1, 2] }),
      'logits.data must be a Float32Array, or numbers, got string at index 0',
    );
    await refuses(
      asked({ data: new Uint16Array(2), dims: [1, 2] }),
      '(16 bits may be half precision: let the model give float32), got Uint16Array',
    );
    await refuses(asked([[1, 2], [3]]), 'logits must be rows of 2 numbers each, got 1 at row 1', ShapeError);
    await refuses(asked([[1, '2']]), 'logits must be numbers, got string 2');
    await refuses(asked({ data: [1, 2n], shape: [1, 2] }), 'got bigint at index 1');
    await refuses(asked(Promise.resolve(rows)), 'got a promise (await it)', ShapeError);
    await expect(energy().score({ logits: { data: new Uint16Array(2), dims: [1, 2] } })).rejects.toThrow('Uint16Array');
    await expect(energy().score({ logits: { data: ['1', '2'], dims: [1, 2] } })).rejects.toThrow('logits.data');
  });
});
