import { ArgumentError, FormatError } from '../../core/errors';
import type { NamedArray } from '../../core/safetensors';
import { featureScorer } from '../contract/feature-scorer';
import { exactNeighbors, type NearestRows } from './exact-neighbors';
import { indexedNeighbors } from './indexed-neighbors';
import { neighborBank } from './neighbor-bank';
import type { NeighborIndexMaker } from './neighbor-index';
import { checkOption, checkWord, COUNT, type NumberRule } from '../../core/check';
import { rowSample } from '../contract/row-sample';
import { readRows, type Rows } from '../contract/rows';
import type { Blocks, FitProgress, Scorer, ScorerMethod, ScorerState } from '../contract/scorer';
import { checkKind, tensorOf, wordOf, savedOption } from '../contract/scorer-state';

const [WHERE, KIND] = ['nearestNeighbors', 'nearest-neighbors'];
const NORMALIZE = ['length', 'none'] as const;
const USES = ['kth', 'mean'] as const;

/** Options of {@link nearestNeighbors}. */
export interface NearestNeighborsOptions {
  /** How many neighbors; default 50. */
  k?: number;
  /** `'length'` (default): rows are scaled to length 1 first, as in the paper; `'none'`: they stay as they are. */
  normalize?: (typeof NORMALIZE)[number];
  /** `'kth'` (default): the distance to the k-th neighbor; `'mean'`: the mean over the k nearest. */
  use?: (typeof USES)[number];
  /**
   * Most rows that are kept, a uniform sample of all; by default every row. A detector fills what room is left with
   * rows of unfitted classes.
   */
  bankSize?: number;
  /** Which sample; default 1. */
  seed?: number;
  /** Queries that go through the backend at once, default 512; changes no result. */
  blockSize?: number;
  /** An approximate index instead of the exact search, e.g. {@link hnswIndex}. */
  index?: NeighborIndexMaker;
}

const SEED: NumberRule = { expected: 'an integer', holds: Number.isSafeInteger };
const ALL_ROWS = 2 ** 31 - 1;

interface Fitted {
  /** Bank rows [M, D] as they came. */
  rows: Float32Array;
  size: number;
  k: number;
  normalize: (typeof NORMALIZE)[number];
  use: (typeof USES)[number];
}

function stateOf(
  { rows, size, k, normalize, use }: Fitted,
  index?: NeighborIndexMaker,
  bytes?: Uint8Array,
): ScorerState {
  const bank: NamedArray = { dtype: 'F32', shape: [rows.length / size, size], data: rows };
  return {
    kind: KIND,
    options: { k, normalize, use, ...(index && { index: { kind: index.kind, ...index.settings } }) },
    tensors: { bank, ...(bytes && { index: { dtype: 'U8', shape: [bytes.length], data: bytes } }) },
  };
}

function scorerOf(
  { size, k, normalize, use }: Fitted,
  state: ScorerState,
  nearest: NearestRows,
  blockSize: number,
  takeIn?: (rows: Rows) => Promise<Scorer<'features'>>,
): Scorer<'features'> {
  return featureScorer({
    where: WHERE,
    size,
    state,
    largestScore: normalize === 'length' ? 2 : undefined,
    takeIn,
    async scoresOf({ data }) {
      const scores = new Float64Array(data.length / size);
      for (let first = 0; first < scores.length; first += blockSize) {
        const squares = await nearest.squares(data.subarray(first * size, (first + blockSize) * size), k);
        for (let row = 0; row < squares.length / k; row++) {
          const own = squares.subarray(row * k, (row + 1) * k);
          scores[first + row] = use === 'kth' ? Math.sqrt(own[k - 1]!) : own.reduce((a, d) => a + Math.sqrt(d), 0) / k;
        }
      }
      return scores;
    },
    dispose: () => nearest.dispose(),
  });
}

/**
 * The exact search. It takes in as many rows as the bank has room for: of an index nobody knows whether its distances
 * only fall.
 */
function exactScorer(fitted: Fitted, bankSize: number, blockSize: number): Scorer<'features'> {
  const { rows, size, normalize } = fitted;
  const normalized = normalize === 'length';
  const nearest = exactNeighbors(WHERE, neighborBank(rows, size, normalized), normalized, blockSize);
  // eslint-disable-next-line @typescript-eslint/require-await -- errors reject
  return scorerOf(fitted, stateOf(fitted), nearest, blockSize, async ({ data }) => {
    const further = data.subarray(0, Math.max(0, bankSize - rows.length / size) * size);
    const more = new Float32Array(rows.length + further.length);
    more.set(rows);
    more.set(further, rows.length);
    return exactScorer({ ...fitted, rows: more }, bankSize, blockSize);
  });
}

/**
 * Goes through the blocks once and keeps a uniform sample of rows. @throws ArgumentError for fewer rows than `atLeast`
 */
