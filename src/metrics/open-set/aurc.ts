import { ShapeError } from '../../core/errors';
import { checkScores, type Scores } from '../../core/scores';
import { rightAnswers } from './right-answers';

/** AURC and the least that any order of the same answers has. */
function riskAreas(where: string, scores: Scores, predicted: ArrayLike<number>, labels: ArrayLike<number>) {
  checkScores(where, 'scores', scores);
  const right = rightAnswers(where, predicted, labels);
  const count = right.length;
  if (count !== scores.length) {
    throw new ShapeError(where, 'labels', `${scores.length} labels, one for each score`, count);
  }
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  let [area, wrong] = [0, 0];
  for (let start = 0, end = 0; start < count; start = end) {
    let wrongHere = 0;
    for (; end < count && scores[order[end]!] === scores[order[start]!]; end++) wrongHere += 1 - right[order[end]!]!;
    // Of m equal scores in random order, the first j hold j / m of the wrong answers, on average.
    for (let j = 1; j <= end - start; j++) area += (wrong + (wrongHere * j) / (end - start)) / (start + j);
    wrong += wrongHere;
  }
  let least = 0; // all wrong answers last
  for (let j = 1; j <= wrong; j++) least += j / (count - wrong + j);
  return { area: area / count, least: least / count };
}

/**
 * Area under the risk-coverage curve: the share of wrong answers among the accepted ones, averaged over how many are
 * accepted.
 *
 * (1/N) sum over k of the share of wrong answers among the k samples with the lowest scores. 0 is perfect; a score that
 * says nothing gets the error rate. Of equal scores the mean over all their orders is taken, exactly, so the order of
 * the rows has no say.
 *
 * Source: Geifman, El-Yaniv, NeurIPS 2017 (risk-coverage); Geifman, Uziel, El-Yaniv, ICLR 2019, section 3 (AURC).
 *
 * @param scores in-distribution scores [N], higher = less trusted
 * @param predicted class indices [N]
 * @param labels class indices [N], from 0
 * @throws ArgumentError for no sample, a label below 0 or no whole number; ShapeError for unequal lengths;
 *   NotFiniteError naming the first NaN or infinite score
 * @example
 * aurc([0.1, 0.2, 0.3], [0, 1, 1], [0, 1, 2]); // 0.1111: 1/3 once all three are accepted
 */
export function aurc(scores: Scores, predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  return riskAreas('aurc', scores, predicted, labels).area;
}

/**
 * Excess AURC: {@link aurc} less the smallest one that any score could reach with the same answers. 0 where every right
 * answer comes before every wrong one, so that classifiers of different accuracy can be compared.
 *
 * The smallest one is the exact sum, not the paper's approximation r + (1 - r) ln(1 - r) for large N.
 *
 * Source: Geifman, Uziel, El-Yaniv, ICLR 2019, section 3 (E-AURC).
 *
 * @param scores in-distribution scores [N], higher = less trusted
 * @param predicted class indices [N]
 * @param labels class indices [N], from 0
 * @throws ArgumentError, ShapeError, NotFiniteError as {@link aurc}
 * @example
 * excessAurc([0.1, 0.2, 0.3], [0, 1, 1], [0, 1, 2]); // 0
 */
export function excessAurc(scores: Scores, predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  const { area, least } = riskAreas('excessAurc', scores, predicted, labels);
  return Math.max(0, area - least); // two sums of the same terms in another order may differ in the last bit
}
