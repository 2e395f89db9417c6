import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { auroc, FormatError, seededRandom } from 'tfjs-ood';
import { fitOutputDetector, loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import {
  classGaussians,
  decodeScorer,
  encodeScorer,
  ensemble,
  mahalanobis,
  relativeMahalanobis,
  type FitBlock,
} from 'tfjs-ood/scorers';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { rows } from './gaussian-parity';
import { testScorer } from './test-scorer';

const METHODS = { mahalanobis, relativeMahalanobis, classGaussians };
const named = Object.entries(METHODS);
const length = { normalize: 'length' } as const;

// Its strangers are far out along a known direction: without their length the relative distance has less to go by.
for (const [name, method] of named) {
  testScorer(`${name}, length`, () => method(length), { leastAuroc: method === relativeMahalanobis ? 0.7 : 0.9 });
}
testScorer('mahalanobis, length, ledoit-wolf', () => mahalanobis({ ...length, covariance: 'ledoit-wolf' }));

type Block = FitBlock<'features' | 'labels'>;

/** Each row divided by its length, one number after the other; rows of 0 as they are. */
function scaled({ data, shape }: { data: Float32Array; shape: readonly [number, number] }) {
  const all = Float32Array.from(data);
  for (let row = 0; row < shape[0]; row++) {
    let square = 0;
    for (let i = 0; i < shape[1]; i++) square += data[row * shape[1] + i]! ** 2;
    for (let i = 0; square > 0 && i < shape[1]; i++)
      all[row * shape[1] + i] = data[row * shape[1] + i]! / square ** 0.5;
  }
  return { data: all, shape };
}

/** Rows of classes about directions of their own, of any length. */
function made(count: number, size: number, seed: number, spread = 1) {
  const random = seededRandom(seed);
  const data = new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    const radius = Math.exp(spread * random.normal());
    for (let i = 0; i < size; i++) data[row * size + i] = radius * (Number(i % 3 === row % 3) + 0.3 * random.normal());
  }
  return {
    features: { data, shape: [count, size] as const },
    labels: Int32Array.from({ length: count }, (_, i) => i % 3),
  };
}

onEachBackend('Gaussian scorers of rows of length 1', () => {
  test.each(named)('%s: the plain one on rows that were scaled before', async (_, method) => {
    for (const size of [3, 60]) {
      const [train, other] = [made(240, size, 1), made(30, size, 2)];
      train.features.data.fill(0, 0, 2 * size); // two zero rows fit, and one is scored
      other.features.data.fill(0, 0, size);
      const own = await method(length).fit([train], {});
      const plain = await method().fit([{ ...train, features: scaled(train.features) }], {});
      const scores = await own.score({ features: other.features });
      expectClose(scores, await plain.score({ features: scaled(other.features) }), { relative: 1e-6, absolute: 1e-6 });
      // A zero row stays zero: it scores as the plain scorer scores one.
      const zero = { features: { data: new Float32Array(size), shape: [1, size] as const } };
      expectClose(scores[0]!, (await plain.score(zero))[0]!, { relative: 1e-6 });
      own.dispose();
      plain.dispose();
    }
  });

  test.each([
    ['mahalanobis', mahalanobis],
    ['relativeMahalanobis', relativeMahalanobis],
  ])('%s takes in rows of further classes at length 1', async (_, method) => {
    const train = made(240, 5, 3);
    const further = { features: rows([-9, -8, 0, 0, 0], [-1, -1, 0, 0.1, 0]), labels: [7, 7] };
    const own = await (await method(length).fit([train], {})).takeIn!(further);
    const plain = await method().fit([{ ...train, features: scaled(train.features) }], {});
    const taken = await plain.takeIn!({ ...further, features: scaled(further.features) });
    const { features } = made(20, 5, 4);
    expectClose(await own.score({ features }), await taken.score({ features: scaled(features) }), {
      relative: 1e-6,
      absolute: 1e-6,
    });
    own.dispose();
    taken.dispose();
  });
});

