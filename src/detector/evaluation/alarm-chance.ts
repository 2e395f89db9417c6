/**
 * How often at least so many of `rows` new known rows are called OoD, where they come as those that calibrated.
 *
 * The rate of a threshold with `allowed` of `count` exchangeable scores on it or beyond is Beta(allowed, count + 1 -
 * allowed) over their draw, so the number of alarms is beta-binomial. Ties make alarms fewer: then it is an upper
 * bound.
 *
 * Source: Vovk, "Conditional validity of inductive conformal predictors" (2012), proposition 2a.
 *
 * @param allowed from 0 (nothing is ever called OoD) to `count`
 */
export function alarmChance(alarms: number, rows: number, allowed: number, count: number): number {
  if (alarms === 0) return 1;
  if (allowed === 0) return 0;
  const [a, b] = [allowed, count + 1 - allowed];
  // In logarithms, as the first terms may be below the smallest number.
  let log = 0;
  for (let i = 0; i < rows; i++) log += Math.log1p(-a / (a + b + i));
  let sum = 0;
  for (let j = 0; j < rows; j++) {
    log += Math.log(((rows - j) * (a + j)) / ((j + 1) * (b + rows - j - 1)));
    if (j + 1 >= alarms) sum += Math.exp(log);
  }
  return Math.min(1, sum);
}
