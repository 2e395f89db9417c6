/** The logits of one row [C]. */
export type LogitRow = Float32Array | Float64Array;

/** The predicted class: index of the largest logit, of equal ones the first. */
export function indexOfLargest(logits: LogitRow): number {
  let top = 0;
  for (let j = 1; j < logits.length; j++) if (logits[j]! > logits[top]!) top = j;
  return top;
}

/** Sum over j != top of exp((x_j - x_top) / T): how much the softmax leaves for the other classes, over p_top. */
function others(logits: LogitRow, top: number, temperature: number): number {
  let sum = 0;
  for (let j = 0; j < logits.length; j++) {
    if (j !== top) sum += Math.exp((logits[j]! - logits[top]!) / temperature);
  }
  return sum;
}

/** -log of the largest softmax probability, without rounding it to 1. */
export function mspScore(logits: LogitRow, temperature = 1): number {
  return Math.log1p(others(logits, indexOfLargest(logits), temperature));
}

/** Of C equal logits, which no others exceed: log C. */
export const largestMsp = (classes: number): number => Math.log1p(classes - 1);

/** -T logsumexp(x / T). */
export function energyScore(logits: LogitRow, temperature = 1): number {
  const top = indexOfLargest(logits);
  return 0 - (logits[top]! + temperature * Math.log1p(others(logits, top, temperature)));
}

/** -max x. */
export function maxLogitScore(logits: LogitRow): number {
  return 0 - logits[indexOfLargest(logits)]!;
}

/** log of the softmax; each within rounding, the largest too. */
export function logSoftmax(logits: LogitRow): Float64Array {
  const top = indexOfLargest(logits);
  const logSum = Math.log1p(others(logits, top, 1));
  return Float64Array.from(logits, (value) => value - logits[top]! - logSum);
}

/** - sum of p log p. Every term is at least 0, so nothing cancels. */
export function entropyScore(logits: LogitRow): number {
  return logSoftmax(logits).reduce((sum, logP) => sum - Math.exp(logP) * logP, 0);
}

/** Of C equal logits, which no others exceed but by rounding: log C. */
export const largestEntropy = (classes: number): number => Math.log1p(classes - 1);

/** Sum over the m largest p of p^g (1 - p)^g. */
export function genScore(logits: LogitRow, gamma: number, m: number): number {
  const top = indexOfLargest(logits);
  const rest = others(logits, top, 1);
  const logP = logSoftmax(logits);
  // 1 - p of the largest is what the others have together: a difference would be 0 from a logit gap of 37.
  let sum = logits.length > 1 ? Math.exp(gamma * (logP[top]! + logOfOthers(logits, top) - Math.log1p(rest))) : 0;
  logP[top] = Infinity;
  const kept = logits.length > m ? logP.sort().subarray(logits.length - m) : logP;
  for (const value of kept) {
    if (value < Infinity) sum += Math.exp(gamma * (value + Math.log1p(-Math.exp(value))));
  }
  return sum;
}

/**
 * The largest {@link genScore} of C logits. p^g (1 - p)^g is concave for g <= 1 and rises up to 1/2: at least two
 * classes count and share all of the probability, or, where m is 1, the largest has half of it.
 */
export function largestGen(classes: number, gamma: number, m: number): number {
  const sharing = Math.min(classes, Math.max(2, m));
  return Math.min(sharing, m) * ((1 / sharing) * (1 - 1 / sharing)) ** gamma;
}

/** log of the sum over j != top of exp(x_j - x_top), also where the sum itself is 0 in float64. */
function logOfOthers(logits: LogitRow, top: number): number {
  let second = -Infinity;
  for (let j = 0; j < logits.length; j++) if (j !== top && logits[j]! > second) second = logits[j]!;
  let sum = 0;
  for (let j = 0; j < logits.length; j++) if (j !== top) sum += Math.exp(logits[j]! - second);
  return second - logits[top]! + Math.log(sum);
}
