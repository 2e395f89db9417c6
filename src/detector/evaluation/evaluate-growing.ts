import { SHARE, SIGNAL } from '../../core/check';
import { pauses } from '../../core/pauses';
import { readOptions } from '../../core/read-options';
import { isRecord } from '../../core/saved/json';
import type { GrowingEvaluationOptions, GrowingFeatures } from '../growing/growing-calls';
import type { GrowingDetector } from '../growing/growing-detector';
import { shownLabel } from '../growing/growing-labels';
import type { DetectorEvaluation, EvaluatedRows } from './detector-evaluation';
import { evaluateSets } from './evaluate-sets';

/** Features of one or more rows, and the labels beside them. */
function splitFeatures(block: unknown): { rows: GrowingFeatures; labels: unknown } {
  if (!isRecord(block) || !('features' in block)) return { rows: block as GrowingFeatures, labels: undefined };
  return { rows: block.features as GrowingFeatures, labels: block.labels };
}

/** What {@link evaluateSets} says of a growing detector as it is now, by its own verdicts. */
export async function evaluateGrowing(
  own: number,
  detector: Pick<GrowingDetector, 'calibration' | 'counts' | 'predict'>,
  given: EvaluatedRows<unknown, unknown>,
  options: GrowingEvaluationOptions | undefined,
): Promise<DetectorEvaluation> {
  const where = 'growingDetector.evaluate';
  const { alpha, confidence, signal } = readOptions(where, options, {
    alpha: [SHARE, own],
    confidence: [SHARE, 0.95],
    signal: [SIGNAL],
  });
  const counts = detector.counts();
  const names = [...counts.keys()].filter((label) => typeof label === 'string');
  return evaluateSets<GrowingFeatures>(
    {
      where,
      noun: 'images',
      cutPoints: { default: alpha },
      cutPoint: 'default',
      confidence,
      pause: pauses(signal),
      promised: { count: detector.calibration.count, folds: 1, confidence: undefined, isHeldOut: false },
      classNames: names.length > 0 ? names : undefined,
      classes: {
        expected: `labels of the detector (${[...counts.keys()].map(shownLabel).join(', ')})`,
        holds: (label) => (names.length > 0 ? label < names.length : counts.has(label)),
      },
      split: splitFeatures,
      predict: (rows) => detector.predict(rows, { alpha, ...(signal && { signal }) }),
      isOodAt:
        () =>
        ({ isOod }) =>
          isOod, // there is one cut-point
      thresholdAt: () => undefined,
    },
    given,
  );
}
