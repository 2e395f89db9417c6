/**
 * By the Dvoretzky-Kiefer-Wolfowitz inequality with Massart's constant, of one side: (i - 1)/n + sqrt(log(1 / delta) /
 * 2n). That side alone is valid up to delta = 1/2; above it is that of two sides, log(2 / delta).
 *
 * Source: Massart, Annals of Probability 18 (1990).
 */
export function dkwBounds(count: number, delta: number): Float64Array {
  const width = Math.sqrt(Math.log((delta <= 0.5 ? 1 : 2) / delta) / (2 * count));
  return Float64Array.from({ length: count }, (_, i) => Math.min(1, i / count + width));
}

/**
 * By the generalized Simes inequality with k = n / 2: narrow for the smallest p-values, none above the middle.
 *
 * b_i = 1 - (delta * product over l < k of (n + 1 - i - l)/(n - l))^(1/k).
 *
 * Source: Sarkar, Annals of Statistics 36 (2008); Bates et al., Annals of Statistics 51 (2023), equation 10.
 */
export function simesBounds(count: number, delta: number): Float64Array {
  const k = Math.max(1, Math.floor(count / 2));
  let log = Math.log(delta);
  return Float64Array.from({ length: count }, (_, i) => {
    // From i to i + 1 the product loses its first factor, n - i, and gets one at its end.
    if (i > 0) log += i <= count - k ? Math.log((count + 1 - i - k) / (count + 1 - i)) : -Infinity;
    return -Math.expm1(log / k);
  });
}
