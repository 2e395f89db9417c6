import { ANYTHING, COUNT, INTEGER, oneOf, wholeFrom, type Rule } from '../../core/check';
import { isRecord, type Json } from '../../core/saved/json';
import { defineRowScorer } from '../contract/define-row-scorer';
import type { ScorerMethod } from '../contract/scorer';
import { exactNeighbors, type NearestRows } from './exact-neighbors';
import { gatheredSample } from './gathered-sample';
import { indexedNeighbors } from './indexed-neighbors';
import { tooFewRows } from './neighbor-bank';
import type { NeighborIndexMaker } from './neighbor-index';

const WHERE = 'nearestNeighbors';
const NORMALIZE = ['length', 'none'] as const;
const USES = ['kth', 'mean'] as const;
const ALL_ROWS = 2 ** 31 - 1;

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

const INDEX_MAKER: Rule = {
  expected: 'an index such as hnswIndex(library)',
  holds: (value: unknown) => isRecord(value) && typeof value.build === 'function',
};

/** What decides which rows an index finds: another one would give other scores than the saved ones. */
const settingsOf = (index: NeighborIndexMaker | undefined): Json | undefined =>
  index && { kind: index.kind, ...index.settings };

/**
 * Distance to the k-th nearest in-distribution row (or the mean over the k nearest).
 *
 * s(x) = ||z - z_(k)||, z = x / ||x|| and z_(k) the k-th nearest of the bank: the distance, not its square (the paper's
 * confidence is -s). Exact: float32 products on the backend choose, float64 differences of the rows settle (1e-6 of s
 * at most, ties and places far from the origin included). Features [N, D]; O(M D) a row. A zero row has no direction:
 * it stays zero, at distance 1 from every other. With `index` the distances are as exact, of the rows that it finds.
 *
 * A fit copies the rows, O(M D) time and 4 M D bytes, and no more (with `index` the graph is built). The first score
 * brings them to the backend, another O(M D): a scorer in use takes 8 M D bytes, twice its bank, 12 M D on wasm, which
 * packs matrices, and a block of products (`blockSize` x 1024).
 *
 * Measured on wasm: a fit grows as N^1.1 (2,000 to 8,000) and D^1.0 (256 to 1,024); scores grow as M^0.6 (4,000 to
 * 16,000) and D^0.9 (256 to 1,024).
 *
 * Source: Sun, Ming, Zhu, Li, ICML 2022, section 3.
 *
 * @throws ArgumentError for an option out of range, or fewer rows than k; ShapeError, NotFiniteError naming the row
 * @example
 * const bank = { features: { data: Float32Array.of(1, 0, 0, 2), shape: [2, 2] as const } };
 * const scorer = await nearestNeighbors({ k: 1 }).fit([bank], {});
 * await scorer.score({ features: { data: Float32Array.of(5, 0, -3, 0), shape: [2, 2] } }); // Float32Array [0, 1.4142]
 */
export function nearestNeighbors(options?: NearestNeighborsOptions): ScorerMethod<'features', 'features'> {
  const most = options?.k ?? 50;
  return defineRowScorer(WHERE, options, {
    needs: ['features'],
    fitNeeds: ['features'],
    options: {
      k: [COUNT, 50],
      normalize: [oneOf(...NORMALIZE), 'length'],
      use: [oneOf(...USES), 'kth'],
      bankSize: [{ ...wholeFrom(most), expected: `a whole number from k = ${most}` }, ALL_ROWS],
      seed: [INTEGER, 1],
      blockSize: [COUNT, 512],
      index: [INDEX_MAKER],
    },
    saved: ['k', 'normalize', 'use'],
    fitted: {
      /** Rows as they came. */
      bank: { dtype: 'F32', shape: ['M', 'D'] },
      indexBytes: { dtype: 'U8', shape: ['bytes'], optional: true },
      index: [ANYTHING, undefined as Json | undefined],
    },
    byId: true,
    gather: (_, { k, normalize, bankSize, seed, index }) =>
      gatheredSample(
        WHERE,
        { k, bankSize, seed },
        ({ features }) => features,
        async (bank, size) => {
          const normalized = normalize === 'length';
          const nearest = index && indexedNeighbors(bank, size, normalized, index);
          return { bank, index: settingsOf(index), indexBytes: await nearest?.bytes(), nearest, sizes: { D: size } };
        },
      ),
    check(fitted, { k, index }, { D }) {
      const [saved, own] = [JSON.stringify(fitted.index), JSON.stringify(settingsOf(index))];
      if (saved !== own) {
        return { what: 'options.index', expected: `that of the method: ${own ?? 'none'}`, received: saved ?? 'none' };
      }
      if ((fitted.indexBytes !== undefined) !== (index?.load !== undefined)) {
        const expected = index?.load ? 'the bytes of the index' : 'none';
        return { what: 'tensors.indexBytes', expected, received: fitted.indexBytes ? 'bytes' : 'none' };
      }
      return tooFewRows(fitted, { k }, D!);
    },
    score(fitted, { options: { k, normalize, use, bankSize, blockSize, index }, sides }) {
      const { bank: rows, indexBytes } = fitted;
      const size = sides.D!;
      const normalized = normalize === 'length';
      const search = (): NearestRows =>
        index
          ? indexedNeighbors(rows, size, normalized, index, indexBytes)
          : exactNeighbors(WHERE, rows, size, normalized, blockSize);
      const nearest = fitted.nearest ?? search();
      return {
        largestScore: normalized ? 2 : undefined,
        async scoresOf({ count, features: { data } }) {
          const scores = new Float64Array(count);
          for (let first = 0; first < count; first += blockSize) {
            const squares = await nearest.squares(data.subarray(first * size, (first + blockSize) * size), k);
            for (let row = 0; row < squares.length / k; row++) {
              const own = squares.subarray(row * k, (row + 1) * k);
              scores[first + row] =
                use === 'kth' ? Math.sqrt(own[k - 1]!) : own.reduce((sum, square) => sum + Math.sqrt(square), 0) / k;
            }
          }
          return scores;
        },
        takeIn: index
          ? undefined
          : ({ data }) => {
              const further = data.subarray(0, Math.max(0, bankSize - sides.M!) * size);
              const bank = new Float32Array(rows.length + further.length);
              bank.set(rows);
              bank.set(further, rows.length);
              return { bank, index: undefined, indexBytes: undefined, sizes: { D: size } };
            },
        dispose: () => nearest.dispose(),
      };
    },
  });
}
