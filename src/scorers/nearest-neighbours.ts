import { ArgumentError } from '../errors';
import { featureScorer } from './feature-scorer';
import { neighbourSearch } from './neighbour-search';
import { checkOption, checkWord, COUNT, savedOption, type NumberRule } from './option-rules';
import { rowSample } from './row-sample';
import { readRows } from './rows';
import type { Blocks, FitProgress, Scorer, ScorerMethod, ScorerState } from './scorer';
import { checkKind, tensorOf, wordOf } from './scorer-state';
import { unitLength } from './unit-length';

const KIND = 'nearest-neighbours';
const DISTANCES = ['normalised', 'euclidean'] as const;
const USES = ['kth', 'mean'] as const;

/** Options of {@link nearestNeighbours}. */
export interface NearestNeighboursOptions {
  /** How many neighbours; default 50. */
  k?: number;
  /** `'normalised'` (default): rows are scaled to length 1 first, as in the paper; `'euclidean'`: as they are. */
  distance?: (typeof DISTANCES)[number];
  /** `'kth'` (default): the distance to the k-th neighbour; `'mean'`: the mean over the k nearest. */
  use?: (typeof USES)[number];
  /** Most rows that are kept, a uniform sample of all; by default every row. */
  bankSize?: number;
  /** Which sample; default 1. */
  seed?: number;
  /** Rows that go through the backend at once, default 256; changes no result. */
  blockSize?: number;
}

const SEED: NumberRule = { expected: 'an integer', holds: Number.isSafeInteger };
const ALL_ROWS = 2 ** 31 - 1;

interface Fitted {
  /** Bank rows [M, D], of length 1 where normalised. */
  bank: Float32Array;
  size: number;
  k: number;
  distance: (typeof DISTANCES)[number];
  use: (typeof USES)[number];
}

/** Bank and queries are moved so that the bank's mean is the origin: float32 products are then exact enough. */
function centred(rows: Float32Array, centre: Float64Array): Float32Array {
  const size = centre.length;
  const moved = new Float32Array(rows.length);
  for (let at = 0; at < rows.length; at += size) {
    for (let i = 0; i < size; i++) moved[at + i] = rows[at + i]! - centre[i]!;
  }
  return moved;
}

function halfSquares(rows: Float32Array, size: number): Float32Array {
  return Float32Array.from({ length: rows.length / size }, (_, row) => {
    let sum = 0;
    for (let i = row * size; i < (row + 1) * size; i++) sum += rows[i]! * rows[i]!;
    return sum / 2;
  });
}

function meanRow(rows: Float32Array, size: number): Float64Array {
  const mean = new Float64Array(size);
  const count = rows.length / size;
  for (let at = 0; at < rows.length; at += size) for (let i = 0; i < size; i++) mean[i]! += rows[at + i]!;
  return mean.map((sum) => sum / count);
}

function scorerOf({ bank, size, k, distance, use }: Fitted, blockSize: number): Scorer<'features'> {
  const centre = meanRow(bank, size);
  const moved = centred(bank, centre);
  const search = neighbourSearch(moved, halfSquares(moved, size), size, blockSize);
  return featureScorer({
    where: 'nearestNeighbours',
    size,
    state: {
      kind: KIND,
      options: { k, distance, use },
      tensors: { bank: { dtype: 'F32', shape: [bank.length / size, size], data: bank } },
    },
    async scoresOf({ data }) {
      const rows = distance === 'normalised' ? unitLength(data, size) : data;
      const found = await search.best(centred(rows, centre), k);
      // The k neighbours are chosen by float32 products; their distances are float64.
      const distances = new Float64Array(k);
      return Float64Array.from({ length: rows.length / size }, (_, row) => {
        for (let n = 0; n < k; n++) {
          const [x, b] = [row * size, found[row * k + n]! * size];
          let sum = 0;
          for (let i = 0; i < size; i++) sum += (rows[x + i]! - bank[b + i]!) ** 2;
          distances[n] = Math.sqrt(sum);
        }
        return use === 'kth' ? distances.reduce((a, d) => Math.max(a, d)) : distances.reduce((a, d) => a + d) / k;
      });
    },
    dispose: () => search.dispose(),
  });
}

