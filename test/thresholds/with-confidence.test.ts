import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calibrate, conformalThreshold, cutPoint, decide, decideWith, formatCutPoints, parseCutPoints } from 'tfjs-ood';
import { classThresholds } from 'tfjs-ood/thresholds';
import { classedArbitrary, rateArbitrary, scoresArbitrary } from './arbitraries';
import { confidenceFixture } from './confidence-fixture';

const ascending = (count: number) => Float64Array.from({ length: count }, (_, i) => i);

describe('a threshold for this calibration', () => {
  test("is SciPy's: the largest j whose exceedance is allowed, and that exceedance", () => {
    expect(confidenceFixture.thresholds.length).toBeGreaterThan(700);
    const some = confidenceFixture.thresholds.filter((_, i) => process.env.FULL || i % 7 === 0);
    for (const [count, alpha, confidence, allowed, exceedance] of some) {
      const found = conformalThreshold(ascending(count), alpha, { confidence });
      expect(found.threshold, `${count} ${alpha} ${confidence}`).toBe(allowed === 0 ? Infinity : count - allowed);
      expect(Math.abs(found.exceedance! - exceedance)).toBeLessThanOrEqual(1e-9 * exceedance);
    }
  });

  test('the figures that are quoted', () => {
    const { threshold, exceedance } = conformalThreshold(ascending(1000), 0.05, { confidence: 0.95 });
    expect(threshold).toBe(1000 - 39);
    expect(exceedance).toBeCloseTo(0.0433, 4);
    expect(conformalThreshold(ascending(1000), 0.05).threshold).toBe(1000 - 50);
    for (const [count, alpha] of [
      [59, 0.05],
      [299, 0.01],
    ] as const) {
      expect(conformalThreshold(ascending(count), alpha, { confidence: 0.95 }).threshold).toBe(count - 1);
      const tooFew = conformalThreshold(ascending(count - 1), alpha, { confidence: 0.95 });
      expect(tooFew).toMatchObject({ threshold: Infinity, count: count - 1, exceedance: 0, confidence: 0.95 });
      expect(tooFew.warning).toContain(`which takes ${count} scores`);
      expect(conformalThreshold(ascending(count - 1), tooFew.smallestAlpha, { confidence: 0.95 }).threshold).toBe(
        count - 2,
      );
    }
  });

  test('too few: the number and the alpha that the warning names are enough, and hardly less would be', () => {
    for (let count = 1; count <= 400; count += 3) {
      for (const confidence of [0.5, 0.9, 0.95, 0.999]) {
        const { smallestAlpha } = conformalThreshold(ascending(count), 0.5, { confidence });
        const of = (n: number, alpha: number) => conformalThreshold(ascending(n), alpha, { confidence });
        expect(of(count, smallestAlpha).exceedance).toBeCloseTo(1 - confidence, 12);
        const alpha = smallestAlpha / 2;
        const [, named, needed] = /below (\S+) with confidence .*takes (\d+) scores/.exec(of(count, alpha).warning!)!;
        expect(of(count, Number(named)).warning).toBeUndefined();
        expect(of(Number(needed), alpha).warning).toBeUndefined();
        expect(of(Number(needed) - 1, alpha).warning).toBeDefined();
        expect(Number(named)).toBeLessThan(1.01 * smallestAlpha);
      }
    }
  });

  test('1 - 0.95 asks for what 0.05 does', () => {
    expect(1 - 0.95).not.toBe(0.05);
    // P(Beta(1, 1) > 0.95) is 0.05 itself
    expect(conformalThreshold([7], 0.95, { confidence: 0.95 }).threshold).toBe(7);
    expect(conformalThreshold([7], 0.9499, { confidence: 0.95 }).threshold).toBe(Infinity);
  });

  test('more confidence or a smaller alpha never lowers it', () => {
    fc.assert(
      fc.property(scoresArbitrary, rateArbitrary, rateArbitrary, rateArbitrary, (scores, alpha, other, confidence) => {
        const of = (a: number, c: number) => conformalThreshold(scores, a, { confidence: c }).threshold;
        const [less, more] = [Math.min(alpha, other), Math.max(alpha, other)];
        expect(of(less, confidence)).toBeGreaterThanOrEqual(of(more, confidence));
        expect(of(confidence, more)).toBeGreaterThanOrEqual(of(confidence, less));
      }),
      { numRuns: 1000 },
    );
  });

  test('decisions and the thresholds of classes are by it', () => {
    fc.assert(
      fc.property(classedArbitrary, rateArbitrary, rateArbitrary, ({ scores, classes }, alpha, confidence) => {
        const { threshold } = conformalThreshold(scores, alpha, { confidence });
        const asked = [-1, 0.5, 1.25, 2.25, 9];
        const alone = decide(asked, { calibration: scores, alpha, confidence });
        expect(decideWith(calibrate(scores), asked, { alpha, confidence })).toEqual(alone);
        alone.forEach((decision) => {
          expect(decision.threshold).toBe(threshold);
          expect(decision.isOod).toBe(decision.score > threshold);
        });
        const cuts = classThresholds(scores, classes, alpha, { confidence });
        const own = cuts.map(({ label }) => label);
        const byClass = decide(
          own.map(() => 1.5),
          { calibration: scores, calibrationClasses: classes, nearestClass: own, alpha, confidence },
        );
        expect(byClass.map((decision) => decision.threshold)).toEqual(cuts.map((cut) => cut.threshold));
        for (const { label, ...cut } of cuts) {
          const alike = conformalThreshold(
            scores.filter((_, i) => classes[i] === label),
            alpha,
            { confidence },
          );
          expect({ ...cut, warning: undefined }).toEqual({ ...alike, warning: undefined });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a cut-point keeps its confidence, and an infinite one is right where count is too small for it', () => {
    const of = (count: number, confidence?: number) =>
      cutPoint('strict', conformalThreshold(ascending(count), 0.05, { confidence }), { detector: 'knn' });
    for (const one of [of(30), of(59, 0.95), of(30, 0.95)]) {
      expect(parseCutPoints(formatCutPoints([one]))).toEqual([one]);
    }
    expect(of(30, 0.95)).toMatchObject({ threshold: Infinity, confidence: 0.95 });
    expect(of(30)).not.toHaveProperty('confidence');
    const text = formatCutPoints([of(30, 0.95)]);
    expect(() => parseCutPoints(text.replace(/ *"confidence": 0.95,\n/, ''))).toThrow('cutPoints.0.threshold');
    expect(() => parseCutPoints(text.replace('0.95', '1.95'))).toThrow('cutPoints.0.confidence');
  });
});
