import { ANYTHING, check, FUNCTION, SHARE } from '../core/check';
import { ArgumentError } from '../core/errors';
import { readOptions } from '../core/read-options';
import type { Batch, LogitMeaning, ModelOutputs, ModelParts, Scorer } from '../scorers/contract/scorer';
import { decideWith } from '../thresholds/decide';
import { OUTPUTS, outputSource, type LabeledOutputs } from './output-source';
import { checkAlarm } from './check-alarm';
import { encodeDetector, type DetectorState } from './detector-state';
import { DETECTOR_OPTIONS, type DetectorOptions } from './detector-options';
import { checkGivenOutputs, readOutputs, type GivenOutputs } from './given-outputs';
import { checkStreamed, isStream, sourcesOf } from './known/block-stream';
import { fitKnown, type FittedDetector } from './known/fit-known';
import { MEANING, meaningFor, predictedLabels, savedMeaning, type ClassLabel } from './logit-meaning';
import type { CalibrationInfo } from './rare-classes';

/** Options of {@link fitOutputDetector}. */
export interface OutputDetectorOptions extends DetectorOptions, Partial<ModelParts> {
  /**
   * What a row of the logits says: `'classes'`, one of C (default), or `'tags'`, a yes or no for each of C by itself,
   * as sigmoids give; `jointEnergy()` takes them for tags unasked.
   */
  meaning?: LogitMeaning;
}

/**
 * What a detector says of one image. Its label is one class; where the model gives tags, ask for those as
 * `fitDetector<TagLabels>(...)`.
 */
export interface Verdict<Label = ClassLabel> {
  /**
   * Name of the predicted class, or its index; undefined where there are no logits. Of tags a list: the names, or
   * indices as text, of those with a logit above 0.
   */
  label: Label;
  /** Higher = more out of distribution. */
  score: number;
  /** Share of known images that look at least as strange. */
  pValue: number;
  isOod: boolean;
  /** `score > threshold` is OoD at the cut-point that was asked for. */
  threshold: number;
}

/** Options of a prediction. */
export interface PredictOptions {
  /** Name of a cut-point, or a false-alarm rate; by default that of the fit. */
  cutPoint?: string | number;
}

/** A fitted scorer with its calibration: outputs of a model in, verdicts out. */
export interface OutputDetector<Label = ClassLabel> {
  readonly scorer: Scorer;
  readonly state: DetectorState;
  /** How many images calibrate, and what of their classes the fit did not see. */
  readonly calibration: CalibrationInfo;
  /**
   * @param outputs what the scorer needs, [N, ...]; with `logits` each verdict has a label
   * @throws ArgumentError for an unknown cut-point, or one at which this scorer could never call anything OoD;
   *   ShapeError for another number of classes or features than at the fit, or unequal numbers of rows; NotFiniteError
   *   naming the row
   */
  predict(
    outputs: GivenOutputs & Partial<Pick<ModelOutputs, 'images'>>,
    options?: PredictOptions,
  ): Promise<Verdict<Label>[]>;
  /** The detector as one safetensors file, without the model. */
  toBytes(): Uint8Array;
  /** Frees what it holds on the backend. */
  dispose(): void;
}

/** Names that came from labels, at a fit without logits, are in no order of columns. @throws ArgumentError */
function checkOrdered(where: string, { about, classNames }: DetectorState, logits: unknown): void {
  if (!about.unordered || logits === undefined) return;
  const expected =
    `left out, as the names of the classes (${classNames?.join(', ')}) came from labels, at a fit without logits: ` +
    `fit with classNames in the order of the model's outputs`;
  throw new ArgumentError(where, 'logits', expected, 'logits');
}

