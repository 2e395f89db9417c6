import { ArgumentError } from '../core/errors';
import { checkRate } from '../core/scores';
import { indexOfLargest } from '../scorers/contract/logit-scores';
import { checkOption, COUNT } from '../core/check';
import { readRows } from '../scorers/contract/rows';
import type { Json } from '../core/json';
import type { Batch, FitBlock, ModelOutputs, ModelParts, Scorer, ScorerMethod } from '../scorers/contract/scorer';
import { calibrate } from '../thresholds/calibrate';
import { decideWith } from '../thresholds/decide';
import { outputSource, type OutputSource, type LabeledOutputs } from './output-source';
import { checkAlarm } from './check-alarm';
import { encodeDetector, type DetectorState } from './detector-state';
import { cutPointsOf } from './detector-cut-points';
import { checkGivenOutputs } from './given-outputs';
import { firstOutputs } from './first-outputs';
import { holdOut } from './hold-out';
import { lostRows, rareClasses, warnOfMissingMass, type CalibrationInfo } from './rare-classes';

/** Options of {@link fitOutputDetector}, and of `fitDetector`. */
export interface DetectorOptions {
  /** How to score, e.g. `mahalanobis()`. */
  scorer: ScorerMethod;
  /**
   * False-alarm rate, default 0.05: on average (over the draw of the calibration images) at most this share of known
   * images is called OoD, where new images come as those did; a single calibration lies around it. With fewer than
   * 1 / alpha - 1 calibration images nothing is. It is a rate for each image: at 0.05 some alarm comes in up to 64 % of
   * runs of 20 known images. Take a lower one, or confirm by a second image.
   */
  alpha?: number;
  /**
   * More cut-points, false-alarm rates by name. One named `default` is `alpha` by another name: give one of the two.
   */
  cutPoints?: Readonly<Record<string, number>>;
  /** Names of the classes, by class index. */
  classNames?: readonly string[];
  /** Share of the images that fits nothing and calibrates, drawn of all of them whatever their class; default 0.2. */
  calibrationShare?: number;
  /** Which images those are; default 1. */
  seed?: number;
  /** Images at a time; default 256. */
  blockSize?: number;
  /** Called after each block: images done of all. */
  onProgress?: (done: number, total: number) => void;
}

