import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import {
  autc,
  averagePrecision,
  fprAtTpr,
  fprAtTprOdin,
  fprAtTprOpenOOD,
  partialAuroc,
  precisionRecallCurve,
  rocCurve,
  trapezoidAupr,
} from 'tfjs-ood/metrics';
import { expectClose } from '../expect-close';

interface Side {
  ap: number;
  shownFpr95: number;
  partial: Record<string, number>;
  roc?: { fpr: number[]; tpr: number[]; thresholds: number[] };
  pr?: { precision: number[]; recall: number[] };
}
interface Case {
  name: string;
  in: number[];
  out: number[];
  auroc: number;
  outPositive: Side;
  inPositive: Side;
}
const cases = JSON.parse(readFileSync(new URL('../fixtures/metrics.json', import.meta.url), 'utf8')) as Case[];
const tight = { relative: 1e-12, absolute: 1e-12 };

test.each(cases)('scikit-learn: $name', ({ in: a, out: b, auroc, ...expected }) => {
  expectClose(fprAtTprOpenOOD(a, b), expected.outPositive.shownFpr95, tight);
  let compared = 0;
  for (const positive of ['in', 'out'] as const) {
    const side = expected[`${positive}Positive`];
    for (const [maxFpr, value] of Object.entries(side.partial)) {
      expectClose(partialAuroc(a, b, { positive, maxFpr: Number(maxFpr) }), value, tight);
    }
    const [roc, pr] = [rocCurve(a, b, { positive }), precisionRecallCurve(a, b, { positive })];
    expectClose(roc.area, auroc, tight);
    expectClose(pr.averagePrecision, side.ap, tight);
    expect([roc.drawnArea, pr.area, pr.drawnArea]).toEqual([
      roc.area,
      trapezoidAupr(a, b, { positive }),
      trapezoidAupr(a, b, { positive }),
    ]);
    if (side.roc === undefined || side.pr === undefined) continue;
    compared++;
    // Every corner is a point of theirs with the same threshold, every point of theirs on our line.
    const sign = positive === 'out' ? 1 : -1;
    for (let k = 1; k < roc.fpr.length; k++) {
      const theirs = side.roc.thresholds.indexOf(sign * roc.thresholds[k]!) + 1;
      expectClose([roc.fpr[k]!, roc.tpr[k]!], [side.roc.fpr[theirs]!, side.roc.tpr[theirs]!], tight);
    }
    side.roc.fpr.forEach((fpr, i) => {
      const tpr = side.roc!.tpr[i]!;
      const k = Math.max(
        1,
        roc.fpr.findIndex((x, j) => x >= fpr - 1e-12 && roc.tpr[j]! >= tpr - 1e-12),
      );
      const [x, y] = [roc.fpr[k - 1]!, roc.tpr[k - 1]!];
      expectClose((fpr - x) * (roc.tpr[k]! - y), (tpr - y) * (roc.fpr[k]! - x), tight);
    });
    // Theirs has every point, from recall 1 down to (0, 1).
    const theirs = new Set(
      side.pr.recall.map((recall, i) => `${recall.toFixed(10)} ${side.pr!.precision[i]!.toFixed(10)}`),
    );
    const ours = Array.from(pr.recall, (recall, k) => `${recall.toFixed(10)} ${pr.precision[k]!.toFixed(10)}`);
    expect(ours.every((point) => theirs.has(point))).toBe(true);
    expect([pr.recall[0], pr.precision[0], pr.recall.at(-1)]).toEqual([0, 1, 1]);
  }
  expect(compared).toBe(a.length + b.length <= 130 ? 2 : 0);
});

test('points on a straight line are left out', () => {
  const scores = Array.from({ length: 50 }, (_, i) => i);
  expect(rocCurve(scores, scores)).toEqual({
    fpr: Float64Array.of(0, 1),
    tpr: Float64Array.of(0, 1),
    thresholds: Float64Array.of(Infinity, 0),
    area: 0.5,
    drawnArea: 0.5,
  });
  const separate = precisionRecallCurve([0, 1, 2], [3, 4, 5]);
  expect([...separate.recall]).toEqual([0, 1, 1]);
  expect([...separate.precision]).toEqual([1, 1, 0.5]);
  expect(rocCurve([0, 1], [3, 4], { positive: 'in' }).thresholds[0]).toBe(-Infinity);
});

