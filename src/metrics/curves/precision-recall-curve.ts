import type { Scores } from '../../core/scores';
import { averagePrecision } from '../average-precision';
import type { RankedScores } from '../cumulative-counts';
import { operatingPoints } from '../operating-points';
import { areaUnder, CURVE_OPTIONS, type CurveOptions } from './roc-curve';
import { rankedWithOptions, type MetricArguments } from '../ranked-arguments';
import { thinCurve } from './thin-curve';
import { trapezoidAupr } from '../published/trapezoid-aupr';

/**
 * Precision over recall, recall rising from 0 to 1; the first point is (recall 0, precision 1), where nothing is found.
 */
export interface PrecisionRecallCurve {
  precision: Float64Array;
  recall: Float64Array;
  /**
   * OoD positive: `score >= threshold` is called positive, from Infinity down; in-distribution positive: `<=`, from
   * -Infinity up.
   */
  thresholds: Float64Array;
  /** Of the whole curve, exactly: `averagePrecision`, the number to quote. */
  averagePrecision: number;
  /** Of the whole curve with straight lines, exactly: `trapezoidAupr`. */
  area: number;
  /** Under the straight lines through these points: `area` where no point was left out by `points`. */
  drawnArea: number;
}

/**
 * Precision over recall at every threshold, without points in the middle of a level or an upright line.
 *
 * Leaving those out changes neither the average precision nor the area under straight lines. With `points` it is
 * thinned for a plot; `averagePrecision` and `area` stay those of the whole curve, `drawnArea` tells what the plot
 * shows.
 *
 * Source: Davis, Goadrich, ICML 2006; the points of scikit-learn's `precision_recall_curve`, there with falling recall.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @param options `positive`: `'out'` (default) or `'in'`; `points`: at most so many, at least 2
 * @throws ArgumentError for an empty side, an unknown side or `points` below 2; NotFiniteError naming the first NaN or
 *   infinite score
 * @example
 * precisionRecallCurve([0.1, 0.4], [0.35, 0.8]).precision; // [1, 1, 0.5, 0.6667, 0.5] at recall [0, 0.5, 0.5, 1, 1]
 */
export function precisionRecallCurve(inScores: Scores, outScores: Scores, options?: CurveOptions): PrecisionRecallCurve;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * precisionRecallCurve(rankScores([0.1, 0.4], [0.35, 0.8])).recall; // [0, 0.5, 0.5, 1, 1]
 */
export function precisionRecallCurve(ranked: RankedScores, options?: CurveOptions): PrecisionRecallCurve;
export function precisionRecallCurve(...given: MetricArguments<CurveOptions>): PrecisionRecallCurve {
  const { ranked, options } = rankedWithOptions('precisionRecallCurve', given, CURVE_OPTIONS);
  const { positive, points } = options;
  const { positives, truePositives, falsePositives, ...found } = operatingPoints(ranked, positive);
  const count = truePositives.length + 1;
  const all = [new Float64Array(count), new Float64Array(count), new Float64Array(count)] as const;
  const [recall, precision, thresholds] = all;
  [precision[0], thresholds[0]] = [1, positive === 'out' ? Infinity : -Infinity];
  for (let k = 1; k < count; k++) {
    const right = truePositives[k - 1]!;
    recall[k] = right / positives;
    precision[k] = right / (right + falsePositives[k - 1]!); // equal ratios of whole numbers are equal floats
    thresholds[k] = found.thresholds[k - 1]!;
  }
  let corners = 1;
  for (let k = 1; k < count; k++) {
    const before = corners - 1;
    const isUpright = recall[before] === recall[k] && recall[k] === recall[k + 1];
    const isLevel = precision[before] === precision[k] && precision[k] === precision[k + 1];
    if (k < count - 1 && (isUpright || isLevel)) continue;
    recall[corners] = recall[k]!; // corners <= k: what is written over has been read
    precision[corners] = precision[k]!;
    thresholds[corners] = thresholds[k]!;
    corners++;
  }
  const [x, y, t] = all.map((values) => values.slice(0, corners)) as [Float64Array, Float64Array, Float64Array];
  const areas = {
    averagePrecision: averagePrecision(ranked, { positive }),
    area: trapezoidAupr(ranked, { positive }),
  };
  const kept = thinCurve(x, y, points);
  if (kept === undefined) return { recall: x, precision: y, thresholds: t, ...areas, drawnArea: areas.area };
  const pick = (values: Float64Array) => Float64Array.from(kept, (k) => values[k]!);
  const [drawnRecall, drawnPrecision] = [pick(x), pick(y)];
  const drawnArea = areaUnder(drawnRecall, drawnPrecision);
  return { recall: drawnRecall, precision: drawnPrecision, thresholds: pick(t), ...areas, drawnArea };
}
