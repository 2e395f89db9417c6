import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentError, auroc, NotFiniteError, ShapeError } from 'tfjs-ood';
import { aurocOfLabels } from 'tfjs-ood/metrics';
import { expectClose } from '../expect-close';

type Case = { name: string; in: number[]; out: number[]; auroc: number };
const cases = JSON.parse(readFileSync(new URL('../fixtures/metrics.json', import.meta.url), 'utf8')) as Case[];

describe('aurocOfLabels', () => {
  it.each(cases)('is roc_auc_score(y_true, y_score) of scikit-learn: $name', ({ in: a, out: b, auroc: expected }) => {
    // in turn, so that no order of rows is relied upon
    const rows = [...a.map((score) => [0, score] as const), ...b.map((score) => [1, score] as const)];
    const mixed = rows.map((_, i) => rows[(i * 101) % rows.length]!);
    expect(new Set(mixed).size).toBe(rows.length);
    const [yTrue, yScore] = [mixed.map(([label]) => label), mixed.map(([, score]) => score)];
    expectClose(aurocOfLabels(yTrue, yScore), expected, { absolute: 1e-12 });
    expectClose(aurocOfLabels(Uint8Array.from(yTrue), Float64Array.from(yScore)), expected, { absolute: 1e-12 });
    const isOod = yTrue.map((label) => label === 1);
    expectClose(aurocOfLabels(isOod, yScore), expected, { absolute: 1e-12 });
  });

  it('is what auroc gives of the two sides', () => {
    const row = fc.tuple(fc.boolean(), fc.double({ min: -9, max: 9, noNaN: true }));
    fc.assert(
      fc.property(fc.array(row, { minLength: 2 }), (rows) => {
        const side = (wanted: boolean) => rows.filter(([isOod]) => isOod === wanted).map(([, score]) => score);
        fc.pre(side(false).length > 0 && side(true).length > 0);
        const found = aurocOfLabels(
          rows.map(([isOod]) => Number(isOod)),
          rows.map(([, score]) => score),
        );
        expect(found).toBe(auroc(side(false), side(true)));
      }),
    );
  });

  const refused = (...given: [never[] | number[], number[]]) => {
    try {
      return aurocOfLabels(...given);
    } catch (error) {
      return error as Error;
    }
  };

  it('refuses the wrong order, which auroc takes for scores', () => {
    const [yTrue, yScore] = [
      [0, 0, 1, 1],
      [0.1, 0.4, 0.35, 0.8],
    ];
    expect(auroc(yTrue, yScore)).toBe(0.5); // plausible, and nonsense
    const error = refused(yScore, yTrue);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(String(error)).toBe(
      'ArgumentError: aurocOfLabels: yTrue must be 0 (in distribution) or 1 (OoD) each, before the scores: ' +
        'aurocOfLabels(yTrue, yScore), got 0.1 at index 0',
    );
  });

  it.each([
    ['labels of this package, where -1 is OoD', [0, -1, 1], /-1 at index 1/],
    ['class indices', [0, 1, 2], /2 at index 2/],
    ['words', ['in', 'out', 'in'], /at index 0/],
    ['one class only', [1, 1, 1], /labels of both classes, 0 and 1, got only 1 \(3 times\)/],
    ['the other class only', [0, 0, 0], /got only 0 \(3 times\)/],
  ])('refuses %s', (_, yTrue, message) => {
    const error = refused(yTrue as never[], [1, 2, 3]);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(String(error)).toMatch(message);
  });

  it('refuses no rows, other lengths, and NaN', () => {
    expect(String(refused([], []))).toMatch(/both classes, 0 and 1, got none/);
    expect(refused([0, 1], [1])).toBeInstanceOf(ShapeError);
    expect(refused([0, 1], [1, NaN])).toBeInstanceOf(NotFiniteError);
  });
});
