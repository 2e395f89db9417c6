import { ANYTHING, FLAG, SHARE } from '../../core/check';
import { ArgumentError, NotFiniteError } from '../../core/errors';
import { readOptions, type Declared } from '../../core/read-options';
import { isListed } from '../../core/shown-value';
import { sortScores } from '../../core/sort-scores';
import type { LogitMeaning, Scorer } from '../../scorers/contract/scorer';
import { cutPointsOf } from './cut-point-rates';
import { NAMES, type DetectorOptions } from '../detector-options';
import type { DetectorState } from '../detector-state';
import { checkRates, detectorOf, type OutputDetector } from '../judged-detector';
import { MEANING, type ClassLabel } from '../logit-meaning';
import { sharedScorers } from '../shared-scorers';

/** Options of {@link calibratedOutputDetector}. */
export interface CalibratedDetectorOptions extends Pick<
  DetectorOptions,
  'alpha' | 'cutPoints' | 'classNames' | 'confidence' | 'acceptNoAlarm'
> {
  /** What a row of the logits says: `'classes'`, one of C (default), or `'tags'`, a yes or no for each of C. */
  meaning?: LogitMeaning;
}

const OPTIONS = {
  alpha: [ANYTHING], // with the cut-points
  cutPoints: [ANYTHING],
  classNames: [NAMES],
  confidence: [SHARE],
  acceptNoAlarm: [FLAG, false],
  meaning: [MEANING, 'classes'],
} as const satisfies Declared<CalibratedDetectorOptions>;

/**
 * The detector of a scorer that was fitted elsewhere, and of the scores that it gave to known rows which fitted
 * nothing: of a fit in parts, or of rows that nobody keeps.
 *
 * The rows must have been held out of the fit by chance alone, as `partial({ calibrationShare })` and
 * `partialCalibration` do: the false-alarm rate stands on it. Which classes the fit had no row of is not known here
 * (`calibration.missingMass` is 0). The detector has the scorer, and disposes of it.
 *
 * @param scorer a fitted one
 * @param scores of the rows that calibrate, in any order
 * @throws ArgumentError for options out of range, no score, or a rate at which this scorer could never call anything
 *   OoD; NotFiniteError naming the score
 * @example
 * const scorer = await nearestNeighbors({ k: 2 }).fit(blocks, {});
 * const scores = Float32Array.from({ length: 99 }, (_, i) => i / 400); // of known rows that fitted nothing
 * const detector = calibratedOutputDetector(scorer, scores, { alpha: 0.01 });
 * const [verdict] = await detector.predict({ features });
 */
export function calibratedOutputDetector<Label = ClassLabel>(
  scorer: Scorer,
  scores: ArrayLike<number>,
  options?: CalibratedDetectorOptions,
): OutputDetector<Label> {
  const where = 'calibratedOutputDetector';
  const how = readOptions(where, options, OPTIONS);
  if (typeof (scorer as Scorer | undefined)?.score !== 'function') {
    throw new ArgumentError(where, 'scorer', 'a fitted one', scorer);
  }
  if (!isListed(scores) || scores.length === 0) {
    throw new ArgumentError(where, 'scores', 'those of at least one row', isListed(scores) ? 'none' : scores);
  }
  const calibration = Float64Array.from(scores);
  const bad = calibration.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0) throw new NotFiniteError(where, 'scores', 'finite numbers', `${calibration[bad]} at index ${bad}`);
  const state: DetectorState = {
    scorers: [scorer.state()],
    method: 'held-out',
    calibrations: [sortScores(calibration) as Float64Array],
    classesWithoutRow: [],
    missingMass: 0,
    cutPoints: cutPointsOf(where, how),
    confidence: how.confidence,
    acceptNoAlarm: how.acceptNoAlarm,
    classNames: how.classNames,
    labelSets: undefined,
    widths: {},
    about: { meaning: how.meaning },
  };
  checkRates(where, { scorers: [scorer], calibrations: state.calibrations, confidence: how.confidence }, state);
  return detectorOf(where, sharedScorers([scorer]), state);
}
