import { ANYTHING, check, SHARE } from '../core/check';
import { ArgumentError } from '../core/errors';
import { readOptions } from '../core/read-options';
import { checkFiniteScores, type Scores } from '../core/scores';
import { calibrateFor, checkClasses, type Calibration, type Classes } from './calibrate';
import { cutSorted } from './conformal-threshold';
import { pValueOf } from '../core/p-value';

/** What is said of one image. */
export interface Decision {
  /** Higher = more out of distribution. */
  score: number;
  /** Share of in-distribution data that looks at least as strange; small for what is out of distribution. */
  pValue: number;
  /** Whether the score is above the threshold. */
  isOod: boolean;
  /** The cut-point that was applied; Infinity where there are too few calibration scores for alpha. */
  threshold: number;
  /** The class it would be if it were known; undefined where no classes were given. */
  nearestClass: number | undefined;
}

const NONE = new Float64Array(0);

/** What {@link decideWith} decides by. */
export interface DecideOptions {
  /** False-alarm rate in (0, 1). */
  alpha: number;
  /** In (0, 1): the rate holds for this calibration with that confidence; without one on average over calibrations. */
  confidence?: number | undefined;
  /** Class of each row [M], needed per class. */
  nearestClass?: Classes | undefined;
}

const OPTIONS = { alpha: [SHARE], confidence: [SHARE], nearestClass: [ANYTHING] } as const;
const ALL_OPTIONS = { ...OPTIONS, calibration: [ANYTHING], calibrationClasses: [ANYTHING] } as const;

function decideFor(
  where: string,
  { all, byClass }: Calibration,
  scores: Scores,
  { alpha, confidence, nearestClass }: DecideOptions,
): Decision[] {
  checkFiniteScores(where, 'scores', scores);
  check(where, 'alpha', alpha, SHARE);
  if (nearestClass !== undefined) checkClasses(where, 'nearestClass', nearestClass, scores.length);
  else if (byClass) {
    const expected = 'the class of each score, as the calibration is per class';
    throw new ArgumentError(where, 'nearestClass', expected, 'none');
  }
  const cuts = new Map<ArrayLike<number>, number>();
  const cutOf = (own: ArrayLike<number>) => {
    const cut = cuts.get(own) ?? cutSorted(own, alpha, confidence);
    cuts.set(own, cut);
    return cut;
  };
  const decisions: Decision[] = [];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    const own = byClass ? (byClass.get(nearestClass![i]!) ?? NONE) : all;
    const threshold = cutOf(own);
    const pValue = pValueOf(own, score);
    decisions.push({ score, pValue, isOod: score > threshold, threshold, nearestClass: nearestClass?.[i] });
  }
  return decisions;
}

/**
 * A decision for each score by calibration scores that {@link calibrate} made ready: what a detector calls image by
 * image.
 *
 * Where the calibration is per class, each row is judged by the scores of its nearest class; a class with fewer than
 * 1/alpha - 1 of them never raises an alarm.
 *
 * With a `confidence` the threshold is that of {@link conformalThreshold} with it, so that alarms take p-values
 * somewhat below alpha. Per class that holds for each by itself.
 *
 * @param scores [M], higher = more out of distribution
 * @param options `alpha`: false-alarm rate in (0, 1); `confidence` in (0, 1); `nearestClass`: class of each row [M],
 *   needed per class
 * @throws ArgumentError for a calibration that is none, a rate outside (0, 1) or classes that are none; ShapeError
 *   where `nearestClass` has another length; NotFiniteError naming the first NaN or infinite score
 * @example
 * const calibration = calibrate([0.1, 0.3, 0.2, 0.9], { classes: [0, 0, 0, 1] });
 * const decisions = decideWith(calibration, [0.8, 0.8], { alpha: 0.25, nearestClass: [0, 1] });
 * decisions.map(({ isOod }) => isOod); // [true, false]
 */
export function decideWith(calibration: Calibration, scores: Scores, options: DecideOptions): Decision[] {
  if (!Number.isInteger((calibration as Calibration | undefined)?.all?.length)) {
    throw new ArgumentError('decideWith', 'calibration', 'what calibrate() returns', typeof calibration);
  }
  return decideFor('decideWith', calibration, scores, readOptions('decideWith', options, OPTIONS));
}

/**
 * A decision for each score, from in-distribution calibration scores alone: out of distribution exactly where the
 * p-value is at most `alpha`, which is where the score is above the conformal threshold.
 *
 * For one image at a time {@link calibrate} once and {@link decideWith} that: this sorts the calibration at each call.
 *
 * @param scores [M], higher = more out of distribution
 * @param options `calibration`: in-distribution scores [N] that fitted nothing; `alpha`: false-alarm rate in (0, 1);
 *   `confidence` in (0, 1): the rate then holds for this calibration, as in {@link decideWith}; `nearestClass`: class
 *   of each row [M]; `calibrationClasses`: predicted class of each calibration score [N], then each row is judged by
 *   the scores of its class
 * @throws as {@link calibrate} and {@link decideWith}
 * @example
 * decide([0.9], { calibration: [0.1, 0.2, 0.3, 0.4], alpha: 0.2 })[0]?.isOod; // true, its p-value is 0.2
 */
export function decide(
  scores: Scores,
  options: DecideOptions & { calibration: Scores; calibrationClasses?: Classes | undefined },
): Decision[] {
  const { calibration, calibrationClasses, ...by } = readOptions('decide', options, ALL_OPTIONS);
  const ready = calibrateFor('decide', ['calibration', 'calibrationClasses'], calibration, calibrationClasses);
  return decideFor('decide', ready, scores, by);
}
