/**
 * P(|Z| >= |z|) of a standard normal Z, to a relative 1e-13 far into the tail: a difference of 20 standard errors has a
 * p-value of 5.5e-89, not 0.
 *
 * Source: Abramowitz, Stegun, Handbook of Mathematical Functions, 1964, 26.2.10 (series), 26.2.14 (continued fraction).
 */
export function twoSidedPValue(z: number): number {
  const [x, density] = [Math.abs(z), Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)];
  if (x === Infinity) return 0;
  if (x < 2) {
    let [sum, term] = [x, x];
    for (let i = 3; term > 1e-17 * sum; i += 2) {
      term *= x ** 2 / i;
      sum += term;
    }
    return 1 - 2 * density * sum;
  }
  let fraction = x; // x + 1 / (x + 2 / (x + 3 / ...)), from the inside: 100 terms are enough from 2 on
  for (let i = 100; i > 0; i--) fraction = x + i / fraction;
  return (2 * density) / fraction;
}
