import { ArgumentError } from '../errors';
import { checkRate } from '../scores';

/** log Gamma(x), x > 0, to about 1e-15 relative: Stirling's series after shifting x above 10. */
function logGamma(x: number): number {
  let shift = 0;
  while (x < 10) shift -= Math.log(x++);
  const r = 1 / (x * x);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188))))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

/** Regularised incomplete beta function I_x(a, b), by Lentz's continued fraction (DLMF 8.17.22). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a); // where the fraction converges fast
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny);
  let fraction = d;
  for (let m = 1; m < 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let delta = 1;
    for (const numerator of [even, odd]) {
      d = 1 / (1 + numerator * d || tiny);
      c = 1 + numerator / c || tiny;
      delta = c * d;
      fraction *= delta;
    }
    if (Math.abs(delta - 1) < 1e-16) break;
  }
  return front * fraction;
}

/** x with I_x(a, b) = p, by bisection: 60 halvings leave nothing of a double's interval [0, 1]. */
function betaQuantile(p: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Clopper-Pearson (exact) confidence interval of a rate seen as `successes` of `trials`.
 *
 * Source: Clopper, Pearson, Biometrika 26 (1934); as quantiles of the beta distribution.
 *
 * @param successes whole number from 0 to `trials`
 * @param confidence in (0, 1)
 * @returns [lower, upper], rates in [0, 1]
 * @throws ArgumentError for counts that are no counts or a confidence outside (0, 1)
 * @example
 * clopperPearson(0, 10); // [0, 0.3085]: none of ten can still be three in ten
 */
export function clopperPearson(successes: number, trials: number, confidence = 0.95): [lower: number, upper: number] {
  const where = 'clopperPearson';
  if (!Number.isInteger(trials) || trials < 1) {
    throw new ArgumentError({ where, what: 'trials', expected: 'a whole number from 1', received: String(trials) });
  }
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    const expected = `a whole number from 0 to ${trials}`;
    throw new ArgumentError({ where, what: 'successes', expected, received: String(successes) });
  }
  checkRate(where, 'confidence', confidence);
  const tail = (1 - confidence) / 2;
  return [
    successes === 0 ? 0 : betaQuantile(tail, successes, trials - successes + 1),
    successes === trials ? 1 : betaQuantile(1 - tail, successes + 1, trials - successes),
  ];
}
