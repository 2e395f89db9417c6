import { ANYTHING, FUNCTION } from '../core/check';
import { ArgumentError } from '../core/errors';
import type { Json } from '../core/saved/json';
import { readOptions } from '../core/read-options';
import type { Batch, FitBlock, LogitMeaning, ModelParts } from '../scorers/contract/scorer';
import { chooseMethod } from './calibration/choose-method';
import { fitFolds, foldRows } from './calibration/cross-fit';
import { cutPointsOf } from './calibration/cut-point-rates';
import { fitHeldOut } from './calibration/held-out-fit';
import { holdOut } from './calibration/hold-out';
import { rareClasses, warnOfMissingMass } from './calibration/rare-classes';
import { collectedSource, outputSource, type OutputSource, type LabeledOutputs } from './output-source';
import type { DetectorState } from './detector-state';
import { checkClassNames, DETECTOR_OPTIONS, type DetectorOptions, type ReadDetectorOptions } from './detector-options';
import { firstOutputs } from './first-outputs';
import { checkRates, detectorOf, type OutputDetector } from './judged-detector';
import { MEANING, meaningFor, type ClassLabel } from './logit-meaning';
import { sharedScorers } from './shared-scorers';

/** Options of {@link fitOutputDetector}. */
export interface OutputDetectorOptions extends DetectorOptions, Partial<ModelParts> {
  /**
   * What a row of the logits says: `'classes'`, one of C (default), or `'tags'`, a yes or no for each of C by itself,
   * as sigmoids give; `jointEnergy()` takes them for tags unasked.
   */
  meaning?: LogitMeaning;
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

const everyRow = (count: number) => Int32Array.from({ length: count }, (_, row) => row);

/** Goes once over the rows that fit, then over those that calibrate. `where` is who complains. */
export async function fitFromSource<Label>(
  where: string,
  { source, parts, options, meaning, about }: DetectorFit,
): Promise<OutputDetector<Label>> {
  const { scorer: method, classNames, calibrationShare, seed, blockSize, onProgress } = options;
  const { calibration, folds, acceptNoAlarm } = options;
  const { labels, count: total } = source;
  if (labels === undefined && method.fitNeeds?.includes('labels')) {
    throw new ArgumentError(where, 'labels', `class indices of the images, which '${method.kind}' needs`, 'none');
  }
  const cutPoints = cutPointsOf(where, options);
  if (meaning === 'classes') checkClassNames(where, classNames, { labels });
  const noted = firstOutputs(where, { method, head: parts.head, meaning, classNames });
  const held = holdOut(where, total, calibrationShare, seed);
  const rows = { count: total, held: held.calibration.length };
  const chosen = chooseMethod(where, { calibration, folds, acceptNoAlarm }, method, cutPoints, rows);
  const fitted = chosen === 'cross' ? everyRow(total) : held.fit; // of folds each row fits some scorer
  const rare = labels ? rareClasses(labels, fitted) : { classesWithoutRow: [], missingMass: 0 };
  warnOfMissingMass(where, rare.missingMass, cutPoints);

  let done = 0;
  async function* blocksOf(from: OutputSource, rows: Int32Array, see: boolean) {
    for (let at = 0; at < rows.length; at += blockSize) {
      const own = rows.subarray(at, at + blockSize);
      const { batch, dispose } = await from.batchOf(own);
      try {
        if (see) await noted.see(batch);
        yield { ...batch, ...(labels && { labels: Int32Array.from(own, (row) => labels[row]!) }) } as FitBlock & Batch;
      } finally {
        dispose();
      }
      if (!see) continue;
      done += own.length;
      onProgress?.(done, total);
    }
  }
  async function foldedJudge() {
    // One pass through the model, whose outputs each of the folds takes.
    const outputs = await collectedSource(total, labels, blocksOf(source, everyRow(total), true));
    const parted = foldRows(total, folds, seed);
    return fitFolds(method, parts as ModelParts, parted, (rows) => blocksOf(outputs, rows, false));
  }
  const judge =
    chosen === 'cross'
      ? await foldedJudge()
      : await fitHeldOut(where, method, parts as ModelParts, { ...held, ...rare }, (rows) =>
          blocksOf(source, rows, true),
        );
  try {
    const state: DetectorState = {
      scorers: judge.scorers.map((scorer) => scorer.state()),
      method: chosen,
      calibrations: judge.calibrations,
      ...rare,
      cutPoints,
      acceptNoAlarm,
      classNames,
      widths: noted.widths(),
      about: { ...about, meaning },
    };
    checkRates(where, judge, state);
    return detectorOf(where, sharedScorers(judge.scorers), state);
  } catch (error) {
    for (const scorer of judge.scorers) scorer.dispose();
    throw error;
  }
}

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
