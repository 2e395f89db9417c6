import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import { aurc, auroc, ccrAtFpr, classAccuracy, excessAurc, oscr } from 'tfjs-ood/metrics';
import { expectClose } from '../expect-close';

const tight = { relative: 1e-12, absolute: 1e-12 };
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

interface Row {
  score: number;
  predicted: number;
  label: number;
}
const row = fc.record({
  score: fc.integer({ min: -3, max: 3 }).map((value) => value / 2),
  predicted: fc.integer({ min: -1, max: 2 }),
  label: fc.integer({ min: 0, max: 2 }),
});
const rowsUpTo = (maxLength: number) => fc.array(row, { minLength: 1, maxLength });
const outScores = fc.array(
  fc.integer({ min: -3, max: 4 }).map((value) => value / 2),
  { minLength: 1, maxLength: 9 },
);
const columns = (rows: readonly Row[]) => ({
  scores: rows.map(({ score }) => score),
  predicted: rows.map(({ predicted }) => predicted),
  labels: rows.map(({ label }) => label),
});
const isRight = ({ predicted, label }: Row) => predicted === label;

test('accuracy is the share of right answers', () => {
  fc.assert(
    fc.property(rowsUpTo(12), (rows) => {
      const { predicted, labels } = columns(rows);
      expect(classAccuracy(predicted, Int32Array.from(labels))).toBe(rows.filter(isRight).length / rows.length);
    }),
    { numRuns: 1000 },
  );
  expect(classAccuracy([-1, 0], [0, 0])).toBe(0.5); // no class is no right class
});

describe('oscr', () => {
  test('the probability that a sample is right and before an OoD one; the curve by counting; no more than the accuracy', () => {
    fc.assert(
      fc.property(rowsUpTo(10), outScores, (rows, out) => {
        const { oscr: area, curve } = oscr(columns(rows), out);
        const pairs = rows.flatMap((r) =>
          out.map((s) => (isRight(r) ? (r.score < s ? 1 : r.score === s ? 0.5 : 0) : 0)),
        );
        expectClose(area, mean(pairs), tight);
        const distinct = [...new Set([...rows.map(({ score }) => score), ...out])].sort((a, b) => a - b);
        expect([...curve.thresholds]).toEqual([-Infinity, ...distinct]);
        const share = (values: readonly unknown[], all: readonly unknown[]) => values.length / all.length;
        for (const [k, t] of curve.thresholds.entries()) {
          expect(curve.fpr[k]).toBe(share(out.filter((s) => s <= t), out)); // prettier-ignore
          expect(curve.ccr[k]).toBe(share(rows.filter((r) => isRight(r) && r.score <= t), rows)); // prettier-ignore
        }
        const accuracy = classAccuracy(columns(rows).predicted, columns(rows).labels);
        expect(area).toBeLessThanOrEqual(accuracy + 1e-12);
        expect(curve.ccr.at(-1)).toBe(accuracy);
      }),
      { numRuns: 3000 },
    );
  });
  test('with all answers right it is AUROC, to the last bit; with a score that says nothing half the accuracy', () => {
    fc.assert(
      fc.property(rowsUpTo(12), outScores, (rows, out) => {
        const { scores, predicted, labels } = columns(rows);
        expect(oscr({ scores, predicted: labels, labels }, out).oscr).toBe(auroc(scores, out));
        const constant = { scores: scores.map(() => 1), predicted, labels };
        const nothing = oscr(constant, out.map(() => 1)).oscr; // prettier-ignore
        expectClose(nothing, classAccuracy(predicted, labels) / 2, tight);
      }),
      { numRuns: 2000 },
    );
  });
  test('the example of the docs', () => {
    const inside = { scores: [0.1, 0.4], predicted: [3, 5], labels: [3, 3] };
    const { oscr: area, curve } = oscr(inside, [0.35, 0.8]);
    expect(area).toBe(0.5);
    expect([...curve.ccr]).toEqual([0, 0.5, 0.5, 0.5, 0.5]);
    expect([...curve.fpr]).toEqual([0, 0, 0.5, 0.5, 1]);
  });
});

describe('ccrAtFpr', () => {
  test('the best rate among the thresholds that the rule allows', () => {
    fc.assert(
      fc.property(rowsUpTo(10), outScores, fc.integer({ min: 1, max: 99 }), (rows, out, percent) => {
        const fpr = percent / 100;
        const points = [-Infinity, ...rows.map(({ score }) => score), ...out].map((t) => ({
          ccr: rows.filter((r) => isRight(r) && r.score <= t).length / rows.length,
          fpr: out.filter((s) => s <= t).length / out.length,
        }));
        const best = (allowed: typeof points) => Math.max(...allowed.map(({ ccr }) => ccr));
        expect(ccrAtFpr(columns(rows), out, { fpr })).toBe(best(points.filter((p) => p.fpr <= fpr)));
        const distance = Math.min(...points.map((p) => Math.abs(p.fpr - fpr)));
        const near = points.filter((p) => Math.abs(p.fpr - fpr) === distance);
        const smaller = Math.min(...near.map((p) => p.fpr));
        const nearest = best(near.filter((p) => p.fpr === smaller));
        expect(ccrAtFpr(columns(rows), out, { fpr, rule: 'nearest' })).toBe(nearest);
      }),
      { numRuns: 2500 },
    );
  });
  test('exactly 5 % of 20 is within 5 %, and the rules differ', () => {
    const inside = { scores: [0, 1.5, 2.5], predicted: [0, 0, 0], labels: [0, 0, 0] };
    const out = Array.from({ length: 20 }, (_, i) => i + 1);
    expectClose(ccrAtFpr(inside, out), 2 / 3, tight);
    expectClose(ccrAtFpr(inside, out, { fpr: 0.049 }), 1 / 3, tight);
    expectClose(ccrAtFpr(inside, out, { fpr: 0.049, rule: 'nearest' }), 2 / 3, tight);
  });
});

