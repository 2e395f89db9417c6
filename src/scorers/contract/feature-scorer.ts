import { ShapeError } from '../../core/errors';
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
  largestScore: number | undefined;
  scoresOf(rows: Rows): Promise<ArrayLike<number>>;
  /** A new scorer that knows these rows too; see {@link Scorer.takeIn}. */
  takeIn?: ((rows: Rows, labels: ArrayLike<number>) => Promise<Scorer<'features'>>) | undefined;
  state: ScorerState;
  dispose(): void;
}

/** A fitted scorer of features [N, D] with its checks. */
export function featureScorer(own: FeatureScorer): Scorer<'features'> {
  const { where, size, largestScore, scoresOf, takeIn, state, dispose } = own;
  const guard = inUse(where);
  const end = () => {
    guard.end();
    dispose();
  };
  return {
    kind: state.kind,
    needs: ['features'],
    largestScore,
    async score(batch) {
      guard.check();
      const rows = await readRows(where, 'features', batch, size);
      return finiteScores(where, rows.shape[0] === 0 ? [] : await scoresOf(rows));
    },
    ...(takeIn && {
      async takeIn(block) {
        guard.check();
        const rows = await readRows(where, 'features', block, size);
        const { labels } = block;
        if (labels?.length !== rows.shape[0]) {
          const expected = `${rows.shape[0]} labels, one for each row`;
          throw new ShapeError(where, 'labels', expected, labels?.length ?? 'none');
        }
        const next = await takeIn(rows, labels);
        end();
        return next;
      },
    }),
    state: () => state,
    dispose: end,
  };
}