test('a thinned curve keeps its shape', () => {
  const random = seededRandom(4);
  const a = Float32Array.from({ length: 30_000 }, () => random.normal());
  for (const shift of [0, 1, 3, 6]) {
    const b = Float32Array.from({ length: 20_000 }, () => shift + random.normal());
    for (const points of [2, 3, 20, 200]) {
      const { fpr, drawnArea, area } = rocCurve(a, b, { points });
      expect(fpr.length).toBeLessThanOrEqual(points);
      expect(Math.abs(drawnArea - area)).toBeLessThanOrEqual(1 / (points - 1));
      if (points === 200) expectClose(drawnArea, area, { absolute: 1e-4 });
      const pr = precisionRecallCurve(a, b, { points });
      expect(pr.recall.length).toBeLessThanOrEqual(points);
      expect([pr.averagePrecision, pr.area]).toEqual([averagePrecision(a, b), trapezoidAupr(a, b)]);
      if (points === 200) expectClose(pr.drawnArea, pr.area, { absolute: 1e-2 });
    }
  }
});

test('rules of the operating point', () => {
  const a = Array.from({ length: 100 }, (_, i) => i);
  const b = [93.5, 94.5, 95.5, 200];
  // In-distribution positive: TPR 0.94, 0.95, 0.96 at the thresholds 93 to 95.5.
  expect(fprAtTpr(a, b)).toBe(0.25);
  const within = [0, 0.25, 0.25, 0.5, 0.5, 0.75]; // at 93, 93.5, 94, 94.5, 95 and 95.5
  expectClose(fprAtTpr(a, b, { rule: 'band-mean' }), within.reduce((sum, each) => sum + each, 0) / 6, tight);
  expect(fprAtTpr([1, 2], [0, 3], { rule: 'band-mean' })).toBe(fprAtTpr([1, 2], [0, 3], { rule: 'nearest' }));
  // ODIN: TPR 0.95 from 94 to 95, FPR 0.25 for one half and 0.5 for the other.
  expect(fprAtTprOdin(a, b)).toBe(0.375);
  const most = 1.7e308; // the gap of 2 * 1.7e308 is beyond float64
  expect(fprAtTprOdin([...Array<number>(19).fill(-most), most], [-most, most])).toBe(0.5);
  const ties = Array.from({ length: 40 }, (_, i) => i);
  expect([fprAtTprOpenOOD(ties, ties), fprAtTpr(ties, ties, { positive: 'out' })]).toEqual([1, 0.95]);
  expect(() => fprAtTpr([1], [2], { rule: 'band-mean', band: 0 })).toThrow('band must be a share between 0 and 1');
});

test('the threshold curve says how it was scaled', () => {
  expect(autc([0, 0.2], [0.6, 1], { scaling: 'none' })).toMatchObject({ aufpr: 0.1, scaling: 'none' });
  expect(autc([3, 3], [3], { scaling: 'min-max' })).toEqual({ autc: 0.5, aufpr: 0.5, aufnr: 0.5, scaling: 'min-max' });
  expect(autc([-1.7e308], [1.7e308], { scaling: 'min-max' }).autc).toBe(0);
  expect(autc([0], [5e-324], { scaling: 'min-max' }).autc).toBe(0);
  expect(() => autc([0, 2], [1], { scaling: 'none' })).toThrow('scores must be scores in [0, 1]');
  expect(() => autc([0], [1], {} as { scaling: 'none' })).toThrow(
    'scaling must be one of min-max, none, got undefined',
  );
});

test('bad options', () => {
  for (const maxFpr of [0, 1.1, NaN, -1]) {
    expect(() => partialAuroc([1], [2], { maxFpr })).toThrow('maxFpr must be a share above 0 and at most 1');
  }
  expect(partialAuroc([1, 2], [2, 3], { maxFpr: 1 })).toBe(0.875);
  for (const points of [1, 0, NaN]) {
    expect(() => rocCurve([1], [2], { points })).toThrow('points must be a whole number from 2');
    expect(() => precisionRecallCurve([1], [2], { points })).toThrow('precisionRecallCurve: points must be');
  }
  expect(() => rocCurve([1], [2], { positive: 'ood' as 'out' })).toThrow('positive must be one of out, in, got ood');
});