async function fitBank(
  blocks: Blocks<'features'>,
  { onProgress }: FitProgress,
  { bankSize, seed, atLeast }: { bankSize: number; seed: number; atLeast: number },
): Promise<{ rows: Float32Array; size: number }> {
  let sample: ReturnType<typeof rowSample> | undefined;
  let [size, seen] = [0, 0];
  for await (const block of blocks) {
    const { data, shape } = await readRows(WHERE, 'features', block, sample && size);
    size = shape[1];
    sample ??= rowSample(size, bankSize, seed);
    sample.add(data);
    seen += shape[0];
    onProgress?.(seen);
  }
  if (!sample || Math.min(seen, bankSize) < atLeast) {
    throw new ArgumentError(WHERE, 'blocks', `at least k = ${atLeast} rows`, `${Math.min(seen, bankSize)} rows`);
  }
  return { rows: sample.rows(), size };
}

/**
 * Distance to the k-th nearest in-distribution row (or the mean over the k nearest).
 *
 * s(x) = ||z - z_(k)||, z = x / ||x|| and z_(k) the k-th nearest of the bank: the distance, not its square (the paper's
 * confidence is -s). Exact: float32 products on the backend choose, float64 differences of the rows settle (1e-6 of s
 * at most, ties and places far from the origin included). Features [N, D]; O(M D) a row; memory the bank [M, D] here
 * and on the backend, and a block of products. A zero row has no direction: it stays zero, at distance 1 from every
 * other. With `index` the distances are as exact, of the rows that it finds.
 *
 * Source: Sun, Ming, Zhu, Li, ICML 2022, section 3.
 *
 * @throws ArgumentError for an option out of range, or fewer rows than k; ShapeError, NotFiniteError naming the row
 * @example
 * const bank = { features: { data: Float32Array.of(1, 0, 0, 2), shape: [2, 2] as const } };
 * const scorer = await nearestNeighbors({ k: 1 }).fit([bank], {});
 * await scorer.score({ features: { data: Float32Array.of(5, 0, -3, 0), shape: [2, 2] } }); // Float32Array [0, 1.4142]
 */
export function nearestNeighbors({
  k = 50,
  normalize = 'length',
  use = 'kth',
  bankSize = ALL_ROWS,
  seed = 1,
  blockSize = 512,
  index,
}: NearestNeighborsOptions = {}): ScorerMethod<'features', 'features'> {
  checkOption(WHERE, 'k', k, COUNT);
  checkWord(WHERE, 'normalize', normalize, NORMALIZE);
  checkWord(WHERE, 'use', use, USES);
  const sizes = { expected: `a whole number from k = ${k}`, holds: (v: number) => Number.isSafeInteger(v) && v >= k };
  checkOption(WHERE, 'bankSize', bankSize, sizes);
  checkOption(WHERE, 'seed', seed, SEED);
  checkOption(WHERE, 'blockSize', blockSize, COUNT);
  return {
    kind: KIND,
    needs: ['features'],
    fitNeeds: ['features'],
    async fit(blocks, progress) {
      const fitted = { ...(await fitBank(blocks, progress, { bankSize, seed, atLeast: k })), k, normalize, use };
      if (!index) return exactScorer(fitted, bankSize, blockSize);
      const normalized = normalize === 'length';
      const bank = neighborBank(fitted.rows, fitted.size, normalized);
      const nearest = indexedNeighbors(bank, normalized, index);
      return scorerOf(fitted, stateOf(fitted, index, await nearest.bytes()), nearest, blockSize);
    },
    restore(state: ScorerState) {
      const from = `${WHERE}.restore`;
      checkKind(from, state, KIND, index?.load ? ['bank', 'index'] : ['bank']);
      const { data: rows, shape } = tensorOf(from, state, 'bank', 'F32', [undefined, undefined]);
      const [count, size] = [shape[0]!, shape[1]!];
      const saved = savedOption(from, state, 'k', {
        expected: `a whole number from 1 to the ${count} rows of the bank`,
        holds: (value) => COUNT.holds(value) && value <= count,
      });
      const fitted = {
        rows,
        size,
        k: saved,
        normalize: wordOf(from, state, 'normalize', NORMALIZE),
        use: wordOf(from, state, 'use', USES),
      };
      checkIndex(from, state, index);
      if (!index) return exactScorer(fitted, bankSize, blockSize);
      const normalized = fitted.normalize === 'length';
      const bank = neighborBank(rows, size, normalized);
      const bytes = index.load && tensorOf(from, state, 'index', 'U8', [undefined]).data;
      return scorerOf(
        fitted,
        stateOf(fitted, index, bytes),
        indexedNeighbors(bank, normalized, index, bytes),
        blockSize,
      );
    },
  };
}

/** An index of other settings would find other rows, and give other scores than the saved ones. */
function checkIndex(where: string, state: ScorerState, index: NeighborIndexMaker | undefined): void {
  const saved = JSON.stringify(state.options.index);
  const given = stateOf({ rows: new Float32Array(0), size: 1, k: 1, normalize: 'length', use: 'kth' }, index);
  const own = JSON.stringify(given.options.index);
  if (saved === own) return;
  throw new FormatError(where, 'state.options.index', `that of the method: ${own ?? 'none'}`, saved ?? 'none');
}