/** What a detector says of one image. */
export interface Verdict {
  /** Name of the predicted class, or its index; undefined where there are no logits. */
  label: string | number | undefined;
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
export interface OutputDetector {
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
  predict(outputs: Partial<ModelOutputs>, options?: PredictOptions): Promise<Verdict[]>;
  /** The detector as one safetensors file, without the model. */
  toBytes(): Uint8Array;
  /** Frees what it holds on the backend. */
  dispose(): void;
}

/** Goes once over the rows that fit, then over those that calibrate. `where` is who complains. */
export async function fitFromSource(
  where: string,
  source: OutputSource,
  parts: Partial<ModelParts>,
  options: DetectorOptions,
  about: Readonly<Record<string, Json>>,
): Promise<OutputDetector> {
  const { scorer: method, calibrationShare = 0.2, seed = 1, blockSize = 256, onProgress } = options;
  if (typeof method?.fit !== 'function') {
    throw new ArgumentError(where, 'scorer', 'a method such as mahalanobis()', typeof method);
  }
  checkRate(where, 'calibrationShare', calibrationShare);
  checkOption(where, 'blockSize', blockSize, COUNT);
  const cutPoints = cutPointsOf(where, options);
  const noted = firstOutputs(where, method.needs, parts.head);
  const total = source.labels.length;
  const { fit, calibration } = holdOut(where, total, calibrationShare, seed);
  const rare = rareClasses(source.labels, fit);
  warnOfMissingMass(where, rare.missingMass, cutPoints);

  let done = 0;
  async function* blocksOf(rows: Int32Array) {
    for (let from = 0; from < rows.length; from += blockSize) {
      const own = rows.subarray(from, from + blockSize);
      const { batch, dispose } = await source.batchOf(own);
      try {
        await noted.see(batch);
        yield { ...batch, labels: Int32Array.from(own, (row) => source.labels[row]!) } as FitBlock &
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
      scores.set(await scorer.score(block), at);
      at += block.labels.length;
      await lost.collect(where, scorer, block);
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
      classNames: options.classNames,
      widths: noted.widths(),
      about,
    };
    return detectorOf(where, scorer, state);
  } catch (error) {
    scorer.dispose();
    throw error;
  }
}

/** A detector of what was fitted or loaded. */
export function detectorOf(where: string, scorer: Scorer, state: DetectorState): OutputDetector {
  const { calibration, classesWithoutRow, missingMass, cutPoints, classNames, widths } = state;
  const rateOf = (cutPoint: string | number): number => {
    if (typeof cutPoint === 'number') {
      checkRate(`${where}.predict`, 'cutPoint', cutPoint);
      return cutPoint;
    }
    if (Object.hasOwn(cutPoints, cutPoint)) return cutPoints[cutPoint]!;
    const expected = `one of ${Object.keys(cutPoints).join(', ')}, or a rate`;
    throw new ArgumentError(`${where}.predict`, 'cutPoint', expected, cutPoint);
  };
  return {
    scorer,
    state,
    calibration: { count: calibration.length, classesWithoutRow, missingMass },
    async predict(outputs, options) {
      const alpha = rateOf(options?.cutPoint ?? 'default');
      checkAlarm(`${where}.predict`, 'cutPoint', scorer, calibration, alpha);
      checkGivenOutputs(`${where}.predict`, outputs, widths);
      const scores = await scorer.score(outputs as Batch);
      const labels = outputs.logits && (await predictedClasses(where, outputs.logits));
      const decisions = decideWith({ all: calibration }, scores, { alpha });
      return decisions.map(({ score, pValue, isOod, threshold }, row) => {
        const index = labels?.[row];
        return {
          label: index === undefined ? undefined : (classNames?.[index] ?? index),
          score,
          pValue,
          isOod,
          threshold,
        };
      });
    },
    toBytes: () => encodeDetector(state),
    dispose: () => scorer.dispose(),
  };
}

async function predictedClasses(where: string, logits: ModelOutputs['logits']): Promise<number[]> {
  const { data, shape } = await readRows(where, 'logits', { logits });
  const classes = shape[1];
  return Array.from({ length: shape[0] }, (_, row) =>
    indexOfLargest(data.subarray(row * classes, (row + 1) * classes)),
  );
}

/**
 * A detector on outputs of a model in any runtime: fits a scorer, and calibrates it on images that it holds out by
 * itself.
 *
 * Warns where more images than `alpha` are alone in their class: no threshold finds novel classes then.
 *
 * @param outputs features [N, D], logits [N, C] (what the scorer needs; logits too, if verdicts should have labels) and
 *   labels [N] of known images, better not those that trained the model
 * @param options `scorer`, `alpha`, ... and the `head` where the scorer needs it
 * @throws ArgumentError for options or labels out of range, too few rows, a `head` that does not make these logits of
 *   these features, or a rate at which this scorer could never call anything OoD; ShapeError, NotFiniteError naming the
 *   row
 * @example
 * const detector = await fitOutputDetector({ features, logits, labels }, { scorer: nearestNeighbors(), alpha: 0.05 });
 * const [{ label, pValue, isOod }] = await detector.predict({ features: one, logits: oneLogits });
 */
export async function fitOutputDetector(
  outputs: LabeledOutputs,
  options: DetectorOptions & Partial<ModelParts>,
): Promise<OutputDetector> {
  const where = 'fitOutputDetector';
  const { head, logitsOf } = options;
  const parts = { ...(head && { head }), ...(logitsOf && { logitsOf }) };
  return fitFromSource(where, await outputSource(where, outputs), parts, options, {});
}
