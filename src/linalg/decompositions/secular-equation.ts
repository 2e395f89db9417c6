/** Eigenvalues of diag(d) + r z z^T, each as a pole d and the way from it, which keeps all digits. */
export interface SecularRoots {
  origins: Int32Array;
  ways: Float64Array;
}

const EPSILON = 2 ** -53;
/** Of the terms of a sum: below this part of it, it is 0. */
const ROUNDING = 16;
const MOST_STEPS = 100;

/**
 * Roots of 1 / r + sum over j of z_j^2 / (d_j - x) = 0, `inverse` = 1 / r > 0, between poles d that ascend; `squares`
 * are z_j^2. By rational interpolation of the sums to either side (R.-C. Li, LAPACK Working Note 89, 1994), which a
 * bracket guards. A step is one root.
 */
export function* secularRoots(
  inverse: number,
  d: Float64Array,
  squares: Float64Array,
): Generator<void, SecularRoots> {
  const size = d.length;
  const [origins, ways] = [new Int32Array(size), new Float64Array(size)];
  const norm = squares.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < size - 1; i++) {
    const gap = d[i + 1]! - d[i]!;
    const [own, next] = [squares[i]!, squares[i + 1]!];
    let rest = inverse;
    for (let j = 0; j < size; j++) if (j !== i && j !== i + 1) rest += squares[j]! / (d[j]! - d[i]! - gap / 2);
    const nearer = rest + (next - own) / (gap / 2) > 0; // the root is in the lower half
    origins[i] = nearer ? i : i + 1;
    // As if the sum over the other poles were constant
    const sign = nearer ? 1 : -1;
    const a = rest * gap + sign * (own + next);
    const b = sign * (nearer ? own : next) * gap;
    const root = sign * Math.sqrt(Math.abs(a * a - 4 * b * rest));
    const first = sign * (a > 0 === nearer ? (2 * b) / (a + root) : (a - root) / (2 * rest));
    const [low, high] = nearer ? [0, gap / 2] : [-gap / 2, 0];
    ways[i] = rootBetween(inverse, d, squares, i, origins[i]!, low, high, first);
    yield;
  }
  if (size === 0) return { origins, ways };
  const last = size - 1;
  origins[last] = last;
  const far = norm / inverse;
  ways[last] = rootBetween(inverse, d, squares, last, last, 0, far, far / 2);
  return { origins, ways };
}

/** The way from pole `origin` to the root after pole i. */
function rootBetween(
  inverse: number,
  d: Float64Array,
  squares: Float64Array,
  i: number,
  origin: number,
  low: number,
  high: number,
  first: number,
): number {
  const size = d.length;
  const from = d[origin]!;
  let way = first > low && first < high ? first : (low + high) / 2;
  for (let step = 0; step < MOST_STEPS; step++) {
    let [below, belowSlope, above, aboveSlope] = [0, 0, 0, 0];
    for (let j = 0; j <= i; j++) {
      const part = 1 / (d[j]! - from - way);
      const term = squares[j]! * part;
      below += term;
      belowSlope += term * part;
    }
    for (let j = i + 1; j < size; j++) {
      const part = 1 / (d[j]! - from - way);
      const term = squares[j]! * part;
      above += term;
      aboveSlope += term * part;
    }
    const value = inverse + below + above;
    const slope = belowSlope + aboveSlope;
    const sum = ROUNDING * (above - below + inverse) + Math.abs(way) * slope;
    if (!(Math.abs(value) > EPSILON * sum)) break;
    if (value < 0) low = way;
    else high = way;
    const left = d[i]! - from - way;
    let move: number;
    if (i === size - 1) {
      move = left + (left * left * slope) / (value - left * slope);
    } else {
      const right = d[i + 1]! - from - way;
      const c = value - left * belowSlope - right * aboveSlope;
      const a = (left + right) * value - left * right * slope;
      const b = left * right * value;
      const root = Math.sqrt(Math.abs(a * a - 4 * b * c));
      move = a > 0 ? (2 * b) / (a + root) : (a - root) / (2 * c);
    }
    if (!(value * move < 0)) move = -value / slope;
    let next = way + move;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (next === way) break;
    way = next;
  }
  return way;
}

/**
 * The z of which the roots are exact (Gu, Eisenstat, SIAM J. Matrix Anal. Appl. 15, 1994), up to a factor: eigenvectors
 * by it are orthogonal however near each other the roots are. A step is one root.
 */
export function* exactWeights(
  d: Float64Array,
  z: Float64Array,
  { origins, ways }: SecularRoots,
): Generator<void, Float64Array> {
  const size = d.length;
  const products = new Float64Array(size).fill(1);
  for (let i = 0; i < size; i++) {
    const [own, from, way] = [d[i]!, d[origins[i]!]!, ways[i]!];
    for (let j = 0; j < i; j++) products[j]! *= (d[j]! - from - way) / (d[j]! - own);
    products[i]! *= from - own + way;
    for (let j = i + 1; j < size; j++) products[j]! *= (d[j]! - from - way) / (d[j]! - own);
    yield;
  }
  return products.map((product, j) => (z[j]! < 0 ? -1 : 1) * Math.sqrt(Math.abs(product)));
}
