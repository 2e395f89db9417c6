import { BYTES, check } from '../core/check';
import type { ScorerState } from '../scorers/contract/scorer';
import { calibrationInfo, type CalibrationInfo } from './calibration/calibration-info';
import { decodeDetector, type DetectorState } from './detector-state';
import type { LogitMeaning } from './model/model-reader';
import { savedModel, type SavedModel } from './load-detector';

/** What becomes of the pixels of images, as far as a file says it. */
export type DescribedInput = NonNullable<SavedModel['input']>;

/** What is in the file of a detector: plain values, and its whole state. */
export interface DetectorDescription {
  /** Which scorer, such as `'mahalanobis'`. */
  readonly kind: string;
  /** Its options; of folds those of the first. */
  readonly options: ScorerState['options'];
  /** What calibrates, what it allows and promises, and what of the classes the fit did not see. */
  readonly calibration: CalibrationInfo;
  /** False-alarm rate of each cut-point; `default` is that of the fit. */
  readonly cutPoints: Readonly<Record<string, number>>;
  /** With it the rates hold for this detector; undefined: on average. */
  readonly confidence: number | undefined;
  readonly classNames: readonly string[] | undefined;
  /** How many features and logits the model gave. */
  readonly widths: DetectorState['widths'];
  readonly meaning: LogitMeaning;
  /** What it was fitted around: a model of tfjs, any function, or outputs of a model that it does not know. */
  readonly around: 'model' | 'function' | 'outputs';
  /** Layers or nodes that were named at the fit. */
  readonly names: Readonly<Pick<SavedModel, 'features' | 'logits' | 'output' | 'pool'>>;
  /** [H, W, C] of the images of the fit, or the shape of other rows. */
  readonly imageShape: readonly number[] | undefined;
  readonly input: DescribedInput | undefined;
  readonly byteLength: number;
  /** All of it: what `detectorToOnnx` and `joinOnnx` write of a detector. */
  readonly state: DetectorState;
}

/**
 * What the file of a detector holds, for which model, and what it promises; nothing is restored, no model is needed.
 *
 * @param bytes as `toBytes` or `save` wrote them
 * @throws FormatError where they are no detector
 * @example
 * const { kind, calibration, cutPoints, classNames } = describeDetector(detector.toBytes());
 * console.log(kind, cutPoints.default, classNames); // of which scorer, at which rate
 * calibration.canAlarm; // true
 */
export function describeDetector(bytes: Uint8Array): DetectorDescription {
  const where = 'describeDetector';
  check(where, 'bytes', bytes, BYTES);
  const state = decodeDetector(where, bytes);
  const saved = savedModel(where, state.about);
  const { features, logits, output, pool, imageShape, input } = saved;
  const { kind, options } = state.scorers[0]!;
  const judge = { calibrations: state.calibrations, confidence: state.confidence };
  return {
    kind,
    options,
    calibration: calibrationInfo(judge, state.cutPoints.default!, state),
    cutPoints: state.cutPoints,
    confidence: state.confidence,
    classNames: state.classNames,
    widths: state.widths,
    meaning: saved.meaning,
    around: saved.fingerprint ? 'model' : (saved.model ?? 'outputs'),
    names: { features, logits, output, pool },
    imageShape,
    input,
    byteLength: bytes.length,
    state,
  };
}
