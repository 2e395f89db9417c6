import { normalCdf, normalQuantile } from './normal-distribution';

const MOST_LEFT_OUT = 200;

/** Leaves samples out one by one: of which stratum, while its weight is 0. Expects weights of 1 and leaves them so. */
export function* leftOutOnce(weights: readonly Int32Array[]): Generator<number, void> {
  for (const [at, stratum] of weights.entries()) {
    const size = stratum.length;
    if (size < 2) continue; // the one sample is in every resample
    const leftOut = Math.min(size, MOST_LEFT_OUT);
    for (let i = 0; i < leftOut; i++) {
      const sample = Math.floor(((i + 0.5) * size) / leftOut);
      stratum[sample] = 0;
      yield at;
      stratum[sample] = 1;
    }
  }
}

/**
 * The acceleration of BCa: a sixth of the skewness of what each sample adds, by the values without one.
 *
 * Of a stratum of more than 200 samples, 200 evenly spaced ones stand for all: it is an average, and the larger the
 * stratum the less it moves the interval. Source: Davison, Hinkley, Bootstrap Methods, 1997, section 5.3.
 *
 * @param without for each stratum the statistic while a sample is left out, as {@link leftOutOnce} does it
 */
export function accelerationOf(weights: readonly Int32Array[], without: readonly (readonly number[])[]): number {
  let [cubes, squares] = [0, 0];
  for (const [at, values] of without.entries()) {
    const [size, leftOut] = [weights[at]!.length, values.length];
    if (leftOut === 0) continue;
    const mean = values.reduce((sum, each) => sum + each, 0) / leftOut;
    const adds = values.map((each) => (size - 1) * (mean - each));
    cubes += adds.reduce((sum, each) => sum + each ** 3, 0) / leftOut / size ** 2;
    squares += adds.reduce((sum, each) => sum + each ** 2, 0) / leftOut / size;
  }
  return squares > 0 ? cubes / squares ** 1.5 / 6 : 0;
}

/** The same of a statistic, at once. */
export function acceleration(
  weights: readonly Int32Array[],
  statistic: (weights: readonly Int32Array[]) => number,
): number {
  const without = weights.map((): number[] => []);
  for (const at of leftOutOnce(weights)) without[at]!.push(statistic(weights));
  return accelerationOf(weights, without);
}

/**
 * The level of the resampled values that BCa takes for a nominal one: moved by how far the value is from their median,
 * and by the acceleration. Source: Efron, JASA 82 (1987), equation 2.3.
 */
export function biasCorrectedLevel(values: Float64Array, value: number, acceleration: number, level: number): number {
  let below = 0; // values below, equal ones counted half
  for (const each of values) below += each < value ? 1 : each === value ? 0.5 : 0;
  // Where all lie on one side the bias would be infinite: half a resample is taken to lie on the other.
  const share = Math.min(Math.max(below, 0.5), values.length - 0.5) / values.length;
  const bias = normalQuantile(share);
  const moved = bias + normalQuantile(level);
  const room = 1 - acceleration * moved;
  return room > 0 ? normalCdf(bias + moved / room) : Number(moved > 0);
}