/** A detector of what was fitted or loaded; whoever asks for a type of label knows what the logits are. */
export function detectorOf<Label>(where: string, { scorer, state }: FittedDetector): OutputDetector<Label> {
  const { calibration, classesWithoutRow, missingMass, cutPoints, classNames } = state;
  // Names say how many classes there are, where the fit saw no logits.
  const widths = { ...(classNames && { logits: classNames.length }), ...state.widths };
  const meaning = savedMeaning(where, state.about);
  const asked = `${where}.predict`;
  const rateOf = (cutPoint: string | number): number => {
    if (typeof cutPoint === 'number') {
      check(asked, 'cutPoint', cutPoint, SHARE);
      return cutPoint;
    }
    if (Object.hasOwn(cutPoints, cutPoint)) return cutPoints[cutPoint]!;
    const expected = `one of ${Object.keys(cutPoints).join(', ')}, or a rate`;
    throw new ArgumentError(asked, 'cutPoint', expected, cutPoint);
  };
  return {
    scorer,
    state,
    calibration: { count: calibration.length, classesWithoutRow, missingMass },
    async predict(outputs, options) {
      const alpha = rateOf(predictOptions(asked, options).cutPoint);
      checkAlarm(asked, 'cutPoint', scorer, calibration, alpha);
      const read = readOutputs(asked, outputs);
      checkGivenOutputs(asked, read, widths);
      checkOrdered(asked, state, read.logits);
      const scores = await scorer.score(read as Batch);
      const labels = read.logits && (await predictedLabels(where, read.logits, meaning, classNames));
      const decisions = decideWith({ all: calibration }, scores, { alpha });
      return decisions.map(({ score, pValue, isOod, threshold }, row) => ({
        label: labels?.[row] as Label,
        score,
        pValue,
        isOod,
        threshold,
      }));
    },
    toBytes: () => encodeDetector(state),
    dispose: () => scorer.dispose(),
  };
}

/** The options of a prediction. @throws ArgumentError */
export const predictOptions = (where: string, options: PredictOptions | undefined) =>
  readOptions<PredictOptions, { cutPoint: [typeof ANYTHING, string] }>(where, options, {
    cutPoint: [ANYTHING, 'default'],
  });

/**
 * A detector on outputs of a model in any runtime: fits a scorer, and calibrates it on images that it holds out by
 * itself.
 *
 * Warns where more images than `alpha` are alone in their class: no threshold finds novel classes then.
 *
 * @param outputs features [N, D], logits [N, C] (what the scorer needs; logits too, if verdicts should have labels)
 *   and, where the scorer needs them, labels [N] of known images, better not those that trained the model; or an async
 *   iterable of such blocks, of which each row is drawn by itself
 * @param options `scorer`, `alpha`, ... and the `head` where the scorer needs it
 * @throws ArgumentError for options or labels out of range, too few rows, logits that are probabilities or a single
 *   column, a `head` that does not make these logits of these features, or a rate at which this scorer could never call
 *   anything OoD; ShapeError, NotFiniteError naming the row
 * @example
 * const detector = await fitOutputDetector({ features, logits, labels }, { scorer: nearestNeighbors(), alpha: 0.05 });
 * const [{ label, pValue, isOod }] = await detector.predict({ features: one, logits: oneLogits });
 */
export async function fitOutputDetector<Label = ClassLabel>(
  outputs: LabeledOutputs | AsyncIterable<LabeledOutputs>,
  options: OutputDetectorOptions,
): Promise<OutputDetector<Label>> {
  const where = 'fitOutputDetector';
  const { head, logitsOf, meaning, ...own } = readOptions(where, options, {
    ...DETECTOR_OPTIONS,
    head: [ANYTHING],
    logitsOf: [FUNCTION],
    meaning: [MEANING],
  });
  const sourceOf = (block: LabeledOutputs) => outputSource(where, block, own.classNames);
  const fitted = await fitKnown(where, {
    rows: isStream(outputs)
      ? sourcesOf(where, outputs, OUTPUTS, (block) => sourceOf(checkStreamed(where, block, own.classNames)))
      : await sourceOf(outputs),
    parts: { ...(head && { head }), ...(logitsOf && { logitsOf }) },
    options: own,
    meaning: meaningFor(where, own.scorer, meaning),
    about: () => ({}),
  });
  return detectorOf(where, fitted);
}
