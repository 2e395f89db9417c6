import { finiteScores } from './finite-scores';
import { inUse } from './in-use';
import { readRows, type Rows } from './rows';
import type { Scorer, ScorerState } from './scorer';

/** What makes one scorer of features another than the next. */
export interface FeatureScorer {
  /** The public function's name, for errors. */
  where: string;
  /** D */
  size: number;
  scoresOf(rows: Rows): Promise<ArrayLike<number>>;
  state: ScorerState;
  dispose(): void;
}

/** A fitted scorer of features [N, D] with its checks. */
export function featureScorer({ where, size, scoresOf, state, dispose }: FeatureScorer): Scorer<'features'> {
  const guard = inUse(where);
  return {
    kind: state.kind,
    needs: ['features'],
    async score(batch) {
      guard.check();
      const rows = await readRows(where, 'features', batch, size);
      return finiteScores(where, rows.shape[0] === 0 ? [] : await scoresOf(rows));
    },
    state: () => state,
    dispose() {
      guard.end();
      dispose();
    },
  };
}
