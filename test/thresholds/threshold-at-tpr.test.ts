import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, NotFiniteError, seededRandom } from 'tfjs-ood';
import { clopperPearson, thresholdAtTpr } from 'tfjs-ood/thresholds';
import { expectClose } from '../expect-close';
import { besides, scoresArbitrary } from './arbitraries';
import { fixture } from './fixture';

describe('clopperPearson', () => {
  test('equals SciPy for 1 to 1e6 trials', () => {
    expect(fixture.clopperPearson.length).toBeGreaterThan(500);
    for (const [successes, trials, confidence, lower, upper] of fixture.clopperPearson) {
      expectClose(clopperPearson(successes, trials, confidence), [lower, upper], { absolute: 1e-12 });
      expectClose(clopperPearson(successes, trials, confidence)[0], lower, { absolute: 0, relative: 1e-12 });
    }
  });

  test('its ends are where a binomial tail has half of what is left', () => {
    // Sums of binomial probabilities: no beta function.
    const atLeast = (k: number, n: number, p: number) => {
      let [sum, coefficient] = [0, 1];
      for (let i = 0; i <= n; i++) {
        if (i >= k) sum += coefficient * p ** i * (1 - p) ** (n - i);
        coefficient *= (n - i) / (i + 1);
      }
      return sum;
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.01, max: 0.999, noNaN: true }),
        (n, share, confidence) => {
          const k = Math.round(share * n);
          const [lower, upper] = clopperPearson(k, n, confidence);
          const tail = (1 - confidence) / 2;
          if (k === 0) expect(lower).toBe(0);
          else expectClose(atLeast(k, n, lower), tail, { absolute: 1e-12 });
          if (k === n) expect(upper).toBe(1);
          else expectClose(1 - atLeast(k + 1, n, upper), tail, { absolute: 1e-12 });
          expectClose(
            clopperPearson(n - k, n, confidence).map((x) => 1 - x),
            [upper, lower],
            { absolute: 1e-15 },
          );
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('extremes converge', () => {
    const [lower, upper] = clopperPearson(5e8, 1e9);
    expectClose([lower, upper], [0.5 - 3.099e-5, 0.5 + 3.099e-5], { absolute: 1e-8 });
    expect(clopperPearson(1, 1e9, 1 - 2 ** -52)[0]).toBeGreaterThan(0);
    expect(clopperPearson(0, 1e9, 1 - 2 ** -52)[1]).toBeLessThan(1e-6);
    expectClose(clopperPearson(1, 1, 1e-12), [0.5, 1], { absolute: 1e-11 });
  });

  test('bad input', () => {
    expect(() => clopperPearson(3, 2)).toThrow('successes must be a whole number from 0 to 2, got 3');
    expect(() => clopperPearson(0.5, 2)).toThrow(ArgumentError);
    expect(() => clopperPearson(-1, 2)).toThrow(ArgumentError);
    expect(() => clopperPearson(0, 0)).toThrow('clopperPearson: trials must be a whole number from 1 to');
    expect(() => clopperPearson(0, 2e9)).toThrow('clopperPearson: trials');
    expect(() => clopperPearson(0, 1, 1)).toThrow('clopperPearson: confidence');
  });
});

describe('thresholdAtTpr', () => {
  test('keeps at least the share asked for, and no smaller score does', () => {
    fc.assert(
      fc.property(scoresArbitrary, fc.integer({ min: 1, max: 99 }), (scores, hundredths) => {
        const kept = (t: number) => scores.filter((score) => score <= t).length;
        const enough = (t: number) => kept(t) * 100 >= hundredths * scores.length; // whole numbers
        const result = thresholdAtTpr(scores, { tpr: hundredths / 100, confidence: 0.9 });
        expect(result.threshold).toBe([...scores].sort((a, b) => a - b).find(enough));
        expect(result.tpr).toBe(kept(result.threshold) / scores.length);
        expect(result.interval).toEqual(clopperPearson(kept(result.threshold), scores.length, 0.9));
        expect([result.count, result.confidence]).toEqual([scores.length, 0.9]);
      }),
      { numRuns: 3000 },
    );
    expect(thresholdAtTpr([...Array(100).keys()]).threshold).toBe(94);
    for (let n = 2; n < 200; n++) {
      const scores = [...Array(n).keys()];
      for (let j = 1; j < n; j++) {
        // A hair below a share and a hair above it.
        const found = ([-1, 1] as const).map((step) => thresholdAtTpr(scores, { tpr: besides(j / n, step) }).threshold);
        if (found[0] !== j - 1 || found[1] !== j) expect.fail(`${j} of ${n}: ${found.join()}`);
      }
    }
  });

  test('the interval holds the realized rate in 2,000 simulated sets, with and without ties', () => {
    const random = seededRandom(21);
    for (const levels of [Infinity, 20, 7]) {
      let covered = 0;
      for (let set = 0; set < 2000; set++) {
        const draw = () => (levels === Infinity ? random.uniform() : random.integer(levels));
        const { threshold, interval } = thresholdAtTpr(Array.from({ length: 80 }, draw), { tpr: 0.8, confidence: 0.9 });
        const realized = levels === Infinity ? threshold : (threshold + 1) / levels; // the share at or below it
        if (interval[0] <= realized && realized <= interval[1]) covered++;
      }
      expect(covered / 2000).toBeGreaterThan(0.9 - 3 * Math.sqrt(0.09 / 2000));
    }
  });

  test('bad input', () => {
    expect(() => thresholdAtTpr([])).toThrow('thresholdAtTpr: inScores must be at least one score, got none');
    expect(() => thresholdAtTpr([1, NaN])).toThrow(NotFiniteError);
    expect(() => thresholdAtTpr([1], { tpr: 1 })).toThrow('thresholdAtTpr: tpr');
    expect(() => thresholdAtTpr([1], { confidence: 0 })).toThrow('thresholdAtTpr: confidence');
  });
});
