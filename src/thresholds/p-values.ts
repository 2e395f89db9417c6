import { ArgumentError, ShapeError } from '../errors';
import { checkFiniteScores, checkScores, type Scores } from '../scores';
import { sortScores } from '../sort-scores';

/** How many of the ascending values are at least `value`. */
function countAtLeast(sorted: ArrayLike<number>, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return sorted.length - low;
}

/**
 * Conformal p-values: `(1 + #{calibration >= s}) / (n + 1)`, small for what is out of distribution.
 *
 * Valid for exchangeable scores: P(p <= alpha) <= alpha, with ties too. Never 0, never above 1.
 *
 * Source: Vovk, Gammerman, Shafer (2005), section 2.2; Bates et al., Annals of Statistics 51 (2023), equation 3.
 *
 * @param scores [M], higher = more out of distribution
 * @param calibration in-distribution scores [N]
 * @returns p-values [M] in [1/(N+1), 1]
 * @throws ArgumentError for no calibration score; NotFiniteError naming the first NaN or infinite score
 * @example
 * pValues([0.9, 0], [0.1, 0.2, 0.3]); // Float64Array [0.25, 1]
 */
export function pValues(scores: Scores, calibration: Scores): Float64Array {
  checkScores('pValues', 'calibration', calibration);
  checkFiniteScores('pValues', 'scores', scores);
  const sorted = sortScores(calibration);
  return Float64Array.from(scores, (score) => (1 + countAtLeast(sorted, score)) / (sorted.length + 1));
}

/**
 * Per-class (Mondrian) conformal p-values: each score against the calibration scores of its own (predicted) class.
 *
 * The false-alarm rate then holds within each class, at the price of fewer calibration scores each.
 *
 * Source: Vovk, Gammerman, Shafer (2005), section 4.5.
 *
 * @param scores [M] with their classes `labels` [M] (the predicted ones)
 * @param calibration [N] with the classes `calibrationLabels` [N] (predicted too, so that both are treated alike)
 * @returns p-values [M]; 1 for a class without calibration scores, which nothing can contradict
 * @throws ShapeError for unequal lengths; ArgumentError, NotFiniteError as {@link pValues}
 * @example
 * classPValues([0.9], [1], [0.1, 0.95], [0, 1]); // Float64Array [1]: class 1 has only 0.95
 */
export function classPValues(
  scores: Scores,
  labels: ArrayLike<number>,
  calibration: Scores,
  calibrationLabels: ArrayLike<number>,
): Float64Array {
  const where = 'classPValues';
  checkScores(where, 'calibration', calibration);
  checkFiniteScores(where, 'scores', scores);
  const lengths = [
    ['labels', labels.length, scores.length],
    ['calibrationLabels', calibrationLabels.length, calibration.length],
  ] as const;
  for (const [what, length, wanted] of lengths) {
    if (length !== wanted)
      throw new ShapeError({ where, what, expected: `${wanted} labels`, received: String(length) });
  }
  const byClass = new Map<number, number[]>();
  for (let i = 0; i < calibration.length; i++) {
    const own = byClass.get(calibrationLabels[i]!);
    if (own) own.push(calibration[i]!);
    else byClass.set(calibrationLabels[i]!, [calibration[i]!]);
  }
  const sorted = new Map([...byClass].map(([label, own]) => [label, sortScores(own)]));
  return Float64Array.from(scores, (score, i) => {
    const own = sorted.get(labels[i]!);
    return own ? (1 + countAtLeast(own, score)) / (own.length + 1) : 1;
  });
}

/**
 * Benjamini-Hochberg: which p-values of a batch can be called out of distribution with a false discovery rate of `rate`.
 *
 * Rejects the k smallest, k the largest i with p_(i) <= i * rate / n. Conformal p-values that share one calibration set are
 * positively dependent, under which the rate holds (Bates et al. 2023, theorem 2).
 *
 * Source: Benjamini, Hochberg, JRSS B 57 (1995).
 *
 * @param values p-values [M] in [0, 1]
 * @param rate expected share of false alarms among the alarms, in (0, 1)
 * @returns for each p-value whether it is rejected [M]
 * @throws ArgumentError for a p-value outside [0, 1] (with its index) or a rate outside (0, 1)
 * @example
 * benjaminiHochberg([0.01, 0.04, 0.5], 0.1); // [true, true, false]
 */
export function benjaminiHochberg(values: ArrayLike<number>, rate: number): boolean[] {
  const where = 'benjaminiHochberg';
  if (!(rate > 0 && rate < 1)) {
    throw new ArgumentError({ where, what: 'rate', expected: 'a rate between 0 and 1', received: String(rate) });
  }
  for (let i = 0; i < values.length; i++) {
    if (!(values[i]! >= 0 && values[i]! <= 1)) {
      throw new ArgumentError({ where, what: 'values', expected: 'in [0, 1]', received: `${values[i]} at index ${i}` });
    }
  }
  const sorted = sortScores(values);
  let largest = -1;
  for (let i = 0; i < sorted.length; i++) if (sorted[i]! <= ((i + 1) * rate) / sorted.length) largest = sorted[i]!;
  return Array.from(values, (value) => value <= largest);
}
