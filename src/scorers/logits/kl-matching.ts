import { FormatError } from '../../core/errors';
import {
  CLASS_LABELS,
  COUNTS,
  readArrays,
  writeArrays,
  type NumbersRule,
  type SavedArrays,
} from '../../core/saved/saved-arrays';
import { onBackend } from '../../linalg/backend-choice';
import { rowProducts } from '../../linalg/row-products';
import { defineRowScorer } from '../contract/define-row-scorer';
import { indexOfLargest, logSoftmax } from '../contract/logit-scores';
import type { ScorerMethod } from '../contract/scorer';
import { countsOf } from '../partial/accumulator';
import { noOptions, type NoOptions } from './no-options';

const WHERE = 'klMatching';

/** Rows that go through the backend at once. */
const BLOCK_SIZE = 4096;

/** Of a smaller probability p log p changes no score. */
const NEGLIGIBLE = 1e-20;

/** log of the mean softmax of each class that was predicted. */
interface Templates {
  classes: Int32Array;
  /** [K, C] */
  logs: Float64Array;
  size: number;
}

/** Smallest KL(p || d_k) over the given k. */
function leastDivergence({ logs, size }: Templates, logP: Float64Array, candidates: Iterable<number>): number {
  const p = logP.map(Math.exp);
  const used = Array.from(p.keys()).filter((j) => p[j]! > NEGLIGIBLE);
  let least = Infinity;
  for (const k of candidates) {
    let divergence = 0;
    for (const j of used) divergence += p[j]! * (logP[j]! - logs[k * size + j]!);
    if (divergence < least) least = divergence;
  }
  return Math.max(0, least); // rounding can take it below
}

/** KL(p || d_k) is at most the largest -log of d_k, for every k. */
function largestDivergence({ classes, logs, size }: Templates): number {
  const bounds = Array.from(classes, (_, k) =>
    logs.subarray(k * size, (k + 1) * size).reduce((most, value) => Math.max(most, -value), 0),
  );
  return bounds.reduce((least, value) => Math.min(least, value));
}

/**
 * Which templates of a row can be the least. Of many classes the backend's p log d says so: all k that are as good as
 * the best within its rounding, 2 (C + 8) u max |log d| (Higham, section 3.1) of both, for p without its mean twice as
 * large.
 */
function candidatesBy({ classes, logs, size }: Templates) {
  const columns = Float64Array.from(
    logs,
    (_, i) => logs[(i % classes.length) * size + Math.floor(i / classes.length)]!,
  );
  const products = rowProducts(WHERE, columns, [size, classes.length], BLOCK_SIZE);
  const slack = 8 * (size + 8) * 2 ** -24 * logs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return {
    async of(logP: readonly Float64Array[]): Promise<(row: number) => Iterable<number>> {
      const all = Array.from(classes.keys());
      if (!onBackend(size * classes.length)) return () => all;
      const p = new Float32Array(logP.length * size);
      logP.forEach((row, i) => p.set(row.map(Math.exp), i * size));
      const crossed = await products.of(p);
      return (row) => {
        const own = crossed.subarray(row * classes.length, (row + 1) * classes.length);
        const best = own.reduce((most, value) => Math.max(most, value));
        return all.filter((k) => !(own[k]! < best - slack)); // so that a NaN of too large logits leaves all
      };
    },
    dispose: () => products.dispose(),
  };
}

/** log(exp(a) + exp(b)). */
const logAdd = (a: number, b: number): number => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));

/** The sum of softmaxes, as logarithms. */
interface LogSum {
  count: number;
  logs: Float64Array;
}

/** What is gathered of rows: sums by the class that was predicted. */
const SUMS = {
  classes: { dtype: 'I32', shape: ['K'], rule: CLASS_LABELS },
  counts: { dtype: 'F64', shape: ['K'], rule: COUNTS },
  logSums: { dtype: 'F64', shape: ['K', 'C'] },
} as const satisfies SavedArrays;

/** A template is a distribution: its probabilities sum to 1. */
const LOG_SHARES: NumbersRule = {
  expected: 'logarithms of shares that sum to 1 in each row',
  wrong(logs, [rows = 0, size = 0]) {
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += Math.exp(logs[row * size + j]!);
      if (!(Math.abs(sum - 1) < 1e-6)) return `a sum of ${sum} in row ${row}`;
    }
    return undefined;
  },
};

