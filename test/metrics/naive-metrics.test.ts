import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  aurocInterval,
  auroc,
  autc,
  averagePrecision,
  compareAurocs,
  detectionAccuracy,
  detectionError,
  equalErrorRate,
  fprAtTpr,
  fprAtTprOdin,
  fprAtTprOpenOOD,
  partialAuroc,
  precisionRecallCurve,
  rankScores,
  rocCurve,
  trapezoidAupr,
} from 'tfjs-ood/metrics';
import { expectClose } from '../expect-close';
import { trials } from '../trials';
import * as naive from './naive-metrics';

// 100,000 cases in all with FULL=1.
const tight = { relative: 1e-12, absolute: 1e-12 };
const runs = (numRuns: number) => ({ numRuns: trials(numRuns) });
const few = fc.array(
  fc.integer({ min: -4, max: 4 }).map((value) => value / 2),
  { minLength: 1, maxLength: 9 },
);
const loose = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 6 });
const scores = fc.oneof({ arbitrary: few, weight: 4 }, { arbitrary: loose, weight: 1 });
const side = fc.constantFrom<'in' | 'out'>('in', 'out');
const percent = fc.integer({ min: 1, max: 99 }).map((value) => value / 100);

test('areas', () => {
  fc.assert(
    fc.property(scores, scores, side, (a, b, positive) => {
      expectClose(auroc(a, b), naive.naiveAuroc(a, b), tight);
      expectClose(averagePrecision(a, b, { positive }), naive.naiveAveragePrecision(a, b, positive), tight);
      expectClose(trapezoidAupr(a, b, { positive }), naive.naiveTrapezoidAupr(a, b, positive), tight);
    }),
    runs(20_000),
  );
});

test('partial areas', () => {
  fc.assert(
    fc.property(scores, scores, side, percent, (a, b, positive, maxFpr) => {
      const area = naive.naivePartialArea(a, b, positive, maxFpr);
      expectClose(partialAuroc(a, b, { positive, maxFpr, standardized: false }), area, tight);
      const scaled = (area - maxFpr ** 2 / 2) / (maxFpr - maxFpr ** 2 / 2);
      expectClose(partialAuroc(a, b, { positive, maxFpr }), 0.5 + scaled / 2, tight);
    }),
    runs(15_000),
  );
});

test('rates', () => {
  const rules = fc.constantFrom<'at-or-above' | 'nearest' | 'band-mean'>('at-or-above', 'nearest', 'band-mean');
  const bands = fc.constantFrom(0.01, 0.05, 0.2);
  fc.assert(
    fc.property(scores, scores, side, percent, rules, bands, (a, b, positive, tpr, rule, band) => {
      const options = { positive, tpr, rule, band };
      expectClose(fprAtTpr(a, b, options), naive.naiveFprAtTpr(a, b, options), tight);
    }),
    runs(25_000),
  );
});

test('errors', () => {
  fc.assert(
    fc.property(scores, scores, (a, b) => {
      const least = naive.naiveDetectionError(a, b);
      expectClose(detectionError(a, b), least, tight);
      expectClose(detectionAccuracy(a, b), 1 - least, tight);
      const { rate, threshold } = equalErrorRate(a, b);
      expectClose(rate, naive.naiveEqualErrorRate(a, b), { absolute: 1e-12 });
      const apart = (t: number) =>
        Math.abs(a.filter((s) => s >= t).length / a.length - b.filter((s) => s < t).length / b.length);
      expectClose(apart(threshold), Math.min(...[...a, ...b].map(apart)), { absolute: 1e-12 });
    }),
    runs(10_000),
  );
});

