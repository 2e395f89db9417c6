/** P(Z <= z) of a standard normal Z, to 1e-15 (absolute). Source: Marsaglia, J. Stat. Software 11(4), 2004. */
export function normalCdf(z: number): number {
  if (Math.abs(z) > 9) return z > 0 ? 1 : 0;
  let [sum, term] = [z, z];
  for (let i = 3; Math.abs(term) > 1e-17 * Math.abs(sum); i += 2) {
    term *= z ** 2 / i;
    sum += term;
  }
  const share = 0.5 + (sum * Math.exp(-(z ** 2) / 2)) / Math.sqrt(2 * Math.PI);
  return Math.min(Math.max(share, 0), 1); // rounding may have gone past either
}

/** The z with P(Z <= z) = p, for p from 1e-15 to 1 - 1e-15, by halving. */
export function normalQuantile(p: number): number {
  let [low, high] = [-9, 9];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
