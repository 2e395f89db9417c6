import type { Fitted, RowScorer } from '../contract/define-row-scorer';
import type { LogitRow } from '../contract/logit-scores';
import type { Head } from '../contract/scorer';
import { headLogits } from './head-logits';

/** How features are changed before the head sees them. */
export interface Shaping {
  /** Changes one row [D] in place; what it returns multiplies the row's product with the weights. */
  shape(row: Float32Array, index: number): number;
  scoreOf(logits: LogitRow): number;
  largestScore?: number | undefined;
}

/** Scores by the logits of changed features. */
export function shapedRows(where: string, head: Head, blockSize: number, shaping: Shaping) {
  const [size, classes] = head.shape;
  const logits = headLogits(where, head, blockSize);
  return {
    largestScore: shaping.largestScore,
    dispose: () => logits.dispose(),
    async scoresOf({ features: { data, shape } }) {
      const shaped = data.slice();
      const scales = Float64Array.from({ length: shape[0] }, (_, row) =>
        shaping.shape(shaped.subarray(row * size, (row + 1) * size), row),
      );
      const all = await logits.of(shaped, scales);
      return scales.map((_, row) => shaping.scoreOf(all.subarray(row * classes, (row + 1) * classes)));
    },
  } satisfies RowScorer<Fitted, object, object>;
}
