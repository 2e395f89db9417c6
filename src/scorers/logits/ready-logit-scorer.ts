import { finiteScores } from '../contract/finite-scores';
import { inUse } from '../contract/in-use';
import type { LogitRow } from '../contract/logit-scores';
import { COUNT } from '../../core/check';
import { readRows } from '../contract/rows';
import type { Blocks, ModelOutputs, ReadyScorer, ScorerState } from '../contract/scorer';
import { checkKind, savedOption } from '../contract/scorer-state';
import type { Json } from '../../core/json';

/** What makes one scorer of logits another than the next. */
export interface LogitMethod {
  /** The public function's name, for errors. */
  where: string;
  kind: string;
  options: Readonly<Record<string, Json>>;
  takesTags?: 'first';
  scoreOf(logits: LogitRow): number;
  /** What no score of C logits exceeds but by rounding; left out where there is no such bound. */
  largestOf?(classes: number): number;
  /** The same method with the options of a saved state. */
  saved(state: ScorerState): LogitMethod;
}

/** Of a sum over very many classes, relative. */
const ROUNDING = 1e-12;

/** C of the first block that has logits; the others are not asked for. */
async function classesIn(where: string, blocks: Blocks<never>): Promise<number | undefined> {
  for await (const block of blocks) {
    const { logits } = block as Partial<Pick<ModelOutputs, 'logits'>>;
    if (logits !== undefined) return (await readRows(where, 'logits', { logits })).shape[1];
  }
  return undefined;
}

/**
 * A scorer of logits that needs no fit, row by row in float64. One that was fitted knows how many `classes` there are,
 * if it was shown logits: then it takes no other number, and has its largest score.
 */
export function readyLogitScorer(method: LogitMethod, classes?: number): ReadyScorer<'logits'> {
  const { where, kind, options, takesTags, scoreOf } = method;
  const largest = classes === undefined ? undefined : method.largestOf?.(classes);
  const guard = inUse(where);
  return {
    kind,
    needs: ['logits'],
    fitNeeds: [],
    ...(takesTags && { takesTags }),
    largestScore: largest && Math.fround(largest),
    async score(batch) {
      guard.check();
      const { data, shape } = await readRows(where, 'logits', batch, classes);
      const [rows, width] = shape;
      const scores = new Float64Array(rows);
      for (let row = 0; row < rows; row++) {
        const score = scoreOf(data.subarray(row * width, (row + 1) * width));
        // Rounding alone can keep it from the end, or take it beyond.
        scores[row] = largest !== undefined && score > largest * (1 - ROUNDING) ? largest : score;
      }
      return finiteScores(where, scores);
    },
    state: () => ({ kind, options: { ...options, ...(classes !== undefined && { classes }) }, tensors: {} }),
    dispose: () => guard.end(),
    fit: async (blocks) => readyLogitScorer(method, await classesIn(where, blocks)),
    restore(state) {
      const from = `${where}.restore`;
      checkKind(from, state, kind);
      const known = state.options.classes !== undefined;
      return readyLogitScorer(method.saved(state), known ? savedOption(from, state, 'classes', COUNT) : undefined);
    },
  };
}
