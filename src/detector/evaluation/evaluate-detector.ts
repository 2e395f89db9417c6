import { ANYTHING, SHARE, SIGNAL, type Rule } from '../../core/check';
import { pauses } from '../../core/pauses';
import { readOptions } from '../../core/read-options';
import { isRecord } from '../../core/saved/json';
import { allowedAlarms } from '../../thresholds/allowed-alarms';
import { cutSorted } from '../../thresholds/conformal-threshold';
import { rateOf } from '../calibration/cut-point-rates';
import { countOf, isCross } from '../calibration/judge';
import type { DetectorState } from '../detector-state';
import type { PredictOptions } from '../judged-detector';
import type { DetectorEvaluation, DetectorEvaluationOptions, EvaluatedRows } from './detector-evaluation';
import { evaluateSets } from './evaluate-sets';
import type { EvaluatedVerdict } from './set-verdicts';

/** What goes into a detector. */
export type EvaluatedKind = 'images' | 'inputs' | 'outputs';

/** A detector of one kind. */
export interface PredictsRows {
  readonly state: DetectorState;
  predict(rows: never, options?: PredictOptions): Promise<readonly EvaluatedVerdict[]>;
}

/** Rows as `predict` takes them, and the labels beside them. */
function withoutLabels(kind: EvaluatedKind, block: unknown): { rows: unknown; labels: unknown } {
  if (!isRecord(block)) return { rows: block, labels: undefined };
  const { labels, ...rest } = block;
  if (kind === 'outputs') return { rows: labels === undefined ? block : rest, labels };
  if (block.inputs !== undefined) return { rows: { inputs: block.inputs }, labels };
  // As at the fit: { images, labels }, or numbers with a shape and labels beside it.
  const isShaped = 'shape' in block || 'dims' in block;
  return { rows: isShaped || !('images' in block) ? block : block.images, labels };
}

/** The cut-points with the one that was asked for, and its name. */
function withAsked(where: string, own: DetectorState['cutPoints'], asked: string | number) {
  const alpha = rateOf(where, own, asked);
  if (typeof asked === 'string') return { cutPoints: own, cutPoint: asked };
  const same = Object.keys(own).find((name) => own[name] === alpha);
  const cutPoint = same ?? (Object.hasOwn(own, `${alpha}`) ? `rate ${alpha}` : `${alpha}`);
  return { cutPoints: { ...own, [cutPoint]: alpha }, cutPoint };
}

const indicesBelow = (count: number): Rule => ({
  expected: `class indices from 0 to ${count - 1}, as the model has ${count} classes (leave OoD rows out)`,
  holds: (label) => label < count,
});

const OPTIONS = { cutPoint: [ANYTHING, 'default'], confidence: [SHARE, 0.95], signal: [SIGNAL] } as const;

/** What {@link evaluateSets} says of a detector, by the decisions of its `predict`. */
export async function evaluateDetector(
  where: string,
  kind: EvaluatedKind,
  { state, predict }: PredictsRows,
  given: EvaluatedRows<unknown, unknown>,
  options: DetectorEvaluationOptions | undefined,
): Promise<DetectorEvaluation> {
  const {
    cutPoint: asked,
    confidence,
    signal,
  } = readOptions<DetectorEvaluationOptions, typeof OPTIONS>(where, options, OPTIONS);
  const { calibrations, classNames } = state;
  const [all] = calibrations;
  const classCount = classNames?.length ?? state.widths.logits;
  const folds = isCross({ calibrations });
  const count = countOf({ calibrations });
  const cutAt = (alpha: number) => cutSorted(all!, alpha, state.confidence);
  const named = withAsked(where, state.cutPoints, asked);
  return evaluateSets(
    {
      where,
      noun: kind === 'inputs' ? 'rows' : 'images',
      ...named,
      confidence,
      pause: pauses(signal),
      promised: { count, folds: calibrations.length, confidence: state.confidence, isHeldOut: !folds },
      classNames,
      classes: classCount === undefined ? undefined : indicesBelow(classCount),
      split: (block) => withoutLabels(kind, block) as { rows: never; labels: unknown },
      predict: (rows) => predict(rows, { cutPoint: asked, ...(signal && { signal }) }),
      // As `predict` decides: by the threshold, or of folds by the p-value, whose count of rows is whole.
      isOodAt(alpha) {
        if (!folds) {
          const cut = cutAt(alpha);
          return ({ score }) => score > cut;
        }
        const allowed = allowedAlarms(count, alpha);
        return ({ pValue }) => Math.round(pValue * (count + 1)) <= allowed;
      },
      thresholdAt: (alpha) => (folds ? undefined : cutAt(alpha)),
    },
    given,
  );
}