test('threshold curves', () => {
  fc.assert(
    fc.property(few, few, (a, b) => {
      const spread = new Set([...a, ...b]).size > 1;
      const { aufpr, aufnr } = spread ? naive.naiveAutc(a, b, 840 * 3) : { aufpr: 0.5, aufnr: 0.5 };
      const own = autc(a, b, { scaling: 'min-max' });
      expectClose([own.aufpr, own.aufnr, own.autc], [aufpr, aufnr, (aufpr + aufnr) / 2], tight);
      const unit = [a, b].map((each) => each.map((s) => (s + 2) / 4)) as [number[], number[]];
      const plain = autc(...unit, { scaling: 'none' });
      expectClose(plain.aufpr, unit[0].reduce((sum, s) => sum + s, 0) / a.length, tight);
      expectClose(plain.aufnr, 1 - unit[1].reduce((sum, s) => sum + s, 0) / b.length, tight);
    }),
    runs(500),
  );
  fc.assert(
    fc.property(scores, scores, (a, b) => {
      const all = [...a, ...b];
      const lowest = Math.min(...all);
      const range = Math.max(...all) / 4 - lowest / 4;
      const own = autc(a, b, { scaling: 'min-max' });
      const scaled = (each: number[]) => each.reduce((sum, s) => sum + (s / 4 - lowest / 4) / range, 0) / each.length;
      if (range > 1e-300) expectClose([own.aufpr, own.aufnr], [scaled(a), 1 - scaled(b)], tight);
      expectClose(autc(b, a, { scaling: 'min-max' }).autc, 1 - own.autc, tight);
    }),
    runs(4_500),
  );
});

test('curves', () => {
  fc.assert(
    fc.property(scores, scores, side, fc.integer({ min: 2, max: 12 }), (a, b, positive, points) => {
      const all = naive.naivePoints(a, b, positive);
      const roc = rocCurve(a, b, { positive });
      // Corners are points of the curve in its order; every point left out lies on the line between two of them.
      let corner = 0;
      for (const { threshold, tpr, fpr } of all) {
        if (roc.thresholds[corner] === threshold) {
          expect([roc.fpr[corner], roc.tpr[corner]]).toEqual([fpr, tpr]);
          corner++;
          continue;
        }
        const [dx, dy] = [roc.fpr[corner]! - roc.fpr[corner - 1]!, roc.tpr[corner]! - roc.tpr[corner - 1]!];
        expectClose((fpr - roc.fpr[corner - 1]!) * dy, (tpr - roc.tpr[corner - 1]!) * dx, tight);
      }
      expect(corner).toBe(roc.thresholds.length);
      const areaOf = (x: Float64Array, y: Float64Array) =>
        x.reduce((sum, right, k) => (k === 0 ? 0 : sum + ((right - x[k - 1]!) * (y[k]! + y[k - 1]!)) / 2), 0);
      expectClose(areaOf(roc.fpr, roc.tpr), naive.naiveAuroc(a, b), tight);
      expectClose(roc.area, naive.naiveAuroc(a, b), tight);

      const pr = precisionRecallCurve(a, b, { positive });
      expectClose(areaOf(pr.recall, pr.precision), naive.naiveTrapezoidAupr(a, b, positive), tight);
      const steps = pr.recall.map((recall, k) => (k === 0 ? 0 : (recall - pr.recall[k - 1]!) * pr.precision[k]!));
      expectClose(
        steps.reduce((sum, each) => sum + each, 0),
        naive.naiveAveragePrecision(a, b, positive),
        tight,
      );
      for (const [k, threshold] of pr.thresholds.entries()) {
        const point = all.find((each) => each.threshold === threshold)!;
        expect([pr.recall[k], pr.precision[k]]).toEqual([point.tpr, point.precision]);
      }

      for (const thin of [rocCurve(a, b, { positive, points }), precisionRecallCurve(a, b, { positive, points })]) {
        expect(thin.thresholds.length).toBeLessThanOrEqual(points);
        const drawn = 'fpr' in thin ? areaOf(thin.fpr, thin.tpr) : areaOf(thin.recall, thin.precision);
        expectClose(thin.drawnArea, drawn, tight);
        if ('fpr' in thin) expect(Math.abs(drawn - thin.area)).toBeLessThanOrEqual(1 / (points - 1));
        expect(thin.thresholds.at(-1) === all.at(-1)!.threshold).toBe(true); // -0 is 0
      }
    }),
    runs(10_000),
  );
});

