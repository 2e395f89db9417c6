import type { Steps } from '../core/steps';

/** Numbers that are added by one call: an engine makes code of a function that is called often, not of a long loop. */
const AT_ONCE = 2 ** 14;

function addPart(sum: Float64Array, more: Float64Array, sign: number, from: number, to: number): void {
  for (let at = from; at < to; at++) sum[at]! += sign * more[at]!;
}

/** sum += sign more, number by number; a step is some of them. */
export function* addingNumbers(sum: Float64Array, more: Float64Array, sign: 1 | -1): Steps<void> {
  for (let from = 0; from < sum.length; from += AT_ONCE) {
    addPart(sum, more, sign, from, Math.min(from + AT_ONCE, sum.length));
    yield;
  }
}
