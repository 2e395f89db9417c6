import { poisson } from '../saddle-point';

/** Mass that is left out at either end of a step; what comes of it stays below 1e-12 of the result. */
const NOTHING = 1e-16;
const SPREAD = 7;

/** P(N = 0), P(N = 1), ... of a Poisson variable, up to where nothing is left. */
function stepsOf(mean: number): number[] {
  const steps = [Math.exp(-mean)];
  for (let k = 1; k < mean || steps[k - 1]! > NOTHING; k++) steps.push((steps[k - 1]! * mean) / k);
  return steps;
}

/**
 * P(U_(i) > b_i for some i) of the n ascending uniform numbers U_(1) <= ... <= U_(n).
 *
 * A Poisson process of rate n, taken on from bound to bound: a path that has counted fewer than i at b_i is out, and
 * counts by how likely it still ends at n. All terms are positive, so that nothing cancels; only some sqrt(n) counts
 * are likely at a time, so that it takes some n^1.5 steps.
 *
 * Source: Khmaladze, Shinjikashvili (2001); Moscovich, Nadler, "Fast calculation of boundary crossing probabilities for
 * Poisson processes" (2017), section 2.
 *
 * @param bounds b_1 <= ... <= b_n, from 0; from 1 on a bound is none
 */
export function crossingProbability(bounds: ArrayLike<number>): number {
  const count = bounds.length;
  const whole = poisson(count, count);
  const mass = new Float64Array(count + 1); // of each number counted so far
  mass[0] = 1;
  let [low, high, at, out] = [0, 0, 0, 0];
  for (let i = 1; i <= count && bounds[i - 1]! < 1; i++) {
    const bound = bounds[i - 1]!;
    const steps = stepsOf(count * (bound - at));
    const mean = count * bound;
    const likely = Math.ceil(mean + SPREAD * Math.sqrt(mean * (1 - bound)) + 12);
    high = Math.max(high, i, Math.min(count, likely, high + steps.length - 1));
    for (let m = high; m >= low; m--) {
      let sum = 0;
      const most = Math.min(steps.length - 1, m); // below low and above high there is no mass
      for (let k = 0; k <= most; k++) sum += mass[m - k]! * steps[k]!;
      mass[m] = sum;
    }
    at = bound;
    // At the bound before, i - 1 were counted at least
    out += (mass[i - 1]! * poisson(count + 1 - i, count - mean)) / whole;
    mass[i - 1] = 0;
    low = i;
  }
  return out;
}
