import { allowedAlarms } from '../../thresholds/allowed-alarms';
import { cutSorted } from '../../thresholds/conformal-threshold';
import type { DetectorState } from '../../detector/detector-state';
import { ELEMENT } from '../protobuf/onnx-fields';
import { countBelow } from './count-below';
import type { OnnxGraph, Value } from './onnx-graph';

/** More than any float32, and no infinity. */
const BEYOND_FLOAT32 = 3.5e38;

/** What is said of each row [N], before it has a name. */
export interface VerdictValues {
  /** float32 */
  readonly score: Value;
  /** float64 */
  readonly pValue: Value;
  readonly isOod: Value;
}

/** What decides, of a detector. */
export type Deciding = Pick<DetectorState, 'method' | 'calibrations' | 'confidence' | 'cutPoints'>;

const meanOf = (g: OnnxGraph, scores: readonly Value[]): Value =>
  scores.length === 1
    ? scores[0]!
    : g.node('Div', [scores.reduce((sum, own) => g.node('Add', [sum, own])), g.scalar(scores.length)]);

/**
 * Score, p-value and alarm of the scores [N, 1] of each scorer.
 *
 * A row whose score is not finite, of which a detector throws, has the score and p-value NaN and is called OoD: what
 * cannot be judged is never let through as known.
 */
export function verdictOf(g: OnnxGraph, scores: readonly Value[], isFiniteInput: Value, by: Deciding): VerdictValues {
  const { calibrations, confidence, cutPoints } = by;
  const alpha = cutPoints.default!;
  const mean = meanOf(g, scores);
  const count = calibrations.reduce((sum, { length }) => sum + length, 0);
  const isCross = calibrations.length > 1;
  const below = calibrations
    .map((ascending, k) => countBelow(g, 'calibration', isCross ? scores[k]! : mean, ascending))
    .reduce((sum, own) => g.node('Add', [sum, own]));
  const atLeast = g.node('Sub', [g.scalar(count + 1), below]); // the row itself is one of them
  const pValue = g.node('Div', [atLeast, g.scalar(count + 1)]);
  const isAlarm = isCross
    ? g.node('Less', [atLeast, g.scalar(allowedAlarms(count, alpha) + 0.5)])
    : g.node('Less', [g.scalar(cutSorted(calibrations[0]!, alpha, confidence)), mean]);

  const isFinite = g.node('And', [isFiniteInput, g.node('Less', [g.node('Abs', [mean]), g.scalar(BEYOND_FLOAT32)])]);
  const column = g.ints([-1]);
  const finite = (value: Value) => g.node('Where', [isFinite, value, g.scalar(NaN)]);
  return {
    score: g.node('Reshape', [g.node('Cast', [finite(mean)], { to: ELEMENT.float }), column]),
    pValue: g.node('Reshape', [finite(pValue), column]),
    isOod: g.node('Reshape', [g.node('Or', [g.node('Not', [isFinite]), isAlarm]), column]),
  };
}
