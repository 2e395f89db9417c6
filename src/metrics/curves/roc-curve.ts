import { wholeFrom } from '../../core/check';
import type { Scores } from '../../core/scores';
import { auroc } from '../auroc';
import type { RankedScores } from '../cumulative-counts';
import { operatingPoints, POSITIVE_OUT, type PositiveOption } from '../operating-points';
import { rankedWithOptions, type MetricArguments } from '../ranked-arguments';
import { thinCurve } from './thin-curve';

/** Options of {@link rocCurve} and `precisionRecallCurve`. */
export interface CurveOptions extends PositiveOption {
  /** At most so many points, at least 2; by default as many as there are. */
  points?: number;
}

export const CURVE_OPTIONS = { ...POSITIVE_OUT, points: [wholeFrom(2)] } as const;

/** The corners of a ROC curve, from (0, 0) to (1, 1). */
export interface RocCurve {
  fpr: Float64Array;
  tpr: Float64Array;
  /**
   * OoD positive: `score >= threshold` is called positive, from Infinity down; in-distribution positive: `<=`, from
   * -Infinity up.
   */
  thresholds: Float64Array;
  /** Of the whole curve, exactly: `auroc`. */
  area: number;
  /**
   * Under the straight lines through these points: `area`, or within 1 / (points - 1) of it where points were left out.
   */
  drawnArea: number;
}

/** Area under straight lines. */
export function areaUnder(x: Float64Array, y: Float64Array): number {
  let area = 0;
  for (let k = 1; k < x.length; k++) area += ((x[k]! - x[k - 1]!) * (y[k]! + y[k - 1]!)) / 2;
  return area;
}

/**
 * ROC curve: true over false positive rate at every threshold, without points on the straight line between two others.
 *
 * Leaving those out changes no area. With `points` it is thinned for a plot: the areas of the rectangles between two
 * points are kept small, so the steep parts keep their points; `drawnArea` tells what is left of the area.
 *
 * Source: Provost, Fawcett, Machine Learning 42 (2001); the points of scikit-learn's `roc_curve`.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @param options `positive`: `'out'` (default) or `'in'`; `points`: at most so many, at least 2
 * @throws ArgumentError for an empty side, an unknown side or `points` below 2; NotFiniteError naming the first NaN or
 *   infinite score
 * @example
 * const { fpr, tpr } = rocCurve([0.1, 0.4], [0.35, 0.8]); // [0, 0, 0.5, 0.5, 1], [0, 0.5, 0.5, 1, 1]
 */
export function rocCurve(inScores: Scores, outScores: Scores, options?: CurveOptions): RocCurve;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * rocCurve(rankScores([0.1, 0.4], [0.35, 0.8])).tpr; // [0, 0.5, 0.5, 1, 1]
 */
export function rocCurve(ranked: RankedScores, options?: CurveOptions): RocCurve;
export function rocCurve(...given: MetricArguments<CurveOptions>): RocCurve {
  const { ranked, options } = rankedWithOptions('rocCurve', given, CURVE_OPTIONS);
  const { positive, points } = options;
  const { positives, negatives, truePositives, falsePositives, ...found } = operatingPoints(ranked, positive);
  const count = truePositives.length;
  const [tpr, fpr, thresholds] = [
    new Float64Array(count + 1),
    new Float64Array(count + 1),
    new Float64Array(count + 1),
  ];
  thresholds[0] = positive === 'out' ? Infinity : -Infinity;
  let [corners, trueBefore, falseBefore] = [1, 0, 0];
  for (let k = 0; k < count; k++) {
    const [trueHere, falseHere] = [truePositives[k]!, falsePositives[k]!];
    // On the line from the last corner to the next point: whole numbers, so exactly.
    const bends =
      k === count - 1 ||
      (trueHere - trueBefore) * (falsePositives[k + 1]! - falseHere) !==
        (truePositives[k + 1]! - trueHere) * (falseHere - falseBefore);
    if (!bends) continue;
    tpr[corners] = trueHere / positives;
    fpr[corners] = falseHere / negatives;
    thresholds[corners] = found.thresholds[k]!;
    [trueBefore, falseBefore] = [trueHere, falseHere];
    corners++;
  }
  const area = auroc(ranked);
  const curve = [fpr, tpr, thresholds].map((values) => values.slice(0, corners)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const kept = thinCurve(curve[0], curve[1], points);
  if (kept === undefined) return { fpr: curve[0], tpr: curve[1], thresholds: curve[2], area, drawnArea: area };
  const [x, y, t] = curve.map((values) => Float64Array.from(kept, (k) => values[k]!)) as typeof curve;
  return { fpr: x, tpr: y, thresholds: t, area, drawnArea: areaUnder(x, y) };
}
