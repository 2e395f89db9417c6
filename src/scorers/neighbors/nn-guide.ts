import { ArgumentError } from '../../core/errors';
import { finiteScores } from '../contract/finite-scores';
import { inUse } from '../contract/in-use';
import { energyScore } from '../contract/logit-scores';
import { neighborSearch } from './neighbor-search';
import { checkOption, COUNT } from '../../core/check';
import { readRows, type Rows } from '../contract/rows';
import type { Scorer, ScorerMethod } from '../contract/scorer';
import { checkKind, tensorOf, savedOption } from '../contract/scorer-state';
import { rowSample } from '../contract/row-sample';
import { unitLength } from '../../linalg/unit-length';

const KIND = 'nn-guide';

/** Options of {@link nnGuide}. */
export interface NnGuideOptions {
  /** How many bank rows guide; default 10. */
  k?: number;
  /** Most bank rows, a uniform sample of all; default 12,000 (1 % of ImageNet, as the authors take). */
  bankSize?: number;
  /** Which sample; default 1. */
  seed?: number;
  /** Rows that go through the backend at once, default 512; changes no result. */
  blockSize?: number;
}

/** logsumexp of each row of logits: the confidence that guides. */
const confidences = ({ data, shape: [rows, classes] }: Rows): Float64Array =>
  Float64Array.from({ length: rows }, (_, row) => -energyScore(data.subarray(row * classes, (row + 1) * classes)));

interface Fitted {
  /** Unit features of the bank times their confidence [M, D]. */
  bank: Float32Array;
  size: number;
  classes: number;
  k: number;
}

function scorerOf({ bank, size, classes, k }: Fitted, blockSize: number): Scorer<'features' | 'logits'> {
  const where = 'nnGuide';
  const guard = inUse(where);
  const rowsOf = (from: number, count: number) => bank.subarray(from * size, (from + count) * size);
  const search = neighborSearch(where, rowsOf, new Float32Array(bank.length / size), size, blockSize);
  return {
    kind: KIND,
    needs: ['features', 'logits'],
    largestScore: undefined,
    async score(batch) {
      guard.check();
      const features = await readRows(where, 'features', batch, size);
      const logits = await readRows(where, 'logits', batch, classes);
      checkSameRows(features, logits);
      const rows = unitLength(features.data, size);
      const confidence = confidences(logits);
      const { places } = await search.best(rows, k);
      const scores = confidence.map((own, row) => {
        let sum = 0;
        for (let n = 0; n < k; n++) {
          const [x, b] = [row * size, places[row * k + n]! * size];
          for (let i = 0; i < size; i++) sum += rows[x + i]! * bank[b + i]!;
        }
        return -own * (sum / k);
      });
      return finiteScores(where, scores);
    },
    state: () => ({
      kind: KIND,
      options: { k, classes },
      tensors: { bank: { dtype: 'F32', shape: [bank.length / size, size], data: bank } },
    }),
    dispose() {
      guard.end();
      search.dispose();
    },
  };
}

function checkSameRows(features: Rows, logits: Rows): void {
  if (features.shape[0] === logits.shape[0]) return;
  throw new ArgumentError('nnGuide', 'logits', `${features.shape[0]} rows, as the features`, logits.shape[0]);
}

/**
 * Nearest-neighbor guidance: the energy of a row, weighed by how near it lies to confident training rows.
 *
 * s(x) = -e(x) * mean over the k bank rows b with the largest of (z_x . z_b) e(b) of that product, z features of length
 * 1 and e = logsumexp of the logits. Features [N, D], logits [N, C]; O(M D) a row by matrix products on the backend,
 * memory the bank [M, D]. A zero row has no direction and scores 0.
 *
 * Source: Park, Jung, Teoh, ICCV 2023, equations 2 to 4; the authors' k = 10 and 1 % of ImageNet as bank.
 *
 * @throws ArgumentError for an option out of range, fewer rows than k, or unequal numbers of rows; ShapeError,
 *   NotFiniteError naming the row
 * @example
 * const features = { data: Float32Array.of(1, 0), shape: [1, 2] } as const;
 * const block = { features, logits: { data: Float32Array.of(2, 0), shape: [1, 2] } } as const;
 * const scorer = await nnGuide({ k: 1 }).fit([block], {});
 * await scorer.score(block); // Float32Array [-4.5238228]
 */
export function nnGuide({ k = 10, bankSize = 12_000, seed = 1, blockSize = 512 }: NnGuideOptions = {}): ScorerMethod<
  'features' | 'logits',
  'features' | 'logits'
> {
  const where = 'nnGuide';
  checkOption(where, 'k', k, COUNT);
  checkOption(where, 'bankSize', bankSize, COUNT);
  checkOption(where, 'seed', seed, { expected: 'an integer', holds: Number.isSafeInteger });
  checkOption(where, 'blockSize', blockSize, COUNT);
  return {
    kind: KIND,
    needs: ['features', 'logits'],
    fitNeeds: ['features', 'logits'],
    async fit(blocks, { onProgress }) {
      let sample: ReturnType<typeof rowSample> | undefined;
      let [size, classes, seen] = [0, 0, 0];
      for await (const block of blocks) {
        const features = await readRows(where, 'features', block, sample && size);
        const logits = await readRows(where, 'logits', block, sample && classes);
        checkSameRows(features, logits);
        [size, classes] = [features.shape[1], logits.shape[1]];
        sample ??= rowSample(size, bankSize, seed);
        const scaled = unitLength(features.data, size);
        const confidence = confidences(logits);
        scaled.forEach((value, i) => (scaled[i] = value * confidence[Math.floor(i / size)]!));
        sample.add(scaled);
        seen += features.shape[0];
        onProgress?.(seen);
      }
      if (!sample || Math.min(seen, bankSize) < k) {
        throw new ArgumentError(where, 'blocks', `at least k = ${k} rows`, `${Math.min(seen, bankSize)} rows`);
      }
      return scorerOf({ bank: sample.rows(), size, classes, k }, blockSize);
    },
    restore(state) {
      const from = 'nnGuide.restore';
      checkKind(from, state, KIND, ['bank']);
      const { data, shape } = tensorOf(from, state, 'bank', 'F32', [undefined, undefined]);
      const within = {
        expected: `a whole number from 1 to ${shape[0]}`,
        holds: (v: number) => COUNT.holds(v) && v <= shape[0]!,
      };
      const saved = { k: savedOption(from, state, 'k', within), classes: savedOption(from, state, 'classes', COUNT) };
      return scorerOf({ bank: data, size: shape[1]!, ...saved }, blockSize);
    },
  };
}
