import { ANYTHING, check, FUNCTION, SHARE } from '../core/check';
import { ArgumentError } from '../core/errors';
import type { Json } from '../core/saved/json';
import { readOptions } from '../core/read-options';
import type { Batch, FitBlock, LogitMeaning, ModelOutputs, ModelParts, Scorer } from '../scorers/contract/scorer';
import { calibrate } from '../thresholds/calibrate';
import { decideWith } from '../thresholds/decide';
import { outputSource, type OutputSource, type LabeledOutputs } from './output-source';
import { checkAlarm } from './calibration/check-alarm';
import { encodeDetector, type DetectorState } from './detector-state';
import { cutPointsOf } from './calibration/cut-point-rates';
import { checkClassNames, DETECTOR_OPTIONS, type DetectorOptions, type ReadDetectorOptions } from './detector-options';
import { checkGivenOutputs } from './given-outputs';
import { firstOutputs } from './first-outputs';
import { holdOut } from './calibration/hold-out';
import { MEANING, meaningFor, predictedLabels, savedMeaning, type ClassLabel } from './logit-meaning';
import { lostRows, rareClasses, warnOfMissingMass, type CalibrationInfo } from './calibration/rare-classes';

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
  predict(outputs: Partial<ModelOutputs>, options?: PredictOptions): Promise<Verdict<Label>[]>;
  /** The detector as one safetensors file, without the model. */
  toBytes(): Uint8Array;
  /** Frees what it holds on the backend. */
  dispose(): void;
}

/** A fit of a detector before anything goes through it. */
export interface DetectorFit {
  source: OutputSource;
  parts: Partial<ModelParts>;
  options: ReadDetectorOptions;
  meaning: LogitMeaning;
  /** What else is saved of the model. */
  about: Readonly<Record<string, Json>>;
}

/** Goes once over the rows that fit, then over those that calibrate. `where` is who complains. */
export async function fitFromSource<Label>(
  where: string,
  { source, parts, options, meaning, about }: DetectorFit,
): Promise<OutputDetector<Label>> {
  const { scorer: method, classNames, calibrationShare, seed, blockSize, onProgress } = options;
  const { labels, count: total } = source;
  if (labels === undefined && method.fitNeeds?.includes('labels')) {
    throw new ArgumentError(where, 'labels', `class indices of the images, which '${method.kind}' needs`, 'none');
  }
  const cutPoints = cutPointsOf(where, options);
  if (meaning === 'classes') checkClassNames(where, classNames, { labels });
  const noted = firstOutputs(where, { method, head: parts.head, meaning, classNames });
  const { fit, calibration } = holdOut(where, total, calibrationShare, seed);
  const rare = labels ? rareClasses(labels, fit) : { classesWithoutRow: [], missingMass: 0 };
  warnOfMissingMass(where, rare.missingMass, cutPoints);

  let done = 0;
  async function* blocksOf(rows: Int32Array) {
    for (let from = 0; from < rows.length; from += blockSize) {
      const own = rows.subarray(from, from + blockSize);
      const { batch, dispose } = await source.batchOf(own);
      try {
        await noted.see(batch);
        yield { ...batch, ...(labels && { labels: Int32Array.from(own, (row) => labels[row]!) }) } as FitBlock &
          Partial<ModelOutputs>;
      } finally {
        dispose();
      }
      done += own.length;
      onProgress?.(done, total);
    }
  }
  let scorer = await method.fit(blocksOf(fit), parts as ModelParts);
  try {
    const scores = new Float64Array(calibration.length);
    const lost = lostRows(rare.classesWithoutRow);
    let at = 0;
    done = fit.length;
    for await (const block of blocksOf(calibration)) {
      const own = await scorer.score(block);
      scores.set(own, at);
      at += own.length;
      if (labels) await lost.collect(where, scorer, block);
    }
    const all = calibrate(scores).all;
    for (const [name, rate] of Object.entries(cutPoints)) {
      checkAlarm(where, name === 'default' ? 'alpha' : `cutPoints.${name}`, scorer, all, rate);
    }
    // Only now: these rows calibrate by the scores that they had while they were unknown.
    scorer = await lost.takenInBy(scorer);
    const state = {
      scorer: scorer.state(),
      calibration: all,
      ...rare,
      cutPoints,
      classNames,
      widths: noted.widths(),
      about: { ...about, meaning },
    };
    return detectorOf(where, scorer, state);
  } catch (error) {
    scorer.dispose();
    throw error;
  }
}

/** A detector of what was fitted or loaded; whoever asks for a type of label knows what the logits are. */
export function detectorOf<Label>(where: string, scorer: Scorer, state: DetectorState): OutputDetector<Label> {
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
      checkGivenOutputs(asked, outputs, widths);
      const scores = await scorer.score(outputs as Batch);
      const labels = outputs.logits && (await predictedLabels(where, outputs.logits, meaning, classNames));
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
 *   and, where the scorer needs them, labels [N] of known images, better not those that trained the model
 * @param options `scorer`, `alpha`, ... and the `head` where the scorer needs it
 * @throws ArgumentError for options or labels out of range, too few rows, logits that are probabilities or a single
 *   column, a `head` that does not make these logits of these features, or a rate at which this scorer could never call
 *   anything OoD; ShapeError, NotFiniteError naming the row
 * @example
 * const detector = await fitOutputDetector({ features, logits, labels }, { scorer: nearestNeighbors(), alpha: 0.05 });
 * const [{ label, pValue, isOod }] = await detector.predict({ features: one, logits: oneLogits });
 */
export async function fitOutputDetector<Label = ClassLabel>(
  outputs: LabeledOutputs,
  options: OutputDetectorOptions,
): Promise<OutputDetector<Label>> {
  const where = 'fitOutputDetector';
  const source = await outputSource(where, outputs);
  const { head, logitsOf, meaning, ...own } = readOptions(where, options, {
    ...DETECTOR_OPTIONS,
    head: [ANYTHING],
    logitsOf: [FUNCTION],
    meaning: [MEANING],
  });
  return fitFromSource(where, {
    source,
    parts: { ...(head && { head }), ...(logitsOf && { logitsOf }) },
    options: own,
    meaning: meaningFor(where, own.scorer, meaning),
    about: {},
  });
}
