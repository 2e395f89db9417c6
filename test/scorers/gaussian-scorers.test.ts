import { expect, test, vi } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import {
  classGaussians,
  decodeScorer,
  encodeScorer,
  mahalanobis,
  relativeMahalanobis,
  type CovarianceOptions,
  type FitBlock,
} from 'tfjs-ood/scorers';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { gaussianParity, rows, SCORE, scoresOf, wideBlocks, wideRow } from './gaussian-parity';
import { testScorer } from './test-scorer';

testScorer('mahalanobis', () => mahalanobis());
testScorer('mahalanobis, ledoit-wolf', () => mahalanobis({ covariance: 'ledoit-wolf' }));
testScorer('mahalanobis, empirical', () => mahalanobis({ covariance: 'empirical', blockSize: 16 }));
testScorer('relativeMahalanobis', () => relativeMahalanobis());
testScorer('relativeMahalanobis, ledoit-wolf', () => relativeMahalanobis({ covariance: 'ledoit-wolf' }));
testScorer('classGaussians', () => classGaussians());

gaussianParity('Gaussian scorers as by scikit-learn and SciPy');

const GOLDEN = [
  {
    features: rows([0, 0], [2, 0], [0, 2], [2, 2], [10, 10], [12, 10], [10, 13], [13, 12]),
    labels: [0, 0, 0, 0, 1, 1, 1, 1],
  },
];

