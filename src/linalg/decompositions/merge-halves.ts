import type { Pause } from '../../core/pauses';
import { withPauses } from '../../core/steps';
import { STEP_BYTES, TILE } from '../kernels/tile';
import { exactWeights, secularRoots, type SecularRoom } from './secular-equation';
import type { EigenKernel } from './tridiagonal-form';

/** Eigenvectors of two halves that are coupled, as weights of the vectors of the halves. */
export interface Merge {
  /** Ascending [D]. */
  values: Float64Array;
  /** Writes the weights [rows, 4] of the vectors of the halves in four unit eigenvectors; of those past the last 0. */
  weigh(panel: number, rows: number, first: number, end: number): void;
}

/** Where a merge works: {@link SecularRoom}, and `rows`, places of the coupled vectors. */
export interface MergeRoom extends SecularRoom {
  rows: number;
}

/** Bytes of it. */
export const roomForMerge = (size: number) => ({
  ...{ poles: 8 * size, squares: 8 * size, weights: 8 * size },
  ...{ rows: 4 * size, given: 3 * STEP_BYTES },
});

/** Beside the largest number of a matrix this is nothing. */
const NEGLIGIBLE = 2 ** -50;

/** Two vectors that are turned into each other, so that the first is not coupled any more. */
interface Turn {
  first: number;
  second: number;
  c: number;
  s: number;
}

const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/**
 * Which of the values d are coupled by factor z z^T, ascending. What is coupled by less than rounding is not, and of
 * two values that are as good as equal one can be turned so (Dongarra, Sorensen, SIAM J. Sci. Stat. Comput. 8, 1987):
 * d and z become those of the turned vectors.
 */
function coupledOf(d: Float64Array, z: Float64Array, factor: number): { coupled: number[]; turns: Turn[] } {
  const least = NEGLIGIBLE * Math.max(largest(d), largest(z));
  const coupled: number[] = [];
  const turns: Turn[] = [];
  let before = -1;
  for (const at of Array.from(d.keys()).sort((a, b) => d[a]! - d[b]!)) {
    if (!(factor * Math.abs(z[at]!) > least)) continue;
    if (before >= 0) {
      const length = Math.hypot(z[at]!, z[before]!);
      const c = z[at]! / length;
      const s = -z[before]! / length;
      const low = d[before]!;
      const high = d[at]!;
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
  return { coupled, turns };
}

/**
 * Eigenvalues and vectors of diag(d) + coupling u u^T; u, of length sqrt(2), are the ends of the halves' vectors that
 * meet. The room is in use as long as the merge is.
 */
export async function mergeHalves(
  kernel: EigenKernel,
  room: MergeRoom,
  d: Float64Array,
  u: Float64Array,
  coupling: number,
  pause: Pause,
): Promise<Merge> {
  const factor = 2 * coupling;
  const z = u.map((value) => value * Math.SQRT1_2);
  const { coupled, turns } = coupledOf(d, z, factor);
  const poles = Float64Array.from(coupled, (at) => d[at]!);
  const ends = Float64Array.from(coupled, (at) => z[at]!);
  const squares = ends.map((value) => value * value);
  const roots = await withPauses(secularRoots(kernel, room, 1 / factor, poles, squares), pause);
  await withPauses(exactWeights(kernel, room, poles, ends, roots), pause);
  kernel.int32(room.rows, coupled.length).set(coupled.map((at) => STEP_BYTES * at));

  const unsorted = d.slice();
  const rootAt = new Int32Array(d.length).fill(-1);
  coupled.forEach((at, i) => {
    unsorted[at] = poles[roots.origins[i]!]! + roots.ways[i]!;
    rootAt[at] = i;
  });
  const order = Int32Array.from(Array.from(unsorted.keys()).sort((a, b) => unsorted[a]! - unsorted[b]!));
  return {
    values: Float64Array.from(order, (at) => unsorted[at]!),
    weigh(panel, rows, first, end) {
      const weights = kernel.float64(panel, TILE * rows).fill(0);
      const given = kernel.float64(room.given, 2 * TILE + 1);
      for (let lane = 0; lane < TILE; lane++) {
        const root = first + lane < end ? rootAt[order[first + lane]!]! : -1;
        given[lane] = root < 0 ? 0 : poles[roots.origins[root]!]!;
        given[TILE + lane] = root < 0 ? 0 : roots.ways[root]!;
      }
      given[2 * TILE] = 1;
      kernel.run.weighPoles(room.poles, room.weights, room.rows, panel, room.given, coupled.length);
      for (let lane = 0; lane < TILE; lane++) {
        const at = first + lane < end ? order[first + lane]! : -1;
        if (at >= 0 && rootAt[at]! >= 0) continue;
        for (let to = lane; to < weights.length; to += TILE) weights[to] = 0;
        if (at >= 0) weights[TILE * at + lane] = 1;
      }
      turnRows(weights, turns);
    },
  };
}

/** Weights of turned vectors become those of the vectors. */
function turnRows(weights: Float64Array, turns: readonly Turn[]): void {
  for (let i = turns.length - 1; i >= 0; i--) {
    const { first, second, c, s } = turns[i]!;
    for (let lane = 0; lane < TILE; lane++) {
      const own = weights[TILE * first + lane]!;
      const other = weights[TILE * second + lane]!;
      weights[TILE * first + lane] = c * own - s * other;
      weights[TILE * second + lane] = s * own + c * other;
    }
  }
}
