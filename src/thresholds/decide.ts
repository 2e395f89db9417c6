import { ShapeError } from '../errors';
import { checkFiniteScores, type Scores } from '../scores';
import { conformalThreshold } from './conformal-threshold';
import { pValues } from './p-values';

/** What is said of one image. */
export interface Decision {
  /** Higher = more out of distribution. */
  score: number;
  /** Share of in-distribution data that looks at least as strange; small for what is out of distribution. */
  pValue: number;
  isOod: boolean;
  threshold: number;
  /** The class it would be if it were known; undefined where no classes were given. */
  nearestClass: number | undefined;
}

/**
 * A decision for each score, from in-distribution calibration scores alone: out of distribution where the p-value is at most
 * `alpha`, which is where the score is above the conformal threshold.
 *
 * @param scores [M], higher = more out of distribution
 * @param options `calibration`: in-distribution scores [N] that fitted nothing; `alpha`: false-alarm rate in (0, 1);
 *   `nearestClass`: class of each row [M]
 * @throws as {@link conformalThreshold} and {@link pValues}; ShapeError where `nearestClass` has another length
 * @example
 * decide([0.9], { calibration: [0.1, 0.2, 0.3, 0.4], alpha: 0.2 })[0].isOod; // true, its p-value is 0.2
 */
export function decide(
  scores: Scores,
  options: { calibration: Scores; alpha: number; nearestClass?: ArrayLike<number> },
): Decision[] {
  const { calibration, alpha, nearestClass } = options;
  checkFiniteScores('decide', 'scores', scores);
  if (nearestClass && nearestClass.length !== scores.length) {
    const expected = `${scores.length} classes`;
    throw new ShapeError({ where: 'decide', what: 'nearestClass', expected, received: String(nearestClass.length) });
  }
  const { threshold } = conformalThreshold(calibration, alpha);
  const values = pValues(scores, calibration);
  return Array.from(values, (pValue, i) => {
    const score = scores[i]!;
    return { score, pValue, isOod: score > threshold, threshold, nearestClass: nearestClass?.[i] };
  });
}