/**
 * Divergence from the typical softmax of any class (KL matching).
 *
 * s(x) = min over k of KL(p(x) || d_k), where d_k is the mean softmax of the fitted rows that the model predicts as
 * class k; so fitting needs no labels, and classes that are never predicted have no d_k. Fit on data that the model was
 * not trained on. Logits [N, C]; one pass with memory of C x C, O(C^2) a row: of more than 256 classes on the backend,
 * which finds the class, and the score is float64. The means are kept as logarithms: no d_k is 0.
 *
 * Measured on wasm: a fit grows as N^0.9 (1,000 to 16,000) and C^1.3 (50 to 800); scores grow as C^0.9 (50 to 800).
 *
 * Source: Hendrycks et al., Scaling Out-of-Distribution Detection for Real-World Settings, ICML 2022, section 4.
 *
 * @throws ArgumentError for fitting without rows, or for any option: it has none; ShapeError for another number of
 *   classes; NotFiniteError naming the row
 * @example
 * const scorer = await klMatching().fit([{ logits: { data: Float32Array.of(3, 0, 0, 3), shape: [2, 2] } }], {});
 * await scorer.score({ logits: { data: Float32Array.of(3, 0), shape: [1, 2] } }); // Float32Array [0]
 */
export function klMatching(options?: NoOptions): ScorerMethod<'logits', 'logits'> {
  return defineRowScorer(WHERE, noOptions(WHERE, options), {
    needs: ['logits'],
    fitNeeds: ['logits'],
    options: {},
    fitted: {
      classes: { dtype: 'I32', shape: ['K'], rule: CLASS_LABELS },
      logTemplates: { dtype: 'F64', shape: ['K', 'C'], rule: LOG_SHARES },
    },
    gather() {
      const sums = new Map<number, LogSum>();
      let size: number | undefined;
      const add = (top: number, { count, logs }: LogSum) => {
        const sum = sums.get(top) ?? { count: 0, logs: new Float64Array(logs.length).fill(-Infinity) };
        sum.count += count;
        logs.forEach((logP, j) => (sum.logs[j] = logAdd(sum.logs[j]!, logP)));
        sums.set(top, sum);
      };
      const ascending = () => [...sums].sort(([a], [b]) => a - b);
      const classesOf = (all: ReturnType<typeof ascending>) => Int32Array.from(all, ([label]) => label);
      return {
        add({ logits: { data, shape } }) {
          size = shape[1];
          for (let from = 0; from < data.length; from += size) {
            const logits = data.subarray(from, from + size);
            add(indexOfLargest(logits), { count: 1, logs: logSoftmax(logits) });
          }
        },
        merge(state, where, _, sizes) {
          const { classes, counts, logSums } = readArrays(where, state, SUMS, 'state', { ...sizes });
          const width = logSums.length / classes.length;
          const wrong = classes.find((label) => label >= width);
          if (wrong !== undefined) throw new FormatError(where, 'state.classes', `below ${width}`, wrong);
          classes.forEach((_, k) => {
            const sum = logSums.subarray(k * width, (k + 1) * width).reduce((all, log) => all + Math.exp(log), 0);
            if (Math.abs(sum - counts[k]!) <= 1e-6 * counts[k]!) return;
            throw new FormatError(where, 'state.logSums', `shares of ${counts[k]} rows`, sum);
          });
          size = width;
          classes.forEach((label, k) =>
            add(label, { count: counts[k]!, logs: logSums.subarray(k * width, (k + 1) * width) }),
          );
        },
        rowsIn: ({ counts }) => countsOf(counts),
        state() {
          const all = ascending();
          const counts = Float64Array.from(all, ([, { count }]) => count);
          const logSums = Float64Array.from(all.flatMap(([, { logs }]) => [...logs]));
          return writeArrays(SUMS, { classes: classesOf(all), counts, logSums });
        },
        finish() {
          const all = ascending();
          return {
            classes: classesOf(all),
            logTemplates: Float64Array.from(
              all.flatMap(([, { count, logs }]) => Array.from(logs, (value) => value - Math.log(count))),
            ),
          };
        },
      };
    },
    check: ({ classes, logTemplates }) => {
      const size = logTemplates.length / classes.length;
      const wrong = classes.find((label) => label >= size);
      const expected = `class indices below ${size}`;
      return wrong === undefined ? undefined : { what: 'tensors.classes', expected, received: wrong };
    },
    score({ classes, logTemplates: logs }, { sides }) {
      const size = sides.C!;
      const templates = { classes, logs, size };
      const candidates = candidatesBy(templates);
      const largest = largestDivergence(templates);
      return {
        largestScore: largest,
        async scoresOf({ count, logits: { data } }) {
          const logP = Array.from({ length: count }, (_, row) =>
            logSoftmax(data.subarray(row * size, (row + 1) * size)),
          );
          const candidatesOf = await candidates.of(logP);
          return logP.map((own, row) => Math.min(largest, leastDivergence(templates, own, candidatesOf(row))));
        },
        dispose: () => candidates.dispose(),
      };
    },
  });
}
