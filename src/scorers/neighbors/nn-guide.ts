import { COUNT, INTEGER } from '../../core/check';
import { firstWrong, readArrays, writeArrays, type SavedArrays } from '../../core/saved/saved-arrays';
import { unitLength } from '../../linalg/unit-length';
import { defineRowScorer } from '../contract/define-row-scorer';
import { energyScore } from '../contract/logit-scores';
import type { Rows } from '../contract/rows';
import type { ScorerMethod } from '../contract/scorer';
import { gatheredSample } from './gathered-sample';
import { tooFewRows } from './neighbor-bank';
import { neighborSearch } from './neighbor-search';

const WHERE = 'nnGuide';

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

/** C among what is gathered. */
const CLASSES = {
  classes: { dtype: 'I32', shape: [1], rule: { expected: 'from 1', wrong: /* @__PURE__ */ firstWrong((c) => c >= 1) } },
} as const satisfies SavedArrays;

interface Bank {
  bank: Float32Array;
  classes: number;
  sizes: { D: number };
}

/** Unit features times their confidence. */
function guides({ features, logits }: Record<'features' | 'logits', Rows>): Rows {
  const size = features.shape[1];
  const data = unitLength(features.data, size);
  const confidence = confidences(logits);
  data.forEach((value, i) => (data[i] = value * confidence[Math.floor(i / size)]!));
  return { data, shape: features.shape };
}

/** logsumexp of each row of logits: the confidence that guides. */
const confidences = ({ data, shape: [rows, classes] }: Rows): Float64Array =>
  Float64Array.from({ length: rows }, (_, row) => -energyScore(data.subarray(row * classes, (row + 1) * classes)));

/**
 * Nearest-neighbor guidance: the energy of a row, weighed by how near it lies to confident training rows.
 *
 * s(x) = -e(x) * mean over the k bank rows b with the largest of (z_x . z_b) e(b) of that product, z features of length
 * 1 and e = logsumexp of the logits. Features [N, D], logits [N, C]; O(M D) a row by matrix products on the backend,
 * memory the bank [M, D]. A zero row has no direction and scores 0.
 *
 * Measured on wasm: a fit grows as N^1.2 (2,000 to 8,000) and D^1.0 (256 to 1,024); scores grow as M^0.8 (4,000 to
 * 16,000) and D^0.7 (256 to 1,024).
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
export function nnGuide(options?: NnGuideOptions): ScorerMethod<'features' | 'logits', 'features' | 'logits'> {
  return defineRowScorer(WHERE, options, {
    needs: ['features', 'logits'],
    fitNeeds: ['features', 'logits'],
    options: { k: [COUNT, 10], bankSize: [COUNT, 12_000], seed: [INTEGER, 1], blockSize: [COUNT, 512] },
    saved: ['k'],
    fitted: {
      /** Unit features of the bank times their confidence. */
      bank: { dtype: 'F32', shape: ['M', 'D'] },
      classes: [COUNT],
    },
    byId: true,
    gather(_, how) {
      let classes = 0;
      const bank = gatheredSample<'features' | 'logits', Bank>(WHERE, how, guides, (rows, size) => ({
        bank: rows,
        classes,
        sizes: { D: size },
      }));
      return {
        ...bank,
        add(rows, pause, block) {
          classes = rows.logits.shape[1];
          return bank.add(rows, pause, block);
        },
        merge(state, from) {
          classes = readArrays(from, state, CLASSES, 'state').classes[0]!;
        },
        state: () => writeArrays(CLASSES, { classes: Int32Array.of(classes) }),
      };
    },
    check: (fitted, options, { D }) => tooFewRows(fitted, options, D!),
    score({ bank, classes }, { options: { k, blockSize }, sides }) {
      const size = sides.D!;
      const rowsOf = (from: number, count: number) => bank.subarray(from * size, (from + count) * size);
      const search = neighborSearch(WHERE, rowsOf, new Float32Array(sides.M!), size, blockSize);
      return {
        widths: { logits: classes },
        async scoresOf({ features, logits }) {
          const rows = unitLength(features.data, size);
          const { places } = await search.best(rows, k);
          return confidences(logits).map((own, row) => {
            let sum = 0;
            for (let n = 0; n < k; n++) {
              const [x, b] = [row * size, places[row * k + n]! * size];
              for (let i = 0; i < size; i++) sum += rows[x + i]! * bank[b + i]!;
            }
            return -own * (sum / k);
          });
        },
        dispose: () => search.dispose(),
      };
    },
  });
}
