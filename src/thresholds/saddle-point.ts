/** log of n! over Stirling's formula. Differences of log Gamma lose 1e-9 at a million; this term does not. */
export function stirlingError(n: number): number {
  let [shift, x] = [0, n];
  for (; x < 16; x++) shift += (x + 0.5) * Math.log1p(1 / x) - 1;
  const r = 1 / (x * x);
  return shift + (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / x;
}

/** x log(x / mean) + mean - x, without cancellation where both are close (Loader 2000, "bd0"). */
export function deviance(x: number, mean: number): number {
  if (Math.abs(x - mean) > 0.1 * (x + mean)) return x * Math.log(x / mean) + mean - x;
  const v = (x - mean) / (x + mean);
  let [sum, power] = [(x - mean) * v, 2 * x * v];
  for (let j = 3; ; j += 2) {
    power *= v * v;
    const next = sum + power / j;
    if (next === sum) return sum;
    sum = next;
  }
}

/** P(N = count) of a Poisson variable, for a count from 1 (Loader 2000). */
export const poisson = (count: number, mean: number): number =>
  Math.exp(-stirlingError(count) - deviance(count, mean)) / Math.sqrt(2 * Math.PI * count);
