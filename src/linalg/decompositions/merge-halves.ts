import type { Pause } from '../../core/pauses';
import { withPauses } from '../../core/steps';
import { exactWeights, secularRoots } from './secular-equation';

/** Eigenvectors of two halves that are coupled, as weights of the vectors of the halves. */
export interface Merge {
  /** Ascending [D]. */
  values: Float64Array;
  /** Weights of the vectors of the halves [D] in unit eigenvector number `at`; good until the next are asked for. */
  weightsOf(at: number): Float64Array;
}

/** Beside the largest number of a matrix this is nothing. */
const NEGLIGIBLE = 2 ** -50;

/** Two vectors that are turned into each other, so that the first is not coupled any more. */
interface Turn {
  first: number;
  second: number;
  c: number;
  s: number;
}

/**
 * Eigenvalues and vectors of diag(d) + coupling u u^T; u are the ends of the halves' vectors that meet. What is coupled
 * by less than rounding stays as it is, and of two values that are as good as equal one can be turned so (Dongarra,
 * Sorensen, SIAM J. Sci. Stat. Comput. 8, 1987).
 */
export async function mergeHalves(d: Float64Array, u: Float64Array, coupling: number, pause: Pause): Promise<Merge> {
  const size = d.length;
  const factor = 2 * coupling;
  const z = u.map((value) => value * Math.SQRT1_2);
  const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const least = NEGLIGIBLE * Math.max(largest(d), largest(z));
  const sorted = Array.from(d.keys()).sort((a, b) => d[a]! - d[b]!);

  const coupled: number[] = [];
  const turns: Turn[] = [];
  let before = -1;
  for (const at of sorted) {
    if (!(factor * Math.abs(z[at]!) > least)) continue;
    if (before >= 0) {
      const length = Math.hypot(z[at]!, z[before]!);
      const [c, s] = [z[at]! / length, -z[before]! / length];
      const [low, high] = [d[before]!, d[at]!];
      if (Math.abs((high - low) * c * s) <= least) {
        turns.push({ first: before, second: at, c, s });
        z[at] = length;
        d[before] = low * c * c + high * s * s;
        d[at] = low * s * s + high * c * c;
      } else coupled.push(before);
    }
    before = at;
  }
  if (before >= 0) coupled.push(before);

  const poles = Float64Array.from(coupled, (at) => d[at]!);
  const ends = Float64Array.from(coupled, (at) => z[at]!);
  const squares = ends.map((value) => value * value);
  const { origins, ways } = await withPauses(secularRoots(1 / factor, poles, squares), pause);
  const exact = await withPauses(exactWeights(poles, ends, { origins, ways }), pause);

  const unsorted = d.slice();
  /** Which root it is, by its place among all. */
  const rootAt = new Int32Array(size).fill(-1);
  coupled.forEach((at, i) => {
    unsorted[at] = poles[origins[i]!]! + ways[i]!;
    rootAt[at] = i;
  });
  const order = Array.from(unsorted.keys()).sort((a, b) => unsorted[a]! - unsorted[b]!);
  const weights = new Float64Array(size);
  return {
    values: Float64Array.from(order, (at) => unsorted[at]!),
    weightsOf(at) {
      weights.fill(0);
      const root = rootAt[order[at]!]!;
      if (root < 0) weights[order[at]!] = 1;
      else {
        const [origin, way] = [poles[origins[root]!]!, ways[root]!];
        let square = 0;
        for (let j = 0; j < poles.length; j++) {
          const weight = exact[j]! / (poles[j]! - origin - way);
          weights[coupled[j]!] = weight;
          square += weight * weight;
        }
        const scale = 1 / Math.sqrt(square);
        for (let j = 0; j < size; j++) weights[j]! *= scale;
      }
      for (let i = turns.length - 1; i >= 0; i--) {
        const { first, second, c, s } = turns[i]!;
        const [own, other] = [weights[first]!, weights[second]!];
        weights[first] = c * own - s * other;
        weights[second] = s * own + c * other;
      }
      return weights;
    },
  };
}