function permutations(values: readonly number[]): number[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((value, i) => permutations(values.filter((_, j) => j !== i)).map((rest) => [value, ...rest]));
}
/** AURC of samples that are accepted one by one in this order. */
const areaInOrder = (wrong: readonly number[]) => mean(wrong.map((_, k) => mean(wrong.slice(0, k + 1))));

describe('aurc', () => {
  test('the mean over all orders of equal scores; excess over the best order of all', () => {
    fc.assert(
      fc.property(rowsUpTo(5), (rows) => {
        const { scores, predicted, labels } = columns(rows);
        const orders = permutations([...rows.keys()]);
        const wrongIn = (order: readonly number[]) => order.map((i) => Number(!isRight(rows[i]!)));
        const ascending = orders.filter((order) =>
          order.every((i, k) => k === 0 || scores[order[k - 1]!]! <= scores[i]!),
        );
        const expected = mean(ascending.map((order) => areaInOrder(wrongIn(order))));
        const best = Math.min(...orders.map((order) => areaInOrder(wrongIn(order))));
        expectClose(aurc(scores, predicted, labels), expected, tight);
        expectClose(excessAurc(scores, predicted, labels), expected - best, tight);
      }),
      { numRuns: 2000 },
    );
  });
  test('the order of the rows has no say; a monotone change neither; a constant score gets the error rate', () => {
    fc.assert(
      fc.property(rowsUpTo(30), fc.integer(), (rows, seed) => {
        const { scores, predicted, labels } = columns(rows);
        const order = seededRandom(seed).permutation(rows.length);
        const shuffled = columns([...order].map((i) => rows[i]!));
        const area = aurc(scores, predicted, labels);
        expect(aurc(shuffled.scores, shuffled.predicted, shuffled.labels)).toBe(area);
        expect(aurc(scores.map(Math.exp), predicted, labels)).toBe(area);
        const constant = scores.map(() => 7);
        expectClose(aurc(constant, predicted, labels), 1 - classAccuracy(predicted, labels), tight);
        expect(excessAurc(scores, predicted, labels)).toBeGreaterThanOrEqual(0);
        const perfect = rows.map((r) => Number(!isRight(r)));
        expect(excessAurc(rows.map((_, i) => i + 100 * perfect[i]!), predicted, labels)).toBe(0); // prettier-ignore
      }),
      { numRuns: 2000 },
    );
  });
  test('for many samples the least is r + (1 - r) ln(1 - r), as in the paper', () => {
    const [count, rate] = [100_000, 0.2];
    const labels = new Int32Array(count);
    const predicted = Int32Array.from(labels, (_, i) => Number(i >= count * (1 - rate)));
    const scores = Float64Array.from(labels, (_, i) => i);
    expectClose(aurc(scores, predicted, labels), rate + (1 - rate) * Math.log(1 - rate), { absolute: 1e-5 });
    expect(excessAurc(scores, predicted, labels)).toBe(0);
  });
});

describe('bad input', () => {
  const inside = { scores: [1, 2], predicted: [0, 0], labels: [0, 1] };
  const each = {
    oscr: (change: Partial<typeof inside>) => oscr({ ...inside, ...change }, [3]),
    ccrAtFpr: (change: Partial<typeof inside>) => ccrAtFpr({ ...inside, ...change }, [3]),
    aurc: (change: Partial<typeof inside>) => {
      const { scores, predicted, labels } = { ...inside, ...change };
      return aurc(scores, predicted, labels);
    },
    excessAurc: (change: Partial<typeof inside>) => {
      const { scores, predicted, labels } = { ...inside, ...change };
      return excessAurc(scores, predicted, labels);
    },
  };
  test.each(Object.entries(each))('%s', (name, call) => {
    expect(() => call({ scores: [] })).toThrow(`${name}: scores must be at least one score, got none`);
    expect(() => call({ scores: [1, NaN] })).toThrow(NotFiniteError);
    expect(() => call({ scores: [1, 2, 3] })).toThrow(`${name}: labels must be 3 labels, one for each score, got 2`);
    expect(() => call({ predicted: [1] })).toThrow(ShapeError);
    expect(() => call({ labels: [0, -1] })).toThrow('(leave OoD rows out), got -1 at index 1');
    expect(() => call({ labels: [0.5, 1] })).toThrow(ArgumentError);
    expect(() => call({ predicted: [0, NaN] })).toThrow('predicted must be class indices, got NaN at index 1');
    expect(() => call({ predicted: undefined as unknown as number[] })).toThrow(ArgumentError);
  });
  test('accuracy, rates and rules', () => {
    expect(() => classAccuracy([], [])).toThrow('classAccuracy: labels must be at least one label, got none');
    expect(() => classAccuracy([1], [1, 2])).toThrow(ShapeError);
    expect(() => oscr(inside, [])).toThrow('oscr: outScores must be at least one score');
    expect(() => oscr(inside, [Infinity])).toThrow(NotFiniteError);
    for (const fpr of [0, 1, NaN]) expect(() => ccrAtFpr(inside, [3], { fpr })).toThrow('fpr must be a share between');
    expect(() => ccrAtFpr(inside, [3], { rule: 'x' as 'nearest' })).toThrow('rule must be one of at-or-below, nearest');
  });
});
