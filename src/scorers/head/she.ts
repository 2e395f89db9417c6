import { COUNT } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import type { NamedArray } from '../../core/saved/safetensors';
import { firstWrong, readArrays, writeArrays, type NumbersRule, type SavedArrays } from '../../core/saved/saved-arrays';
import { HEAD, headOf } from '../contract/checked-head';
import { defineScorer } from '../contract/define-scorer';
import { indexOfLargest } from '../contract/logit-scores';
import type { ScorerMethod } from '../contract/scorer';
import { countsOf, type StateArrays } from '../partial/accumulator';
import { headLogits } from './head-logits';

/** Options of {@link she}. */
export interface SheOptions {
  /** Rows that go through the backend at once, default 4096. */
  blockSize?: number;
}

/** The predicted class of each row [N] from logits [N, C]. */
const predictions = (logits: Float64Array, classes: number): Int32Array =>
  Int32Array.from({ length: logits.length / classes }, (_, row) =>
    indexOfLargest(logits.subarray(row * classes, (row + 1) * classes)),
  );

/** Stored patterns [K, D] of the classes that were fitted. */
interface Stored {
  /** [K], ascending. */
  classes: Int32Array;
  patterns: Float64Array;
}

const NUMBERS: NumbersRule = {
  expected: 'whole numbers from 0',
  wrong: /* @__PURE__ */ firstWrong((count) => Number.isSafeInteger(count) && count >= 0),
};
/** What is gathered of rows. */
const SUMS = {
  sums: { dtype: 'F64', shape: ['C', 'D'] },
  rows: { dtype: 'F64', shape: ['C'], rule: NUMBERS },
  counts: { dtype: 'F64', shape: ['C'], rule: NUMBERS },
} as const satisfies SavedArrays;

/** Mean features of the rows that the head classifies rightly [C, D]. */
class Patterns {
  readonly #sums: Float64Array;
  /** Rows of each class, and those of them that are classified rightly. */
  readonly #rows: Float64Array;
  readonly #counts: Float64Array;
  constructor(
    readonly size: number,
    classes: number,
  ) {
    this.#sums = new Float64Array(classes * size);
    this.#rows = new Float64Array(classes);
    this.#counts = new Float64Array(classes);
  }

  add(data: Float32Array, labels: Int32Array, predicted: Int32Array): void {
    labels.forEach((label, row) => {
      this.#rows[label]!++;
      if (predicted[row] !== label) return;
      this.#counts[label]!++;
      for (let i = 0; i < this.size; i++) this.#sums[label * this.size + i]! += data[row * this.size + i]!;
    });
  }

