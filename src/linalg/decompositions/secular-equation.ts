import type { EigenKernel } from './tridiagonal-form';

/** Eigenvalues of diag(d) + r z z^T, each as a pole d and the way from it, which keeps all digits. */
export interface SecularRoots {
  origins: Int32Array;
  ways: Float64Array;
}

/** Where poles, their squares, their weights, and the few numbers lie that a function of the kernel is given. */
export interface SecularRoom {
  poles: number;
  squares: number;
  weights: number;
  given: number;
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
  kernel: EigenKernel,
  room: SecularRoom,
  inverse: number,
  d: Float64Array,
  squares: Float64Array,
): Generator<void, SecularRoots> {
  const size = d.length;
  const [origins, ways] = [new Int32Array(size), new Float64Array(size)];
  kernel.float64(room.poles, size).set(d);
  kernel.float64(room.squares, size).set(squares);
  const sums = sumsOf(kernel, room, d, squares);
  for (let i = 0; i < size - 1; i++) {
    const way = rootAfter(i, inverse, d, squares, sums);
    origins[i] = way > 0 ? i : i + 1;
    ways[i] = way;
    yield;
  }
  if (size > 0) {
    const last = size - 1;
    const far = squares.reduce((sum, value) => sum + value, 0) / inverse;
    origins[last] = last;
    ways[last] = rootBetween(last, last, [0, far], far / 2, inverse, d, sums);
  }
  return { origins, ways };
}

/** Of q / x and of q / x^2, x = d - origin - way, over the poles up to the middle one and over those after it. */
interface Sums {
  below: number;
  belowSlope: number;
  above: number;
  aboveSlope: number;
  sum(middle: number, origin: number, way: number): void;
}

function sumsOf(kernel: EigenKernel, room: SecularRoom, d: Float64Array, squares: Float64Array): Sums {
  const size = d.length;
  const given = kernel.float64(room.given, 7);
  given[2] = 1;
  const out = room.given + 24;
  const range = (from: number, to: number): void => {
    const [poles, all] = [room.poles + 8 * from, room.squares + 8 * from];
    kernel.run.secularSums(poles, all, room.given, out, (to - from) >> 1);
    given[3]! += given[4]!;
    given[5]! += given[6]!;
    if ((to - from) % 2 === 0) return;
    const part = 1 / (d[to - 1]! - given[0]! - given[1]!);
    const term = squares[to - 1]! * part;
    given[3]! += term;
    given[5]! += term * part;
  };
  const sums = {
    ...{ below: 0, belowSlope: 0, above: 0, aboveSlope: 0 },
    sum(middle: number, origin: number, way: number) {
      given[0] = origin;
      given[1] = way;
      range(0, middle + 1);
      sums.below = given[3]!;
      sums.belowSlope = given[5]!;
      range(middle + 1, size);
      sums.above = given[3]!;
      sums.aboveSlope = given[5]!;
    },
  };
  return sums;
}

/** The root between poles i and i + 1, as the way from the nearer one. */
function rootAfter(i: number, inverse: number, d: Float64Array, squares: Float64Array, sums: Sums): number {
  const gap = d[i + 1]! - d[i]!;
  const [own, next] = [squares[i]!, squares[i + 1]!];
  sums.sum(i, d[i]!, gap / 2);
  const value = inverse + sums.below + sums.above;
  const rest = value - (next - own) / (gap / 2);
  const isLower = value > 0; // the root is in the lower half
  // As if the sum over the other poles were constant
  const sign = isLower ? 1 : -1;
  const a = rest * gap + sign * (own + next);
  const b = sign * (isLower ? own : next) * gap;
  const root = sign * Math.sqrt(Math.abs(a * a - 4 * b * rest));
  const first = sign * (a > 0 === isLower ? (2 * b) / (a + root) : (a - root) / (2 * rest));
  return rootBetween(i, isLower ? i : i + 1, isLower ? [0, gap / 2] : [-gap / 2, 0], first, inverse, d, sums);
}

/** The way from pole `origin` to the root after pole i. */
function rootBetween(
  i: number,
  origin: number,
  bracket: readonly [number, number],
  first: number,
  inverse: number,
  d: Float64Array,
  sums: Sums,
): number {
  const size = d.length;
  const from = d[origin]!;
  let [low, high] = bracket;
  let way = first > low && first < high ? first : (low + high) / 2;
  for (let step = 0; step < MOST_STEPS; step++) {
    sums.sum(i, from, way);
    const { below, belowSlope, above, aboveSlope } = sums;
    const value = inverse + below + above;
    const slope = belowSlope + aboveSlope;
    const largest = ROUNDING * (above - below + inverse) + Math.abs(way) * slope;
    if (!(Math.abs(value) > EPSILON * largest)) break;
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
 * by it are orthogonal however near each other the roots are. A step is one root. They stay in the kernel.
 */
export function* exactWeights(
  kernel: EigenKernel,
  room: SecularRoom,
  d: Float64Array,
  z: Float64Array,
  { origins, ways }: SecularRoots,
): Generator<void, void> {
  const size = d.length;
  const products = kernel.float64(room.weights, size).fill(1);
  const given = kernel.float64(room.given, 3);
  const range = (from: number, to: number): void => {
    kernel.run.multiplyByWays(room.poles + 8 * from, room.weights + 8 * from, room.given, (to - from) >> 1);
    if ((to - from) % 2 === 1) {
      const pole = d[to - 1]!;
      products[to - 1]! *= (pole - given[0]! - given[1]!) / (pole - given[2]!);
    }
  };
  for (let i = 0; i < size; i++) {
    given[0] = d[origins[i]!]!;
    given[1] = ways[i]!;
    given[2] = d[i]!;
    range(0, i);
    products[i]! *= given[0] - given[2] + given[1];
    range(i + 1, size);
    yield;
  }
  for (let j = 0; j < size; j++) products[j] = (z[j]! < 0 ? -1 : 1) * Math.sqrt(Math.abs(products[j]!));
}
