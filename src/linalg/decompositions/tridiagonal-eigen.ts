import type { Pause } from '../../core/pauses';
import { STEP_BYTES, TILE, TILE_BYTES } from '../kernels/tile';
import { smallEigen } from './implicit-ql';
import { mergeHalves, roomForMerge, type Merge, type MergeRoom } from './merge-halves';
import type { EigenKernel } from './tridiagonal-form';

/** Matrices up to this size are not halved. */
const SMALL = 32;
/** Groups of four vectors that are made at once: what makes them stays in a cache. */
const GROUPS = 16;
/** Multiplications between two pauses, in a millisecond. */
const AT_ONCE = 2 ** 22;

/**
 * Where {@link tridiagonalEigen} works: eigenvectors of parts, of even and odd depths, weights of some vectors, and
 * what a merge needs.
 */
export interface EigenRoom extends MergeRoom {
  odd: number;
  even: number;
  panels: number;
}

const roundUp = (size: number): number => Math.ceil(size / TILE) * TILE;
/** The first half, which is the larger one. */
const halfOf = (size: number): number => roundUp(size / 2);

/** Bytes of it; `even` is free again before vectors are made. */
export function roomForEigen(size: number): { [area in keyof EigenRoom]: number } {
  const half = halfOf(size);
  return {
    ...roomForMerge(size),
    panels: GROUPS * STEP_BYTES * roundUp(size),
    odd: 8 * roundUp(size) * half,
    even: 8 * roundUp(size) * halfOf(half),
  };
}

export interface TridiagonalEigen {
  /** Ascending [D]. */
  values: Float64Array;
  /** Writes unit eigenvectors number `from` to `to` - 1 into panels of four [D, 4]; what fills the last is 0. */
  vectors(address: number, from: number, to: number): Promise<void>;
}

/**
 * Eigenvalues and eigenvectors of a tridiagonal matrix; `beside[i]` is between i - 1 and i. By halves, whose
 * eigenvectors are multiplied by those of what couples them (Cuppen, Numerische Mathematik 36, 1981); the last products
 * are of the wanted vectors alone. A panel holds four places of all vectors of a part: [D, 4].
 */