  merge(where: string, state: StateArrays): void {
    const sizes = { C: this.#rows.length, D: this.size };
    const { sums, rows, counts } = readArrays(where, state, SUMS, 'state', sizes);
    const wrong = counts.findIndex((count, label) => count > rows[label]!);
    if (wrong >= 0) throw new FormatError(where, 'state.counts', `at most the rows of the class`, counts[wrong]);
    sums.forEach((value, i) => (this.#sums[i]! += value));
    rows.forEach((value, label) => (this.#rows[label]! += value));
    counts.forEach((value, label) => (this.#counts[label]! += value));
  }

  state(): Record<string, NamedArray> {
    const [sums, rows, counts] = [this.#sums.slice(), this.#rows.slice(), this.#counts.slice()];
    return writeArrays(SUMS, { sums, rows, counts }, { D: this.size });
  }

  means(): Stored {
    const classes = Int32Array.from(this.#rows.keys()).filter((label) => this.#rows[label]! > 0);
    const bare = classes.find((label) => this.#counts[label] === 0);
    if (bare !== undefined || classes.length === 0) {
      const received = bare === undefined ? 'no row' : `none of class ${bare}, which has ${this.#rows[bare]}`;
      throw new ArgumentError('she', 'blocks', 'at least one rightly classified row of each class', received);
    }
    const patterns = new Float64Array(classes.length * this.size);
    classes.forEach((label, at) => {
      for (let i = 0; i < this.size; i++) {
        patterns[at * this.size + i] = this.#sums[label * this.size + i]! / this.#counts[label]!;
      }
    });
    return { classes, patterns };
  }
}

/**
 * Simplified Hopfield energy (SHE): agreement with the stored pattern of the predicted class.
 *
 * s(x) = -<x, m_f(x)>: f(x) is the class that the head predicts, m_c the mean feature of the training rows of class c
 * that it predicts rightly; the paper's confidence is -s. A class without any training row has no m_c: f(x) is the
 * likeliest of the others. Features [N, D], labels from 0; one pass with memory of C x D, O(D C) a row. The state holds
 * head and patterns.
 *
 * Measured on wasm: a fit grows as N^1.0 (2,000 to 8,000) and D^0.9 (256 to 1,024); scores grow as D^0.6 (256 to 1,024)
 * and C^0.6 (10 to 90).
 *
 * Source: Zhang et al., Out-of-Distribution Detection based on In-Distribution Data Patterns Memorization with Modern
 * Hopfield Energy, ICLR 2023, equation 7.
 *
 * @throws ArgumentError for a class whose rows are all classified wrongly, no rows, a label outside the head's classes
 *   (also < 0), a missing head; ShapeError where the features do not fit the head
 * @example
 * const head = { weights: Float32Array.of(1, 0, 0, 1), bias: Float32Array.of(0, 0), shape: [2, 2] } as const;
 * const blocks = [{ features: { data: Float32Array.of(2, 0, 0, 3), shape: [2, 2] as const }, labels: [0, 1] }];
 * const scorer = await she().fit(blocks, { head });
 * await scorer.score({ features: { data: Float32Array.of(4, 1), shape: [1, 2] } }); // Float32Array [-8]
 */
export function she(options?: SheOptions): ScorerMethod<'features', 'features' | 'labels' | 'head'> {
  return defineScorer('she', options, {
    needs: ['features'],
    fitNeeds: ['features', 'labels', 'head'],
    options: { blockSize: [COUNT, 4096] },
    fitted: {
      ...HEAD,
      classes: { dtype: 'I32', shape: ['K'] },
      patterns: { dtype: 'F64', shape: ['K', 'D'] },
    },
    gather({ head }, { blockSize }) {
      const [size, classes] = head.shape;
      const patterns = new Patterns(size, classes);
      return {
        async add({ features: { data }, labels }) {
          const logits = headLogits('she', head, blockSize);
          const all = await logits.of(data).finally(() => logits.dispose());
          patterns.add(data, labels, predictions(all, classes));
        },
        merge: (state, where) => patterns.merge(where, state),
        rowsIn: ({ rows }) => countsOf(rows),
        state: () => patterns.state(),
        finish: () => ({ ...head, ...patterns.means() }),
      };
    },
    check({ classes, bias }) {
      const wrong = classes.find((label, at) => !(label > (classes[at - 1] ?? -1) && label < bias.length));
      const expected = `ascending class indices below ${bias.length}`;
      return wrong === undefined ? undefined : { what: 'tensors.classes', expected, received: wrong };
    },
    score({ classes: stored, patterns, ...arrays }, { options: { blockSize } }) {
      const head = headOf(arrays);
      const [size, classes] = head.shape;
      const logits = headLogits('she', head, blockSize);
      return {
        async scoresOf({ features: { data, shape } }) {
          const all = await logits.of(data);
          return Float64Array.from({ length: shape[0] }, (_, row) => {
            const label = indexOfLargest(Float64Array.from(stored, (c) => all[row * classes + c]!)); // its place
            let product = 0;
            for (let i = 0; i < size; i++) product += data[row * size + i]! * patterns[label * size + i]!;
            return 0 - product;
          });
        },
        dispose: () => logits.dispose(),
      };
    },
  });
}