/** Goes through the blocks once and keeps a uniform sample of rows. @throws ArgumentError for fewer rows than `atLeast` */
async function fitBank(
  blocks: Blocks<'features'>,
  { onProgress }: FitProgress,
  { bankSize, seed, atLeast }: { bankSize: number; seed: number; atLeast: number },
): Promise<{ bank: Float32Array; size: number }> {
  const where = 'nearestNeighbours';
  let sample: ReturnType<typeof rowSample> | undefined;
  let [size, seen] = [0, 0];
  for await (const block of blocks) {
    const { data, shape } = await readRows(where, 'features', block, sample && size);
    size = shape[1];
    sample ??= rowSample(size, bankSize, seed);
    sample.add(data);
    seen += shape[0];
    onProgress?.(seen);
  }
  if (!sample || Math.min(seen, bankSize) < atLeast) {
    const [what, expected] = ['blocks', `at least k = ${atLeast} rows`];
    throw new ArgumentError({ where, what, expected, received: `${Math.min(seen, bankSize)} rows` });
  }
  return { bank: sample.rows(), size };
}

/**
 * Distance to the k-th nearest in-distribution row (or the mean over the k nearest).
 *
 * s(x) = ||z - z_(k)||, z = x / ||x|| and z_(k) the k-th nearest of the bank, exact. Features [N, D], O(M D) a row by matrix products on
 * the backend; memory the bank [M, D] and a block of products. The distance itself is float64. A zero row has no direction: it
 * stays zero, at distance 1 from every other.
 *
 * Source: Sun, Ming, Zhu, Li, ICML 2022.
 *
 * @throws ArgumentError for an option out of range, or fewer rows than k; ShapeError, NotFiniteError naming the row
 * @example
 * const bank = { features: { data: Float32Array.of(1, 0, 0, 2), shape: [2, 2] as const } };
 * const scorer = await nearestNeighbours({ k: 1 }).fit([bank], {});
 * await scorer.score({ features: { data: Float32Array.of(5, 0, -3, 0), shape: [2, 2] } }); // Float32Array [0, 1.4142135]
 */
export function nearestNeighbours({
  k = 50,
  distance = 'normalised',
  use = 'kth',
  bankSize = ALL_ROWS,
  seed = 1,
  blockSize = 256,
}: NearestNeighboursOptions = {}): ScorerMethod<'features', 'features'> {
  const where = 'nearestNeighbours';
  checkOption(where, 'k', k, COUNT);
  checkWord(where, 'distance', distance, DISTANCES);
  checkWord(where, 'use', use, USES);
  checkOption(where, 'bankSize', bankSize, COUNT);
  checkOption(where, 'seed', seed, SEED);
  checkOption(where, 'blockSize', blockSize, COUNT);
  return {
    kind: KIND,
    needs: ['features'],
    fitNeeds: ['features'],
    async fit(blocks, progress) {
      const { bank, size } = await fitBank(blocks, progress, { bankSize, seed, atLeast: k });
      const kept = distance === 'normalised' ? unitLength(bank, size) : bank;
      return scorerOf({ bank: kept, size, k, distance, use }, blockSize);
    },
    restore(state: ScorerState) {
      const from = 'nearestNeighbours.restore';
      checkKind(from, state, KIND);
      const { data, shape } = tensorOf(from, state, 'bank', 'F32', [undefined, undefined]);
      const rows = shape[0]!;
      const saved = savedOption(from, state, 'k', {
        expected: `a whole number from 1 to the ${rows} rows of the bank`,
        holds: (value) => COUNT.holds(value) && value <= rows,
      });
      const [savedDistance, savedUse] = [wordOf(from, state, 'distance', DISTANCES), wordOf(from, state, 'use', USES)];
      return scorerOf({ bank: data, size: shape[1]!, k: saved, distance: savedDistance, use: savedUse }, blockSize);
    },
  };
}