describe('what becomes of length', () => {
  beforeAll(async () => void (await tf.setBackend('cpu')));

  test.each(named)('%s: a score does not change with the length of a row', async (_, method) => {
    const scorer = await method(length).fit([made(240, 4, 5)], {});
    const number = fc.float({ min: -10, max: 10, noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(number, { minLength: 4, maxLength: 4 }),
        fc.integer({ min: -60, max: 60 }),
        async (row, power) => {
          fc.pre(Math.hypot(...row) > 1e-3);
          const factor = 2 ** power;
          const features = rows(
            row,
            row.map((value) => value * factor),
          );
          const [one, other] = await scorer.score({ features });
          expectClose(other!, one!, { relative: 1e-4, absolute: 1e-4 });
        },
      ),
      { seed: 1, numRuns: 60 },
    );
    scorer.dispose();
  });

  test.each(named)('%s: saved with it, restored by a method without, and in blocks', async (name, method) => {
    const block = made(90, 4, 6);
    const half = (from: number, to: number): Block => ({
      features: { data: block.features.data.subarray(from * 4, to * 4), shape: [to - from, 4] as const },
      labels: block.labels.subarray(from, to),
    });
    const scorer = await method(length).fit([half(0, 40), half(40, 90)], {});
    const { features } = made(12, 4, 7);
    const scores = await scorer.score({ features });
    const state = decodeScorer(encodeScorer(scorer.state()));
    expect(state.options.normalize).toBe('length');
    expect(await (scorerMethods[scorer.kind] as typeof method)().restore(state, {}).score({ features })).toEqual(
      scores,
    );
    // Without the field a state is of rows as they are: as all were before there was a choice.
    const plain = await method().fit([block], {});
    expect(Object.keys(plain.state().options)).not.toContain('normalize');
    const before = await plain.score({ features });
    expect(await method(length).restore(plain.state(), {}).score({ features })).toEqual(before);
    expect(before).not.toEqual(scores);
    for (const wrong of ['none', 1, null]) {
      const damaged = { ...state, options: { ...state.options, normalize: wrong } };
      expect(() => method().restore(damaged, {})).toThrow(FormatError);
      expect(() => method().restore(damaged, {})).toThrow(
        `${name}.restore: state.options.normalize must be length, got`,
      );
    }
  });

  test('in an ensemble, in a detector fitted on a stream, saved and loaded', async () => {
    const block = made(240, 4, 8);
    async function* stream() {
      await Promise.resolve();
      for (let from = 0; from < 240; from += 60) {
        const data = block.features.data.subarray(from * 4, (from + 60) * 4);
        yield { features: { data, shape: [60, 4] as const }, labels: block.labels.subarray(from, from + 60) };
      }
    }
    const both = () => ensemble([mahalanobis(length), relativeMahalanobis()]);
    const detector = await fitOutputDetector(stream(), { scorer: both(), alpha: 0.1 });
    const { features } = made(10, 4, 9);
    const verdicts = await detector.predict({ features });
    const loaded = loadOutputDetector(detector.toBytes(), {
      scorer: ensemble([mahalanobis(), relativeMahalanobis()]),
    });
    expect((await loaded.predict({ features })).map(({ score }) => score)).toEqual(verdicts.map(({ score }) => score));
    detector.dispose();
    loaded.dispose();
  });

  test('10 classes of any length, strangers at half of it: 0.99, where plain distances find 0.61', async () => {
    const [classes, size] = [10, 64];
    const random = seededRandom(2);
    const direction = () => {
      const all = Float64Array.from({ length: size }, () => random.normal());
      return all.map((value) => value / Math.hypot(...all));
    };
    const centers = Array.from({ length: classes }, direction);
    const known = (count: number) => {
      const labels = Int32Array.from({ length: count }, (_, row) => row % classes);
      const data = Float32Array.from({ length: count * size }, (_, at) => at);
      labels.forEach((label, row) => {
        const radius = Math.exp(random.normal());
        const noise = direction();
        for (let i = 0; i < size; i++) data[row * size + i] = radius * (centers[label]![i]! + 0.4 * noise[i]!);
      });
      return { features: { data, shape: [count, size] as const }, labels };
    };
    const strange = (count: number) => {
      const data = new Float32Array(count * size);
      for (let row = 0; row < count; row++) {
        const radius = Math.exp(random.normal()) / 2;
        direction().forEach((value, i) => (data[row * size + i] = radius * value));
      }
      return { data, shape: [count, size] as const };
    };
    const [train, inside, outside] = [known(4000), known(1000).features, strange(1000)];
    const found = async (method: ReturnType<typeof mahalanobis>) => {
      const scorer = await method.fit([train], {});
      const area = auroc(await scorer.score({ features: inside }), await scorer.score({ features: outside }));
      scorer.dispose();
      return area;
    };
    expect(await found(mahalanobis())).toBeCloseTo(0.61, 1);
    for (const method of [mahalanobis, relativeMahalanobis, classGaussians]) {
      expect(await found(method(length))).toBeGreaterThanOrEqual(0.99);
    }
  });
});
