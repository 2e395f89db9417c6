import { headTensors } from '../contract/checked-head';
import { featureScorer } from '../contract/feature-scorer';
import { headLogits } from './head-logits';
import type { LogitRow } from '../contract/logit-scores';
import type { Json } from '../../core/json';
import type { Head, Scorer } from '../contract/scorer';

/** How features are changed before the head sees them. */
export interface Shaping {
  where: string;
  kind: string;
  options: Readonly<Record<string, Json>>;
  head: Head;
  blockSize: number;
  /** Changes one row [D] in place; what it returns multiplies the row's product with the weights. */
  shape(row: Float32Array, index: number): number;
  scoreOf(logits: LogitRow): number;
  largestScore: number | undefined;
}

/** Scores by the logits of changed features. */
export function shapedScorer(shaping: Shaping): Scorer<'features'> {
  const { where, kind, options, head, blockSize, shape, scoreOf, largestScore } = shaping;
  const [size, classes] = head.shape;
  const logits = headLogits(where, head, blockSize);
  return featureScorer({
    where,
    size,
    state: { kind, options, tensors: headTensors(head) },
    largestScore,
    dispose: () => logits.dispose(),
    async scoresOf({ data, shape: [count] }) {
      const shaped = data.slice();
      const scales = new Float64Array(count);
      scales.forEach((_, row) => {
        scales[row] = shape(shaped.subarray(row * size, (row + 1) * size), row);
      });
      const all = await logits.of(shaped, scales);
      return scales.map((_, row) => scoreOf(all.subarray(row * classes, (row + 1) * classes)));
    },
  });
}
