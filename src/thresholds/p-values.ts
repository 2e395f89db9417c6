import { oneOf, SHARE } from '../core/check';
import { ArgumentError } from '../core/errors';
import { pValueOf } from '../core/p-value';
import { readOptions } from '../core/read-options';
import { checkFiniteScores, checkScores, type Scores } from '../core/scores';
import { sortScores } from '../core/sort-scores';
import { bandFor, type BandName } from './bands/p-value-band';
import { calibrateFor, checkClasses, type Classes } from './calibrate';

/**
 * Conformal p-values: `(1 + #{calibration >= s}) / (n + 1)`, small for what is out of distribution.
 *
 * Valid for exchangeable scores: P(p <= alpha) <= alpha, with ties too. Never 0, never above 1.
 *
 * With a `confidence` they are for this calibration, for all thresholds at once: with that probability over calibration
 * draws P(p <= t) <= t holds for every t together, so that t may be chosen afterwards. They are larger:
 * {@link pValueBand} says by which bounds, and which band is taken where none is named.
 *
 * Source: Vovk, Gammerman, Shafer (2005), section 2.2; Bates et al., Annals of Statistics 51 (2023), equation 3 and
 * theorem 3.
 *
 * @param scores [M], higher = more out of distribution
 * @param calibration in-distribution scores [N]
 * @param options `confidence` in (0, 1); `band`: `'dkw'`, `'simes'` or `'berk-jones'`
 * @returns p-values [M] in [1/(N+1), 1]
 * @throws ArgumentError for no calibration score, an option out of its rule or a band without confidence;
 *   NotFiniteError naming the first NaN or infinite score
 * @example
 * pValues([0.9, 0], [0.1, 0.2, 0.3]); // Float64Array [0.25, 1]
 */
export function pValues(
  scores: Scores,
  calibration: Scores,
  options?: { confidence?: number; band?: BandName },
): Float64Array {
  const where = 'pValues';
  checkScores(where, 'calibration', calibration);
  checkFiniteScores(where, 'scores', scores);
  const declared = { confidence: [SHARE], band: [oneOf('dkw', 'simes', 'berk-jones')] } as const;
  const { confidence, band } = readOptions<{ confidence?: number; band?: BandName }, typeof declared>(
    where,
    options,
    declared,
  );
  if (band && confidence === undefined) throw new ArgumentError(where, 'confidence', 'given where a band is', 'none');
  const sorted = sortScores(calibration);
  const bounds = confidence === undefined ? undefined : bandFor(sorted.length, confidence, band).bounds;
  const values = new Float64Array(scores.length);
  for (let i = 0; i < values.length; i++) {
    const value = pValueOf(sorted, scores[i]!);
    values[i] = bounds ? (bounds[Math.round(value * (sorted.length + 1)) - 1] ?? 1) : value;
  }
  return values;
}

/**
 * Per-class (Mondrian) conformal p-values: each score against the calibration scores of its own (predicted) class.
 *
 * The false-alarm rate then holds within each class, at the price of fewer calibration scores each.
 *
 * Source: Vovk, Gammerman, Shafer (2005), section 4.5.
 *
 * @param scores [M] with their classes `labels` [M] (the predicted ones), whole numbers from 0
 * @param calibration [N] with the classes `calibrationLabels` [N] (predicted too, so that both are treated alike)
 * @returns p-values [M]; 1 for a class without calibration scores, which nothing can contradict
 * @throws ShapeError for unequal lengths; ArgumentError for labels that are no classes; both and NotFiniteError as
 *   {@link pValues}
 * @example
 * classPValues([0.9], [1], [0.1, 0.95], [0, 1]); // Float64Array [1]: class 1 has only 0.95
 */
export function classPValues(
  scores: Scores,
  labels: Classes,
  calibration: Scores,
  calibrationLabels: Classes,
): Float64Array {
  const where = 'classPValues';
  const { byClass } = calibrateFor(where, ['calibration', 'calibrationLabels'], calibration, calibrationLabels ?? []);
  checkFiniteScores(where, 'scores', scores);
  checkClasses(where, 'labels', labels, scores.length);
  const values = new Float64Array(scores.length);
  for (let i = 0; i < values.length; i++) values[i] = pValueOf(byClass!.get(labels[i]!) ?? [], scores[i]!);
  return values;
}