test("OpenOOD's and ODIN's FPR", () => {
  const many = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(many, many, (a, b) => {
      expectClose(fprAtTprOpenOOD(a, b), naive.naiveOpenOOD(a, b), tight);
    }),
    runs(4_000),
  );
  let inBand = 0;
  const nineteen = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 19, maxLength: 19 });
  fc.assert(
    fc.property(nineteen, fc.integer({ min: 5, max: 12 }), few, (most, highest, b) => {
      const a = [...most, highest]; // 19 of 20 is 0.95
      const all = [...a, ...b];
      // Every score on a step: the midpoints see each gap in full
      const steps = 8 * (Math.max(...all) - Math.min(...all));
      const expected = naive.naiveOdin(a, b, steps);
      if (expected !== undefined) inBand++;
      const nearest = naive.naiveFprAtTpr(a, b, { tpr: 0.95, positive: 'in', rule: 'nearest', band: 0.01 });
      expectClose(fprAtTprOdin(a, b), expected ?? nearest, tight);
    }),
    runs(1_000),
  );
  expect(inBand).toBeGreaterThan(trials(200));
});

test("DeLong's standard error", () => {
  fc.assert(
    fc.property(scores, scores, (a, b) => {
      const { auroc: area, standardError, lower, upper } = aurocInterval(a, b);
      expectClose(area, naive.naiveAuroc(a, b), tight);
      const known = a.length > 1 && b.length > 1;
      expectClose(standardError, known ? naive.naiveStandardError(a, b) : 0.5, { absolute: 1e-9, relative: 1e-12 });
      expect(lower >= 0 && lower <= area + 1e-12 && upper >= area - 1e-12 && upper <= 1).toBe(true);
      const plain = aurocInterval(rankScores(a, b), { method: 'delong', confidence: 0.6826894921370859 });
      expectClose(plain.lower, known ? Math.max(0, area - standardError) : 0, tight);
      expectClose(plain.upper, known ? Math.min(1, area + standardError) : 1, tight);
    }),
    runs(5_000),
  );
});

test('two detectors', () => {
  const value = fc.integer({ min: -4, max: 4 });
  const rows = fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 9 });
  const columns = (pairs: [number, number][], k: 0 | 1) => pairs.map((pair) => pair[k]);
  fc.assert(
    fc.property(rows, rows, (ins, outs) => {
      const [first, second] = ([0, 1] as const).map((k) => [columns(ins, k), columns(outs, k)] as const);
      const detector = ([inScores, outScores]: readonly [number[], number[]]) => ({ inScores, outScores });
      const own = compareAurocs(detector(first!), detector(second!));
      const [one, two] = [naive.naiveComponents(...first!), naive.naiveComponents(...second!)];
      const variance = (of: 'ofIn' | 'ofOut') =>
        (naive.naiveCovariance(one[of], one[of]) +
          naive.naiveCovariance(two[of], two[of]) -
          2 * naive.naiveCovariance(one[of], two[of])) /
        one[of].length;
      const error = Math.sqrt(Math.max(0, variance('ofIn') + variance('ofOut')));
      expectClose(own.difference, naive.naiveAuroc(...first!) - naive.naiveAuroc(...second!), tight);
      expectClose(own.standardError, error, { absolute: 1e-7, relative: 1e-12 }); // the root of what is left of 1 - 1
      const turned = compareAurocs(detector(second!), detector(first!));
      expectClose([turned.z, turned.pValue, turned.lower], [-own.z, own.pValue, -own.upper], tight);
      if (own.difference === 0) expect([own.z, own.pValue]).toEqual([0, 1]);
      expect(own.pValue >= 0 && own.pValue <= 1).toBe(true);
    }),
    runs(5_000),
  );
});