export async function tridiagonalEigen(
  kernel: EigenKernel,
  room: EigenRoom,
  given: { diagonal: Float64Array; beside: Float64Array },
  pause: Pause,
): Promise<TridiagonalEigen> {
  const d = given.diagonal.slice();
  const beside = given.beside.slice(1); // from here on between i and i + 1
  const size = d.length;
  /** Parts of a depth lie beside each other, each in a strip that has the width of the largest. */
  const placeOf = (low: number, depth: number): number =>
    depth % 2 === 1 ? room.odd + 8 * low * halfOf(size) : room.even + 8 * low * halfOf(halfOf(size));

  /** What couples two halves is taken off both before they are solved. */
  const uncouple = (low: number, high: number): void => {
    if (high - low <= SMALL) return;
    const middle = low + halfOf(high - low);
    const coupling = Math.abs(beside[middle - 1]!);
    d[middle - 1]! -= coupling;
    d[middle]! -= coupling;
    uncouple(low, middle);
    uncouple(middle, high);
  };

  /** Weights of the vectors of both halves for some of the whole, in panels of four [rows, 4]: how many panels. */
  const weigh = async (merge: Merge, from: number, to: number): Promise<number> => {
    const rows = roundUp(merge.values.length);
    const groups = Math.ceil((to - from) / TILE);
    for (let group = 0; group < groups; group++) {
      await pause();
      merge.weigh(room.panels + group * rows * STEP_BYTES, rows, from + group * TILE, to);
    }
    return groups;
  };

  const merged = async (low: number, high: number, depth: number): Promise<Merge> => {
    const middle = low + halfOf(high - low);
    await solve(low, middle, depth + 1);
    await solve(middle, high, depth + 1);
    const [upper, lower] = [middle - low, high - middle];
    const [above, below] = [placeOf(low, depth + 1), placeOf(middle, depth + 1)];
    const lastPlaces = kernel.float64(above + (upper / TILE - 1) * upper * STEP_BYTES, TILE * upper);
    const firstPlaces = kernel.float64(below, TILE * lower);
    const coupling = beside[middle - 1]!;
    const ends = Float64Array.from({ length: high - low }, (_, j) =>
      j < upper ? lastPlaces[TILE * j + TILE - 1]! : Math.sign(coupling) * firstPlaces[TILE * (j - upper)]!,
    );
    return mergeHalves(kernel, room, d.slice(low, high), ends, Math.abs(coupling), pause);
  };

  /** Eigenvalues into their part of d, eigenvectors into panels. */
  const solve = async (low: number, high: number, depth: number): Promise<void> => {
    await pause();
    const [count, rows, to] = [high - low, roundUp(high - low), placeOf(low, depth)];
    if (count <= SMALL) {
      const vectors = smallEigen(d.subarray(low, high), beside.subarray(low, high - 1));
      const panels = kernel.float64(to, rows * rows).fill(0);
      vectors.forEach((vector, row) =>
        vector.forEach((value, i) => {
          panels[(Math.floor(i / TILE) * rows + row) * TILE + (i % TILE)] = value;
        }),
      );
      return;
    }
    const merge = await merged(low, high, depth);
    const panelBytes = rows * STEP_BYTES;
    for (let first = 0; first < count; first += TILE * GROUPS) {
      const groups = await weigh(merge, first, Math.min(count, first + TILE * GROUPS));
      for (const [from, end] of halvesOf(rows)) {
        const steps = end - from;
        const source = placeOf(low + from, depth + 1);
        const target = to + (from / TILE) * panelBytes + first * STEP_BYTES;
        const sideBytes = steps * STEP_BYTES;
        for (const [at, now] of partsOf(steps / TILE, groups * steps)) {
          await pause();
          const [b, out] = [source + at * sideBytes, target + at * panelBytes];
          const weights = room.panels + from * STEP_BYTES;
          kernel.run.crossPanels(weights, b, out, groups, now, steps, panelBytes, sideBytes, panelBytes);
        }
      }
    }
    d.set(merge.values, low);
  };

  uncouple(0, size);
  const whole = size > SMALL ? await merged(0, size, 0) : wholeOf(kernel, d, beside);
  return {
    values: whole.values,
    async vectors(address, from, to) {
      const rows = roundUp(size);
      const panelBytes = rows * STEP_BYTES;
      for (let first = from; first < to; first += TILE * GROUPS) {
        const groups = await weigh(whole, first, Math.min(to, first + TILE * GROUPS));
        const target = address + ((first - from) / TILE) * panelBytes;
        if (size <= SMALL) {
          kernel.float64(target, groups * TILE * rows).set(kernel.float64(room.panels, groups * TILE * rows));
          continue;
        }
        for (const [low, high] of halvesOf(rows)) {
          const steps = high - low;
          const source = placeOf(low, 1);
          for (const [at, now] of partsOf(steps / TILE, groups * steps)) {
            await pause();
            const [a, out] = [source + at * steps * STEP_BYTES, target + low * STEP_BYTES + at * TILE_BYTES];
            const weights = room.panels + low * STEP_BYTES;
            kernel.run.multiplyPanels(a, weights, out, groups, now, steps, panelBytes, panelBytes);
          }
        }
      }
    },
  };
}

/** Where parts of so many panels start, and how many are multiplied at once; tiles times steps of one are given. */
function* partsOf(panels: number, work: number): Generator<[at: number, now: number]> {
  const most = Math.max(1, Math.floor(AT_ONCE / (TILE * TILE * work)));
  for (let at = 0; at < panels; at += most) yield [at, Math.min(most, panels - at)];
}

const halvesOf = (rows: number): [number, number][] => [
  [0, halfOf(rows)],
  [halfOf(rows), rows],
];

/** Of a small matrix: its vectors are the weights of those of unity. */
function wholeOf(kernel: EigenKernel, d: Float64Array, beside: Float64Array): Merge {
  const vectors = smallEigen(d, beside);
  return {
    values: d,
    weigh(panel, rows, first, end) {
      const weights = kernel.float64(panel, TILE * rows).fill(0);
      vectors.slice(first, Math.min(end, first + TILE)).forEach((vector, lane) => {
        vector.forEach((value, i) => (weights[TILE * i + lane] = value));
      });
    },
  };
}
