import { ArgumentError } from '../core/errors';
import { checkSignal } from '../core/pauses';
import { sortScores } from '../core/sort-scores';
import { readRows } from '../scorers/contract/rows';
import type { Batch, ModelOutputs, Need } from '../scorers/contract/scorer';
import { encodeScorer } from '../scorers/contract/scorer-state';
import { calibrationInfo, type CalibrationInfo } from './calibration/calibration-info';
import { checkAlarm } from './calibration/check-alarm';
import { rateOf } from './calibration/cut-point-rates';
import { judgeRows, meanScores, type Judge } from './calibration/judge';
import { labelSetsOf, type LabelSets } from './calibration/label-sets';
import {
  predictOneOptions,
  predictOptions,
  recalibrateOptions,
  type PredictOneOptions,
  type PredictOptions,
  type RecalibrateOptions,
} from './calls/call-options';
import { checkNoStream, checkOne } from './calls/one-row';
import { eachGiven } from './calls/each-given';
import { outputBlocks } from './calls/output-blocks';
import { encodeDetector, type DetectorState } from './detector-state';
import type { DetectorEvaluation, DetectorEvaluationOptions, EvaluatedRows } from './evaluation/detector-evaluation';
import { checkGivenOutputs, countOfOutputs, readOutputs, type GivenOutputs } from './given-outputs';
import type { KnownLabels } from './known/known-labels';
import { predictedLabels, savedMeaning, type ClassLabel } from './logit-meaning';
import { namingRows } from './naming-rows';
import type { SharedScorers } from './shared-scorers';

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
  /** Higher = more out of distribution. Of folds the mean of their scores. */
  score: number;
  /** Share of known images that look at least as strange. */
  pValue: number;
  /** `pValue <= alpha` at the cut-point that was asked for. */
  isOod: boolean;
  /**
   * `score > threshold` is OoD at the cut-point that was asked for. Undefined where folds calibrate, each with scores
   * of its own.
   */
  threshold: number | undefined;
  /** Where the fit had `labelSets`: how likely the most likely class is, if the image is of one of the classes. */
  probability?: number;
  /**
   * Where the fit had `labelSets`: the classes that it can be, the most likely first; with the class of a known image
   * in a share 1 - alpha of them. It may be empty; `isOod` is the scorer's.
   */
  labelSet?: readonly (string | number)[];
}

export type { PredictOneOptions, PredictOptions, RecalibrateOptions };

type AskedOutputs = GivenOutputs & Partial<Pick<ModelOutputs, 'images'>>;

/** Outputs of known images, at once or block by block. */
export type RecalibrationRows = AskedOutputs | AsyncIterable<AskedOutputs>;

type KnownOutputs = AskedOutputs & { readonly labels?: KnownLabels };

/** Outputs of known images and of sets of strange ones, each at once or block by block. */
export type OutputsToEvaluate = EvaluatedRows<KnownOutputs | AsyncIterable<KnownOutputs>, RecalibrationRows>;

/** A fitted scorer with its calibration: outputs of a model in, verdicts out. */
export interface OutputDetector<Label = ClassLabel> {
  /** What `predict` must be given. */
  readonly needs: readonly Need[];
  readonly state: DetectorState;
  /** What calibrates, what it allows and promises, and what of the classes the fit did not see. */
  readonly calibration: CalibrationInfo;
  /**
   * @param outputs what the scorer needs, [N, ...]; with `logits` each verdict has a label; or an async iterable of
   *   blocks of them, of which one is held at a time
   * @throws ArgumentError for an unknown cut-point, or one at which this scorer could never call anything OoD;
   *   ShapeError for another number of classes or features than at the fit, or unequal numbers of rows; NotFiniteError
   *   naming the row; the reason of `signal`
   */
  predict(outputs: AskedOutputs | AsyncIterable<AskedOutputs>, options?: PredictOptions): Promise<Verdict<Label>[]>;
  /** The verdict of one row [1, ...]. @throws as `predict`; ArgumentError for more rows than one, or none */
  predictOne(outputs: AskedOutputs, options?: PredictOneOptions): Promise<Verdict<Label>>;
  /**
   * The same detector with the calibration of other known images, of a new camera or month; nothing is fitted. This one
   * stays as it is, and holds the same memory; dispose of both.
   *
   * @param outputs of known images that fitted nothing [N, ...], or an async iterable of blocks of them
   * @param options `keep: true`: these images come to those of before, which held-out ones allow; `signal`
   * @throws as `predict`; ArgumentError where so few images can never make an alarm, unless the fit accepted it
   */
  recalibrate(outputs: RecalibrationRows, options?: RecalibrateOptions): Promise<OutputDetector<Label>>;
  /**
   * The same detector with the calibrations of both, which were made of one scorer in two places.
   *
   * @throws ArgumentError where the other has another scorer, or one of them is calibrated by folds
   */
  mergeCalibration(other: { readonly state: DetectorState }): OutputDetector<Label>;
  /**
   * How good the detector is, in numbers with intervals and in words, by known and strange images that it never saw.
   *
   * @param sets `known`: outputs as at the fit, with `labels` the accuracy too; `strange`: such outputs by name
   * @throws as `predict`, naming the set; ArgumentError for a set without rows, or none, or labels of no class
   */
  evaluate(sets: OutputsToEvaluate, options?: DetectorEvaluationOptions): Promise<DetectorEvaluation>;
  /** The detector as one safetensors file, without the model. */
  toBytes(): Uint8Array;
  /** Frees what it holds on the backend. */
  dispose(): void;
}

