import { finiteScores } from './finite-scores';
import { inUse } from './in-use';
import type { LogitRow } from './logit-scores';
import { readRows } from './rows';
import type { Json, ReadyScorer, ScorerState } from './scorer';
import { checkKind } from './scorer-state';

/** What makes one scorer of logits another than the next. */
export interface LogitMethod {
  /** The public function's name, for errors. */
  where: string;
  kind: string;
  options: Readonly<Record<string, Json>>;
  scoreOf(logits: LogitRow): number;
  /** The same method with the options of a saved state. */
  saved(state: ScorerState): LogitMethod;
}

/** A scorer of logits that needs no fit, row by row in float64. */
export function readyLogitScorer(method: LogitMethod): ReadyScorer<'logits'> {
  const { where, kind, options, scoreOf } = method;
  const guard = inUse(where);
  return {
    kind,
    needs: ['logits'],
    fitNeeds: [],
    async score(batch) {
      guard.check();
      const { data, shape } = await readRows(where, 'logits', batch);
      const [rows, classes] = shape;
      const scores = new Float64Array(rows);
      for (let row = 0; row < rows; row++) scores[row] = scoreOf(data.subarray(row * classes, (row + 1) * classes));
      return finiteScores(where, scores);
    },
    state: () => ({ kind, options, tensors: {} }),
    dispose: () => guard.end(),
    fit: () => Promise.resolve(readyLogitScorer(method)),
    restore(state) {
      checkKind(`${where}.restore`, state, kind);
      return readyLogitScorer(method.saved(state));
    },
  };
}
