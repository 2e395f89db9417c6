import { COUNT, oneOf, SHARE } from '../../core/check';
import { HEAD, headOf } from '../contract/checked-head';
import { defineScorer } from '../contract/define-scorer';
import { energyScore } from '../contract/logit-scores';
import type { ScorerMethod } from '../contract/scorer';
import { keepLargest, keptCount, sharpening, sumOf } from './largest-features';
import { shapedRows } from './shaped-rows';

const VARIANTS = ['s', 'b', 'p'] as const;
type Variant = (typeof VARIANTS)[number];

/** The authors' choices for ImageNet. */
const PERCENTILES = { s: 0.9, b: 0.65, p: 0.6 } as const;

/** Options of {@link ash}. */
export interface AshOptions {
  /** `'s'` (default) scales what is kept, `'b'` makes it one value, `'p'` leaves it. */
  variant?: Variant;
  /** Share of the features of each row that is set to 0; default 0.9 for s, 0.65 for b, 0.6 for p. */
  percentile?: number;
  /** Rows that go through the backend at once, default 4096. */
  blockSize?: number;
}

/** Changes one row in place; returns the factor of its product with the weights. */
function shapeRow(row: Float32Array, index: number, variant: Variant, kept: number): number {
  const all = sumOf(row);
  keepLargest(row, kept);
  if (variant === 's') return sharpening('ash', index, all, sumOf(row));
  if (variant === 'b') {
    const left = row.reduce((count, value) => count + Number(value !== 0), 0);
    row.forEach((value, i) => (row[i] = value === 0 ? 0 : all / left));
  }
  return 1;
}

/**
 * Activation shaping (ASH): most features are removed, then the head's energy scores.
 *
 * Of each row the k = D - round(percentile D) largest features are kept (of equal ones the first), the others set to 0.
 * Then P: nothing; B: those kept that are not 0 become sum before / their number; S: all are multiplied by exp(sum
 * before / sum after). s(x) = -log(sum over c of exp(logit_c)) of the changed features; the paper's confidence is -s.
 * Needs no data, only the head. Features [N, D], O(D log D + D C) a row. Made for activations of a ReLU; negative
 * features are pruned first.
 *
 * Measured on wasm: scores grow as D^0.9 (256 to 1,024) and C^0.1 (10 to 90).
 *
 * Source: Djurisic et al., ICLR 2023, algorithms 1 to 3.
 *
 * @throws ArgumentError for a percentile outside (0, 1), a missing head; in scoring with S, naming the row, where what
 *   is kept has no sum above 0 (negative features); NotFiniteError where exp leaves float32 (k of a few and hundreds of
 *   equal features)
 * @example
 * const head = { weights: Float32Array.of(1, 0, 0, 1), bias: Float32Array.of(0, 0), shape: [2, 2] } as const;
 * const scorer = await ash({ variant: 'p', percentile: 0.5 }).fit([], { head });
 * await scorer.score({ features: { data: Float32Array.of(3, 1), shape: [1, 2] } }); // Float32Array [-3.0485873]
 */
export function ash(options?: AshOptions): ScorerMethod<'features', 'head'> {
  return defineScorer('ash', options, {
    needs: ['features'],
    fitNeeds: ['head'],
    options: {
      variant: [oneOf(...VARIANTS), 's'],
      percentile: [SHARE, PERCENTILES[options?.variant ?? 's']],
      blockSize: [COUNT, 4096],
    },
    saved: ['variant', 'percentile'],
    fitted: HEAD,
    fit: (_, { head }) => head,
    score(head, { options: { variant, percentile, blockSize }, sides }) {
      const kept = keptCount(sides.D!, percentile);
      return shapedRows('ash', headOf(head), blockSize, {
        shape: (row, index) => shapeRow(row, index, variant, kept),
        scoreOf: (logits) => energyScore(logits),
      });
    },
  });
}