/** Throws unless every rate of the fit can call something OoD. `where` is who complains. */
export function checkRates(
  where: string,
  judge: Judge,
  { cutPoints, acceptNoAlarm }: Pick<DetectorState, 'cutPoints' | 'acceptNoAlarm'>,
): void {
  for (const [name, rate] of Object.entries(cutPoints)) {
    checkAlarm(where, name === 'default' ? 'alpha' : `cutPoints.${name}`, judge, rate, acceptNoAlarm);
  }
}

/** Throws unless both are held-out calibrations of one scorer. */
function checkMergeable(where: string, state: DetectorState, other: { readonly state?: DetectorState }): DetectorState {
  const given = other?.state;
  if (!Array.isArray(given?.scorers)) throw new ArgumentError(where, 'other', 'a detector', other);
  if (state.method === 'cross' || given.method === 'cross') {
    const expected = `calibrated by held-out images (recalibrate one of folds first)`;
    throw new ArgumentError(where, state.method === 'cross' ? 'detector' : 'other', expected, 'one of folds');
  }
  const bytes = (all: DetectorState) => all.scorers.map((scorer) => encodeScorer(scorer));
  const [mine, theirs] = [bytes(state), bytes(given)];
  const isSame =
    mine.length === theirs.length &&
    mine.every((own, i) => own.length === theirs[i]!.length && own.every((byte, at) => byte === theirs[i]![at]));
  if (!isSame) throw new ArgumentError(where, 'other', 'a detector with the same fitted scorer', 'one with another');
  return given;
}

/** Names that came from labels, at a fit without logits, are in no order of columns. @throws ArgumentError */
function checkOrdered(where: string, { about, classNames }: DetectorState, logits: unknown): void {
  if (!about.unordered || logits === undefined) return;
  const expected =
    `left out, as the names of the classes (${classNames?.join(', ')}) came from labels, at a fit without logits: ` +
    `fit with classNames in the order of the model's outputs`;
  throw new ArgumentError(where, 'logits', expected, 'logits');
}

/** Probability and label set of each row. @throws ArgumentError where there are no logits */
async function setsOf(
  where: string,
  labelSets: LabelSets,
  logits: ModelOutputs['logits'] | undefined,
  names: readonly string[] | undefined,
): Promise<Pick<Verdict, 'probability' | 'labelSet'>[]> {
  if (logits === undefined) throw new ArgumentError(where, 'logits', 'there, as the fit had labelSets', 'none');
  const rows = await readRows(where, 'logits', { logits });
  return labelSetsOf(labelSets, rows).map(({ probability, classes }) => ({
    probability,
    labelSet: classes.map((index) => names?.[index] ?? index),
  }));
}

