import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError, seededRandom } from 'tfjs-ood';
import { energy, nearestClassMean, vim } from 'tfjs-ood/scorers';
import { fitOutputDetector, loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import { onEachBackend } from '../on-each-backend';
import { holdOut } from '../../src/detector/calibration/hold-out';
import { heldScores } from '../../src/scorers/ensemble/fit-members';
import type { Scorer } from '../../src/scorers/contract/scorer';
import type { NumberBlock } from '../../src/scorers/contract/split-block';

/** Two classes of points, and logits that say which is nearer. */
function points(count: number, seed: number, apart = 6) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const features = Float32Array.from(
    { length: 2 * count },
    (_, i) => (i % 2) * apart * labels[i >> 1]! + random.normal(),
  );
  const logits = Float32Array.from(
    { length: 2 * count },
    (_, i) => (i % 2 === labels[i >> 1] ? 3 : 0) + random.normal() / 9,
  );
  const shape = [count, 2] as const;
  return { features: { data: features, shape }, logits: { data: logits, shape }, labels };
}

describe('holding out', () => {
  test('disjoint, all rows once, the share of them', () => {
    const property = fc.property(
      fc.integer({ min: 2, max: 200 }),
      fc.integer({ min: 1, max: 99 }),
      fc.integer(),
      (count, percent, seed) => {
        fc.pre(Math.round((count * percent) / 100) > 0);
        const { fit, calibration } = holdOut('test', count, percent / 100, seed);
        expect([...fit, ...calibration].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(calibration).toHaveLength(Math.min(count - 1, Math.round((count * percent) / 100)));
        expect(holdOut('test', count, percent / 100, seed)).toEqual({ fit, calibration });
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  test('half a row more is a row, as in decimals', () => {
    const held = (count: number, share: number) => holdOut('test', count, share, 1).calibration.length;
    // 14.5 rows; in floating point 14.499999999999998
    expect([held(50, 0.29), held(25, 0.58), held(100, 0.145)]).toEqual([15, 15, 15]);
    expect([held(50, 0.2899), held(50, 0.27), held(10, 0.15)]).toEqual([14, 14, 2]);
    expect(held(400_000, 0.2)).toBe(80_000);
  });

  test('a uniform draw: every row, and every pair of rows, calibrates as often as any other', () => {
    const [count, held, draws] = [10, 3, 3000];
    const [rows, pairs] = [new Float64Array(count), new Map<string, number>()];
    for (let seed = 0; seed < draws; seed++) {
      const calibration = [...holdOut('test', count, held / count, seed).calibration].sort((a, b) => a - b);
      for (const row of calibration) rows[row]!++;
      for (const a of calibration) {
        for (const b of calibration) if (a < b) pairs.set(`${a},${b}`, (pairs.get(`${a},${b}`) ?? 0) + 1);
      }
    }
    const near = (times: number, p: number) =>
      expect(Math.abs(times - draws * p)).toBeLessThan(4.5 * Math.sqrt(draws * p * (1 - p)));
    rows.forEach((times) => near(times, held / count));
    expect(pairs.size).toBe((count * (count - 1)) / 2);
    for (const times of pairs.values()) near(times, (held * (held - 1)) / (count * (count - 1)));
  });

  test('very many rows', async () => {
    const { fit, calibration } = holdOut('test', 400_000, 0.5, 3);
    expect([fit.length, calibration.length]).toEqual([200_000, 200_000]);
    const block = { count: 400_000 } as NumberBlock;
    const scores = { score: () => Promise.resolve(new Float32Array(400_000)) } as unknown as Scorer;
    expect(await heldScores(scores, [block])).toHaveLength(400_000);
  });
});

onEachBackend('fitOutputDetector', () => {
  const known = points(400, 1);
  const options = { scorer: nearestClassMean(), alpha: 0.1, classNames: ['cat', 'dog'], seed: 4 };

  test('knows its classes, refuses the rest, and keeps its false-alarm rate', async () => {
    const detector = await fitOutputDetector(known, options);
    const fresh = points(4000, 2);
    const verdicts = await detector.predict(fresh);
    expect(verdicts.map(({ label }) => label)).toEqual(Array.from(fresh.labels, (label) => ['cat', 'dog'][label]));
    const alarms = verdicts.filter(({ isOod }) => isOod).length / 4000;
    expect(alarms).toBeGreaterThan(0.03);
    expect(alarms).toBeLessThan(0.19); // Beta(9, 72) of 80 calibration scores
    for (const { score, pValue, isOod, threshold } of verdicts) {
      expect(isOod).toBe(score > threshold!);
      expect(isOod).toBe(pValue <= 0.1);
    }
    const [far] = await detector.predict({ features: { data: Float32Array.of(40, -40), shape: [1, 2] } });
    expect(far).toMatchObject({ isOod: true, label: undefined, pValue: 1 / 81 });
    detector.dispose();
  });

  test('what calibrates does not fit', async () => {
    const seen: number[] = [];
    const method = nearestClassMean();
    const spy: typeof method = {
      ...method,
      fit: (blocks, parts) => {
        async function* watched() {
          for await (const block of blocks) {
            seen.push(...(block.features.data as Float32Array));
            yield block;
          }
        }
        return method.fit(watched(), parts);
      },
    };
    const progress: (number | undefined)[][] = [];
    const detector = await fitOutputDetector(known, {
      ...options,
      scorer: spy,
      blockSize: 100,
      onProgress: (...done) => progress.push(done),
    });
    expect(seen).toHaveLength(2 * 320);
    expect(detector.state.calibrations[0]).toHaveLength(80);
    const fitted = new Set(seen);
    const heldOut = [...known.features.data].filter((value) => !fitted.has(value));
    expect(heldOut).toHaveLength(2 * 80);
    expect(progress.map(([done]) => done)).toEqual([100, 200, 300, 320, 400]);
    detector.dispose();
  });

  test('named cut-points', async () => {
    const detector = await fitOutputDetector(known, { ...options, cutPoints: { strict: 0.02, loose: 0.5 } });
    const thresholds = await Promise.all(
      ['strict', 'default', 'loose', 0.1].map(
        async (cutPoint) => (await detector.predict(known, { cutPoint }))[0]!.threshold,
      ),
    );
    expect(thresholds[0]).toBeGreaterThan(thresholds[1]!);
    expect(thresholds[1]).toBeGreaterThan(thresholds[2]!);
    expect(thresholds[3]).toBe(thresholds[1]);
    await expect(detector.predict(known, { cutPoint: 'odd' })).rejects.toThrow(
      'one of strict, loose, default, or a rate, got odd',
    );
    detector.dispose();
  });

  test('saved and loaded it says the same, and a file of another kind is refused', async () => {
    const detector = await fitOutputDetector(known, options);
    const bytes = detector.toBytes();
    const again = loadOutputDetector(bytes, { scorer: nearestClassMean() });
    expect(again.toBytes()).toEqual(bytes);
    expect(await again.predict(known)).toEqual(await detector.predict(known));
    expect(() => loadOutputDetector(bytes, { methods: { energy } })).toThrow('one of energy, got nearest-class-mean');

    const { tensors, metadata } = decodeSafetensors(bytes);
    const broken = (change: object, without?: string) => {
      const rest = Object.fromEntries(Object.entries(tensors).filter(([name]) => name !== without));
      return () =>
        loadOutputDetector(encodeSafetensors(rest, { ...metadata, ...change }), { scorer: nearestClassMean() });
    };
    expect(broken({ format: 'other' })).toThrow(FormatError);
    expect(broken({ cutPoints: '{"default":2}' })).toThrow('metadata.cutPoints must be rates between 0 and 1');
    expect(broken({ cutPoints: '{}' })).toThrow('one named default');
    expect(broken({ classNames: '[1]' })).toThrow('metadata.classNames must be a list of names, or null');
    expect(broken({ options: 'no json' })).toThrow('metadata.options');
    const deep = '['.repeat(20_000) + ']'.repeat(20_000);
    for (const name of ['cutPoints', 'classNames', 'options', 'about']) {
      expect(broken({ [name]: `{"default":${deep}}` })).toThrow(FormatError);
      expect(broken({ [name]: `{"default":${deep}}` })).toThrow(`metadata.${name} must be`);
    }
    expect(broken({}, 'calibration')).toThrow('tensors.calibration must be F64 [N], got none');
    expect(broken({}, 'scorer.means')).toThrow('state.tensors.means');
    expect(() => loadOutputDetector(bytes.subarray(0, 90), { scorer: nearestClassMean() })).toThrow(FormatError);
    detector.dispose();
    again.dispose();
  });

  test('what is refused', async () => {
    const refused = (outputs: object, given: object, message: string) =>
      expect(fitOutputDetector({ ...known, ...outputs }, { ...options, ...given })).rejects.toThrow(message);
    await refused({}, { alpha: 0 }, 'fitOutputDetector: alpha must be a share between 0 and 1');
    await refused({}, { cutPoints: { odd: 2 } }, 'cutPoints.odd must be a share');
    await refused({}, { calibrationShare: 1 }, 'calibrationShare must be a share');
    await refused({}, { scorer: 'energy' }, 'scorer must be a method such as mahalanobis()');
    await refused({ labels: [0, 1] }, {}, 'features must be 2 rows, as the labels, got 400');
    await refused({ labels: [...known.labels.slice(1), -1] }, {}, '-1 at index 399');
    await refused({ features: undefined }, {}, 'features');
    await refused(
      { labels: [0], features: { data: new Float32Array(2), shape: [1, 2] }, logits: undefined },
      { acceptNoAlarm: true },
      'held out',
    );
    await refused({}, { scorer: vim() }, 'head');
    await expect(fitOutputDetector(known, { ...options, alpha: 7 })).rejects.toThrow(ArgumentError);
  });

  test('every method has its kind', () => {
    for (const [kind, method] of Object.entries(scorerMethods)) expect(method().kind).toBe(kind);
  });
});
