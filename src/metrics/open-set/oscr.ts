import { check, OBJECT } from '../../core/check';
import { ShapeError } from '../../core/errors';
import { checkScores, type Scores } from '../../core/scores';
import { cumulativeCounts } from '../cumulative-counts';
import { rightAnswers } from './right-answers';

/** In-distribution samples with the answers of the classifier and of the detector; see {@link oscr}. */
export interface ClassifiedScores {
  /** [N], higher = more out of distribution. */
  scores: Scores;
  /** Predicted class of each sample [N]. */
  predicted: ArrayLike<number>;
  /** Class of each sample [N], from 0. */
  labels: ArrayLike<number>;
}

/** A point for each threshold t, where a sample with `score <= t` is accepted; from nothing accepted to everything. */
export interface OscrCurve {
  /** Correct classification rate [K + 1]: share of in-distribution samples accepted and classified right. */
  ccr: Float64Array;
  /** Share of OoD samples accepted [K + 1]. */
  fpr: Float64Array;
  /** -Infinity, then the distinct scores ascending [K + 1]. */
  thresholds: Float64Array;
}

/** What {@link oscr} returns. */
export interface Oscr {
  /** Area under the curve, between 0 and the accuracy of the classifier. */
  oscr: number;
  curve: OscrCurve;
}

/** {@link oscr} for whoever complains as `where`. */
export function oscrFor(where: string, inside: ClassifiedScores, outScores: Scores): Oscr {
  check(where, 'inside', inside, OBJECT);
  const { scores, predicted, labels } = inside;
  checkScores(where, 'scores', scores);
  checkScores(where, 'outScores', outScores);
  const right = rightAnswers(where, predicted, labels);
  if (right.length !== scores.length) {
    throw new ShapeError(where, 'labels', `${scores.length} labels, one for each score`, right.length);
  }
  const { inCount, outCount, thresholds, outAtOrBelow } = cumulativeCounts(where, scores, outScores);
  const ofRight = Float64Array.from(scores)
    .filter((_, i) => right[i] === 1)
    .sort();
  const points = thresholds.length + 1;
  const curve = {
    ccr: new Float64Array(points),
    fpr: new Float64Array(points),
    thresholds: new Float64Array(points).fill(-Infinity),
  };
  // Twice the area times N M: whole numbers, nothing is lost
  let [found, foundBefore, outBefore, doubled] = [0, 0, 0, 0];
  for (let k = 0; k < thresholds.length; k++) {
    while (found < ofRight.length && ofRight[found]! <= thresholds[k]!) found++;
    const out = outAtOrBelow[k]!;
    doubled += (out - outBefore) * (found + foundBefore);
    [foundBefore, outBefore] = [found, out];
    curve.thresholds[k + 1] = thresholds[k]!;
    curve.ccr[k + 1] = found / inCount;
    curve.fpr[k + 1] = out / outCount;
  }
  return { oscr: doubled / 2 / inCount / outCount, curve };
}

/**
 * Open-set classification rate: how well a classifier with a detector names the classes that it knows and refuses the
 * rest.
 *
 * The area under the correct classification rate (in-distribution samples accepted and classified right, of all of
 * them) over the false positive rate (OoD samples accepted). It is the probability that an in-distribution sample is
 * classified right and scores lower than an OoD one; ties are one step, so they count half. With all answers right it
 * is `auroc`; a detector that says nothing gets half the accuracy.
 *
 * Source: Dhamija et al., NeurIPS 2018, section 3 (the curve); Neal et al., ECCV 2018, and Vaze et al., ICLR 2022 (the
 * area).
 *
 * @param inside in-distribution samples: `scores`, `predicted`, `labels`, each [N]
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side, a label below 0 or no whole number; ShapeError for unequal lengths;
 *   NotFiniteError naming the first NaN or infinite score
 * @example
 * oscr({ scores: [0.1, 0.4], predicted: [3, 5], labels: [3, 3] }, [0.35, 0.8]).oscr; // 0.5
 */
export function oscr(inside: ClassifiedScores, outScores: Scores): Oscr {
  return oscrFor('oscr', inside, outScores);
}