/** A detector of what was fitted or loaded; whoever asks for a type of label knows what the logits are. */
export function detectorOf<Label>(where: string, held: SharedScorers, state: DetectorState): OutputDetector<Label> {
  const { calibrations, confidence, cutPoints, classNames, acceptNoAlarm, labelSets } = state;
  const judge: Judge = { scorers: held.scorers, calibrations, confidence };
  // Names say how many classes there are, where the fit saw no logits.
  const widths = { ...(classNames && { logits: classNames.length }), ...state.widths };
  const meaning = savedMeaning(where, state.about);
  const withCalibration = (at: string, scores: Float64Array): OutputDetector<Label> => {
    const anew: DetectorState = { ...state, method: 'held-out', calibrations: [sortScores(scores) as Float64Array] };
    checkRates(at, { ...judge, calibrations: anew.calibrations }, anew);
    return detectorOf(where, held.share(), anew);
  };
  const asked = (what: string): string => {
    held.check(`${where}.${what}`);
    return `${where}.${what}`;
  };
  const rateAt = (at: string, { cutPoint, signal }: { cutPoint: string | number; signal: AbortSignal | undefined }) => {
    checkSignal(signal);
    const alpha = rateOf(at, cutPoints, cutPoint);
    checkAlarm(at, 'cutPoint', judge, alpha, acceptNoAlarm);
    return alpha;
  };
  const readAll = (at: string, outputs: AskedOutputs) => {
    const read = readOutputs(at, outputs);
    checkGivenOutputs(at, read, widths);
    checkOrdered(at, state, read.logits);
    return read;
  };
  const verdictsOf = async (
    at: string,
    read: Partial<ModelOutputs>,
    alpha: number,
    signal: AbortSignal | undefined,
  ): Promise<Verdict<Label>[]> => {
    const judgments = await judgeRows(judge, read as Batch, alpha, signal);
    const labels = read.logits && (await predictedLabels(where, read.logits, meaning, classNames));
    const sets = labelSets && (await setsOf(at, labelSets, read.logits, classNames));
    return judgments.map(({ score, pValue, isOod, threshold }, row) => ({
      label: labels?.[row] as Label,
      score,
      pValue,
      isOod,
      threshold,
      ...sets?.[row],
    }));
  };
  const detector: OutputDetector<Label> = {
    needs: held.scorers[0]!.needs,
    state,
    calibration: calibrationInfo(judge, cutPoints.default!, state),
    async predict(outputs, options) {
      const at = asked('predict');
      const { onProgress, ...how } = predictOptions(at, options);
      const alpha = rateAt(at, how);
      const verdicts: Verdict<Label>[] = [];
      await eachGiven(outputs, how.signal, async (block, isMany) => {
        const read = readAll(at, block);
        const count = countOfOutputs(read);
        for await (const { batch, rows } of outputBlocks(at, read, count)) {
          const own = await namingRows(verdictsOf(at, batch, alpha, how.signal), rows);
          for (const verdict of own) verdicts.push(verdict);
          onProgress?.(verdicts.length, isMany ? undefined : count);
        }
        return verdicts.length;
      });
      return verdicts;
    },
    async predictOne(outputs, options) {
      const at = asked('predictOne');
      const how = predictOneOptions(at, options);
      const alpha = rateAt(at, how);
      checkNoStream(at, 'outputs', outputs);
      const read = readAll(at, outputs);
      checkOne(at, 'outputs', countOfOutputs(read));
      return (await verdictsOf(at, read, alpha, how.signal))[0]!;
    },
    async recalibrate(outputs, options) {
      const at = asked('recalibrate');
      const { keep, signal, onProgress } = recalibrateOptions(at, options);
      checkSignal(signal);
      if (keep && state.method === 'cross') {
        throw new ArgumentError(at, 'keep', 'false, as the folds of before have scores of their own', keep);
      }
      const scores: number[] = [];
      await eachGiven(outputs, signal, async (block, isMany) => {
        const read = readOutputs(at, block);
        checkGivenOutputs(at, read, widths);
        const count = countOfOutputs(read);
        for await (const { batch, rows } of outputBlocks(at, read, count)) {
          for (const score of await namingRows(meanScores(judge, batch as Batch, signal), rows)) scores.push(score);
          onProgress?.(scores.length, isMany ? undefined : count);
        }
        return scores.length;
      });
      return withCalibration(at, Float64Array.from(keep ? [...calibrations[0]!, ...scores] : scores));
    },
    mergeCalibration(other) {
      const at = asked('mergeCalibration');
      const given = checkMergeable(at, state, other);
      return withCalibration(at, Float64Array.from([...calibrations[0]!, ...given.calibrations[0]!]));
    },
    async evaluate(sets, options) {
      const { evaluateDetector } = await import('./evaluation/index');
      return evaluateDetector(asked('evaluate'), 'outputs', detector, sets, options);
    },
    toBytes: () => encodeDetector(state),
    dispose: () => held.dispose(),
  };
  return detector;
}
