import { check, OBJECT, RECORD, TEXT, type Rule } from '../core/check';
import { ArgumentError } from '../core/errors';
import type { ConformalThreshold } from './conformal-threshold';
import type { TprThreshold } from './threshold-at-tpr';

/** What a cut-point is good for: with another detector, model or data the same number means nothing. */
export interface BelongsTo {
  /** The detector's kind or name. */
  readonly detector: string;
  /** Whatever else tells: `model` (a fingerprint), `data`, `class`. */
  readonly [what: string]: string;
}

export const NAME: Rule = {
  expected: 'a name of at least one character',
  holds: (value: unknown) => TEXT.holds(value as number) && value !== '',
};
export const NUMBER: Rule = {
  expected: 'a number',
  holds: (value: unknown) => typeof value === 'number' && !Number.isNaN(value),
};

interface AnyCutPoint {
  name: string;
  /** `score > threshold` is beyond the cut-point; infinite where a conformal one had too few scores. */
  threshold: number;
  /** Scores that it comes from; 0 for one by hand. */
  count: number;
  belongsTo: BelongsTo;
}

/** A named threshold, with where it comes from and what it belongs to. */
export type CutPoint =
  | (AnyCutPoint & { kind: 'conformal'; alpha: number; confidence?: number | undefined })
  | (AnyCutPoint & { kind: 'tpr'; tpr: number; interval: [lower: number, upper: number]; confidence: number })
  | (AnyCutPoint & { kind: 'manual' });

const CUT_POINTS: Rule = {
  expected: 'a list of cut-points',
  holds: (value: unknown) =>
    Array.isArray(value) &&
    value.every(
      (one: CutPoint | undefined) => NUMBER.holds(one?.threshold as number) && OBJECT.holds(one!.belongsTo as never),
    ),
};

/** Cut-points with different names. */
export type CutPoints = readonly CutPoint[];

/**
 * A named cut-point of a threshold, to be saved by {@link formatCutPoints} with what it belongs to.
 *
 * @param name at least one character
 * @param threshold what `conformalThreshold` or `thresholdAtTpr` gave, or a number chosen by hand
 * @param belongsTo `detector` and whatever else must be the same for the threshold to mean something; strings
 * @throws ArgumentError for an empty name, a threshold that is none, or a `belongsTo` without `detector` or with other
 *   values than strings
 * @example
 * const strict = cutPoint('strict', conformalThreshold([0.1, 0.2, 0.3], 0.25), { detector: 'knn', model: '9f2c' });
 */
export function cutPoint(
  name: string,
  threshold: ConformalThreshold | TprThreshold | number,
  belongsTo: BelongsTo,
): CutPoint {
  const where = 'cutPoint';
  check(where, 'name', name, NAME);
  for (const [what, value] of Object.entries({ detector: undefined, ...(belongsTo as object | undefined) })) {
    check(where, `belongsTo.${what}`, value, TEXT);
  }
  const cut = typeof threshold === 'number' ? threshold : threshold?.threshold;
  check(where, 'threshold', cut, NUMBER);
  const own = { ...belongsTo };
  if (typeof threshold === 'number') return { name, kind: 'manual', threshold, count: 0, belongsTo: own };
  const { count } = threshold;
  if ('alpha' in threshold) {
    const { alpha, confidence } = threshold;
    const sure = confidence === undefined ? {} : { confidence };
    return { name, kind: 'conformal', threshold: cut, alpha, ...sure, count, belongsTo: own };
  }
  const { tpr, interval, confidence } = threshold;
  return { name, kind: 'tpr', threshold: cut, tpr, interval: [...interval], confidence, count, belongsTo: own };
}

/**
 * Names of the cut-points that a score is beyond (`score > threshold`), in their order.
 *
 * @throws ArgumentError for a score that is NaN
 * @example
 * cutPointsPassed([cutPoint('odd', 1, { detector: 'knn' }), cutPoint('alien', 3, { detector: 'knn' })], 2); // ['odd']
 */
export function cutPointsPassed(cutPoints: CutPoints, score: number): string[] {
  check('cutPointsPassed', 'score', score, NUMBER);
  check('cutPointsPassed', 'cutPoints', cutPoints, CUT_POINTS);
  return cutPoints.filter(({ threshold }) => score > threshold).map(({ name }) => name);
}

/**
 * Throws unless the cut-points belong to what they are about to be used with.
 *
 * @param expected what each must belong to; a name that a cut-point lacks differs, names that are not asked for do not
 *   count
 * @throws ArgumentError naming the first cut-point that differs, and all in which it does
 * @example
 * checkBelongsTo([cutPoint('strict', 2, { detector: 'knn', model: '9f2c' })], { detector: 'knn', model: '9f2c' });
 */
export function checkBelongsTo(cutPoints: CutPoints, expected: Readonly<Record<string, string>>): void {
  const where = 'checkBelongsTo';
  check(where, 'cutPoints', cutPoints, CUT_POINTS);
  check(where, 'expected', expected, RECORD);
  for (const [what, value] of Object.entries(expected)) check(where, `expected.${what}`, value, TEXT);
  for (const { name, belongsTo } of cutPoints) {
    const differing = Object.keys(expected).filter((what) => belongsTo[what] !== expected[what]);
    if (differing.length === 0) continue;
    const said = (of: Readonly<Record<string, string>>) =>
      differing.map((what) => (Object.hasOwn(of, what) ? `${what} '${of[what]}'` : `no ${what}`)).join(', ');
    const what = `belongsTo of cut-point '${name}'`;
    throw new ArgumentError(where, what, said(expected), said(belongsTo));
  }
}
