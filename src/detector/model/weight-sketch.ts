import type { Pause } from '../../core/pauses';
import { seededRandom } from '../../core/random';

/** What is kept of a tensor's numbers, to know them again after they were rounded. */
export type WeightSketch = {
  /** Whether they are all numbers of half precision, as what was read from a texture of 16 bits. */
  readonly isHalf: boolean;
  /** Number i is added to sum i mod 16 with a random sign; of fewer than 16 numbers each has a sum of its own. */
  readonly sums: readonly number[];
};

/** A sketch of the numbers at hand, and how far rounding them moves each sum. */
export interface MeasuredWeights extends WeightSketch {
  readonly slack: readonly number[];
}

const SUMS = 16;
const SEED = 20_181;
/** Neighbors in half precision lie 2^-10 of a number apart, below 2^-14 it is 2^-24, or there are none but 0. */
const STEP = 2 ** -10;
const LEAST = 2 ** -14;
const SMALLEST = 2 ** -24;
/** Steps of single precision, 2^13 to one of half. */
const FINER = 2 ** 13;
/** A shader that writes a float as four bytes is not exact: so many finer steps are taken for none. */
const BLUR = 32;
const DEVIATIONS = 4;
/** Numbers between two pauses, in some 10 ms; a whole number of 32. */
const AT_ONCE = 2 ** 16;

/** Asks whether a number from 0 on is one of half precision: the end of a float's 23 bits is 0 then. */
function halfNumbers(): (size: number) => boolean {
  const float = new Float32Array(1);
  const bits = new Int32Array(float.buffer);
  return (size) => {
    if (size < LEAST) return Math.abs(size / SMALLEST - Math.round(size / SMALLEST)) * FINER <= BLUR;
    float[0] = size;
    return (bits[0]! + BLUR) % FINER <= 2 * BLUR;
  };
}

/**
 * A sketch of one of a model's tensors, the one of this index.
 *
 * A driver may round a number w to either of its neighbors, and make 0 of one below 2^-14: it moves by at most
 * u = |w| / 1024, or 2^-14. A sum moves by at most the sum of its u. As the signs are random, whatever the errors are,
 * it moves by more than t times the root of the sum of the u^2 with probability 2 exp(-t^2 / 2) at most (Hoeffding).
 * t = 4: errors that lie evenly between none and u have a root mean square of u / sqrt(3), of which that is 6.9. Other
 * weights, apart by a share d of their norm, move a sum by about d times its norm: some of 16 by more than 0.4 % of it
 * where d is 0.4 %.
 */
export async function measuredWeights(
  numbers: ArrayLike<number>,
  index: number,
  pause?: Pause,
): Promise<MeasuredWeights> {
  const count = Math.min(SUMS, numbers.length);
  const [sums, most, squares] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  const random = seededRandom(SEED, index);
  const isHalfNumber = halfNumbers();
  let isHalf = true;
  let signs = 0;
  for (let i = 0; i < numbers.length; i++) {
    if (i % AT_ONCE === 0) await pause?.();
    if (i % 32 === 0) signs = random.integer(2 ** 32);
    const number = numbers[i]!;
    const size = Math.abs(number);
    const moved = size < LEAST ? LEAST : STEP * size;
    const at = i % SUMS;
    sums[at]! += (signs >>> (i % 32)) & 1 ? number : -number;
    most[at]! += moved;
    squares[at]! += moved * moved;
    isHalf &&= isHalfNumber(size);
  }
  const slack = Array.from(most, (sum, at) => Math.min(sum, DEVIATIONS * Math.sqrt(squares[at]!)));
  return { isHalf, sums: [...sums], slack };
}

/** Whether the numbers are those of the sketch, or may be what rounding left of them; only half numbers may be. */
export function isSketchOf(saved: WeightSketch, own: MeasuredWeights): boolean {
  if (saved.sums.length !== own.sums.length) return false;
  const isRounded = saved.isHalf || own.isHalf;
  return own.sums.every((sum, at) => {
    const apart = Math.abs(sum - saved.sums[at]!);
    return apart === 0 || (isRounded && apart <= own.slack[at]!);
  });
}