onEachBackend('Gaussian scorers', () => {
  test('golden values; the background covariance counts', async () => {
    const features = rows([1, 1], [5, 5], [11, 11], [20, 0]);
    const plain = await scoresOf(mahalanobis({ covariance: 'empirical' }), GOLDEN, features);
    expectClose(plain.scores, [0, 24.380952, 0.0952381, 147.835498], { relative: 1e-6, absolute: 1e-6 });
    const relative = await scoresOf(relativeMahalanobis({ covariance: 'empirical' }), GOLDEN, features);
    expectClose(relative.scores, [-0.9756239, 24.3339414, -0.7875245, 1.8232043], { relative: 1e-6, absolute: 1e-6 });
  });

  test('512 features, 300 rows: test rows score as training rows do', async () => {
    const random = seededRandom(3);
    const draw = (count: number, shift = 0) => ({
      data: Float32Array.from({ length: count * 512 }, () => random.normal() + shift),
      shape: [count, 512] as const,
    });
    const train = draw(300);
    const labels = Int32Array.from({ length: 300 }, (_, row) => row % 3);
    const [known, strange] = [draw(40), draw(40, 1)];
    for (const covariance of ['oas', 'ledoit-wolf'] as const) {
      const scorer = await mahalanobis({ covariance }).fit([{ features: train, labels }], {});
      const median = async (features: FitBlock['features']) => (await scorer.score({ features })).sort()[20]!;
      const own = (await scorer.score({ features: train })).sort()[150]!;
      expect(await median(known)).toBeLessThan(2 * own);
      expect(await median(strange)).toBeGreaterThan(1.5 * (await median(known)));
      scorer.dispose();
    }
    await expect(mahalanobis({ covariance: 'empirical' }).fit([{ features: train, labels }], {})).rejects.toThrow(
      "mahalanobis: covariance must be one of full rank ('oas' or 'ledoit-wolf' always gives one), got feature",
    );
  });

  test('sparse features: one that is 0 in training is no obstacle, and counts when it comes alive', async () => {
    const random = seededRandom(9);
    const sparse = (count: number) => {
      const data = new Float32Array(count * 60).map((_, at) => (at % 60 < 20 ? 0 : Math.max(0, random.normal() - 0.5)));
      return { data, shape: [count, 60] as const };
    };
    const labels = Int32Array.from({ length: 100 }, (_, row) => row % 2);
    const [train, known] = [sparse(100), sparse(2)];
    const alive = { data: known.data.slice(), shape: known.shape };
    alive.data[7] = 3;
    for (const method of [mahalanobis, relativeMahalanobis, classGaussians]) {
      for (const covariance of ['oas', 'ledoit-wolf'] as const) {
        const scorer = await method({ covariance }).fit([{ features: train, labels }], {});
        const [before, after] = [await scorer.score({ features: known }), await scorer.score({ features: alive })];
        expect(after[1]).toBe(before[1]);
        // No class differs in a dead feature: relative to the background it does not count.
        if (method === relativeMahalanobis) expectClose(after[0]!, before[0]!, { absolute: 1e-4 });
        else expect(after[0]! - before[0]!).toBeGreaterThan(5);
        scorer.dispose();
      }
      await expect(method({ covariance: 'empirical' }).fit([{ features: train, labels }], {})).rejects.toThrow(
        'no variance in feature 0',
      );
    }
  });

  test('far away: no underflow, no NaN, or an error that names the row', async () => {
    const scorer = await classGaussians().fit(GOLDEN, {});
    const scores = await scorer.score({ features: rows([1, 1], [1e3, 1e3], [1e6, -1e6], [1e18, 1e18]) });
    scores.forEach((score, i) => i > 0 && expect(score).toBeGreaterThan(100 * Math.max(1, scores[i - 1]!)));
    await expect(scorer.score({ features: rows([1, 1], [1e30, 1]) })).rejects.toThrow('at row 1');
    scorer.dispose();
    const wide = await mahalanobis().fit(wideBlocks(1), {});
    const far = wideRow(1e15);
    expect((await wide.score({ features: far }))[0]).toBeGreaterThan(1e29);
    await expect(wide.score({ features: wideRow(3e38) })).rejects.toThrow('at row 0');
    wide.dispose();
  });

  test('features of any scale score alike', async () => {
    const reference = await scoresOf(mahalanobis(), wideBlocks(1), wideRow(0.3));
    for (const scale of [1e-30, 1e-15, 1e15, 1e30]) {
      const { scores } = await scoresOf(mahalanobis(), wideBlocks(scale), wideRow(0.3 * scale));
      expectClose(scores, reference.scores, SCORE);
    }
  });

  test('a narrow class beside a wide one', async () => {
    const features = rows(
      [-1e-12, 0],
      [1e-12, 0],
      [0, 1e-12],
      [0, -1e-12],
      [-1e12, 0],
      [1e12, 0],
      [0, 1e12],
      [0, -1e12],
    );
    const { scores } = await scoresOf(
      classGaussians(),
      [{ features, labels: [0, 0, 0, 0, 1, 1, 1, 1] }],
      rows([0, 0], [1e12, 0]),
    );
    // Variance v = 1e-24 / 2 or 1e24 / 2 in both features: -log(1/2 / (2 pi v)) + square / (2 v).
    const density = (variance: number, square: number) => Math.log(4 * Math.PI * variance) + square / 2 / variance;
    expectClose(scores, [density(0.5e-24, 0), density(0.5e24, 1e24)], SCORE);
  });

  test('a narrow class far from a wide one, where float32 overflows, is no obstacle', async () => {
    const [narrow, wide] = [wideBlocks(1e-14)[0]!, wideBlocks(1e26)[0]!];
    const labels = new Int32Array(200);
    const both = [
      { ...narrow, labels },
      { ...wide, labels: labels.map(() => 1) },
    ];
    const test = wideRow(1e26);
    const alone = await scoresOf(classGaussians(), [{ ...wide, labels }], test);
    const { scores } = await scoresOf(classGaussians(), both, test);
    expectClose(scores[0]!, alone.scores[0]! + Math.log(2), SCORE);
  });

  test('both classes count where both are near', async () => {
    const features = rows([-3], [-1], [1], [3]);
    const { scores } = await scoresOf(classGaussians(), [{ features, labels: [0, 0, 1, 1] }], rows([0], [2]));
    const log = (square: number) => square / 2 + Math.log(2 * Math.PI) / 2;
    expectClose(scores, [log(4), log(0) - Math.log((1 + Math.exp(-8)) / 2)], { absolute: 1e-6 });
  });

  test('means near each other, far from the others: the nearest is found', async () => {
    const [size, classes] = [64, 8];
    const random = seededRandom(13);
    const draw = (count: number) =>
      Float32Array.from({ length: count * size }, (_, at) => {
        const [label, i] = [Math.floor(at / size) % classes, at % size];
        return random.normal() + (i % classes === label ? 0.5 : 0) + (label < 4 ? 2e4 : -2e4);
      });
    const labels = Int32Array.from({ length: 800 }, (_, row) => row % classes);
    const train = [{ features: { data: draw(800), shape: [800, size] as const }, labels }];
    const scorer = await mahalanobis({ covariance: 'empirical' }).fit(train, {});
    const state = scorer.state();
    const [means, factor] = [state.tensors.means!.data as Float64Array, state.tensors.factor!.data as Float64Array];
    const test = draw(100);
    const wanted = Array.from({ length: 100 }, (_, row) => {
      const squares = Array.from({ length: classes }, (_, c) => {
        const y = new Float64Array(size); // L y = x - m_c
        for (let i = 0; i < size; i++) {
          let rest = test[row * size + i]! - means[c * size + i]!;
          for (let j = 0; j < i; j++) rest -= factor[i * size + j]! * y[j]!;
          y[i] = rest / factor[i * size + i]!;
        }
        return y.reduce((sum, value) => sum + value * value, 0);
      });
      return Math.min(...squares);
    });
    const scores = await scorer.score({ features: { data: test, shape: [100, size] } });
    expectClose(scores, wanted, { relative: 1e-5, absolute: 0 });
    scorer.dispose();
  });

  test('one class, duplicated rows', async () => {
    const once = rows([0, 0], [2, 1], [1, 3]);
    const test = rows([4, 4], [0, 1]);
    for (const method of [mahalanobis, relativeMahalanobis, classGaussians]) {
      const options: CovarianceOptions = { covariance: 'empirical' };
      const single = await scoresOf(method(options), [{ features: once, labels: [3, 3, 3] }], test);
      const twice = { features: rows([0, 0], [2, 1], [1, 3], [0, 0], [2, 1], [1, 3]), labels: [3, 3, 3, 3, 3, 3] };
      expectClose((await scoresOf(method(options), [twice], test)).scores, single.scores, SCORE);
      // With one class, the background is the class.
      if (method === relativeMahalanobis) expectClose(single.scores, [0, 0], { absolute: 1e-6 });
    }
  });

  test('save and load keeps shrinkage and labels; a wrong state is refused', async () => {
    const scorer = await relativeMahalanobis({ covariance: 'ledoit-wolf' }).fit(
      [{ features: GOLDEN[0]!.features, labels: [5, 5, 5, 5, 2, 2, 2, 2] }],
      {},
    );
    const state = scorer.state();
    expect(state.options).toMatchObject({ covariance: 'ledoit-wolf' });
    expect(state.options.shrinkage).toBeGreaterThan(0);
    expect(Array.from(state.tensors.labels!.data)).toEqual([2, 5]);
    const again = relativeMahalanobis().restore(decodeScorer(encodeScorer(state)), {});
    expect(again.state()).toEqual(state);
    const { factors } = state.tensors;
    const broken = { dtype: 'F64', shape: factors!.shape, data: Float64Array.from(factors!.data, (v) => -v) } as const;
    expect(() =>
      relativeMahalanobis().restore({ ...state, tensors: { ...state.tensors, factors: broken } }, {}),
    ).toThrow('factors must be lower triangles with a diagonal above 0');
    const options = { ...state.options, shrinkage: 2 };
    expect(() => relativeMahalanobis().restore({ ...state, options }, {})).toThrow('shrinkage');
    scorer.dispose();
    again.dispose();
  });

  test('errors', async () => {
    for (const [name, method] of Object.entries({ mahalanobis, relativeMahalanobis, classGaussians })) {
      expect(() => method({ covariance: 'pooled' as 'oas' })).toThrow(
        `${name}: covariance must be one of oas, ledoit-wolf, empirical, got pooled`,
      );
      expect(() => method({ blockSize: 0 })).toThrow('blockSize');
      const fit = (features: ReturnType<typeof rows>, labels: number[]) => method().fit([{ features, labels }], {});
      await expect(fit(rows([1, 2], [2, 1]), [0, -1])).rejects.toThrow('leave OoD rows out), got -1 at index 1');
      await expect(fit(rows([1, 2], [2, 1]), [0])).rejects.toThrow('labels must be 2 rows, as the features, got 1');
      await expect(method().fit([{ features: rows([1, 2]) } as unknown as FitBlock], {})).rejects.toThrow('labels');
      await expect(fit(rows([1, 2], [NaN, 1]), [0, 0])).rejects.toThrow(
        `${name}: features must be finite numbers, got NaN at row 1, column 0`,
      );
      const [single, same] = [
        fit(rows([1, 2], [2, 1]), [0, 1]),
        fit(rows([1, 2], [1, 2], [3, 4], [3, 4]), [0, 0, 1, 1]),
      ];
      await expect(single).rejects.toThrow(
        method === classGaussians ? 'got one row of each class' : 'rows that differ within a class',
      );
      await expect(same).rejects.toThrow('rows that differ within a class, got rows without any spread');
    }
    const mixed = { features: rows([1, 2], [2, 1], [2, 2], [9, 9]), labels: [0, 0, 0, 4] };
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const left = await classGaussians().fit([mixed], {});
    expect(warned.mock.calls.join()).toContain('1 of 2 classes have one row');
    warned.mockRestore();
    const alone = await classGaussians().fit([{ features: rows([1, 2], [2, 1], [2, 2]), labels: [0, 0, 0] }], {});
    expect(left.state()).toEqual(alone.state()); // as if the class were not there
    left.dispose();
    alone.dispose();
  });
});
