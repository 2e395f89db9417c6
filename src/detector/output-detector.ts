import { ANYTHING, FUNCTION } from '../core/check';
import { readOptions } from '../core/read-options';
import type { LogitMeaning, ModelParts } from '../scorers/contract/scorer';
import { OUTPUTS, outputSource, type LabeledOutputs } from './output-source';
import { DETECTOR_OPTIONS, type DetectorOptions } from './detector-options';
import { detectorOf, type OutputDetector } from './judged-detector';
import { checkStreamed, isStream, sourcesOf } from './known/block-stream';
import { fitKnown } from './known/fit-known';
import { MEANING, meaningFor, type ClassLabel, type NamedLabel } from './logit-meaning';
import { sharedScorers } from './shared-scorers';

/** Options of {@link fitOutputDetector}. */
export interface OutputDetectorOptions extends DetectorOptions, Partial<ModelParts> {
  /**
   * What a row of the logits says: `'classes'`, one of C (default), or `'tags'`, a yes or no for each of C by itself,
   * as sigmoids give; `jointEnergy()` takes them for tags unasked.
   */
  meaning?: LogitMeaning;
}

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
 *   anything OoD; ShapeError, NotFiniteError naming the row; the reason of `signal`
 * @example
 * const detector = await fitOutputDetector({ features, logits, labels }, { scorer: nearestNeighbors(), alpha: 0.05 });
 * const { label, pValue, isOod } = await detector.predictOne({ features: one, logits: oneLogits });
 */
export async function fitOutputDetector<const Names extends readonly string[]>(
  outputs: LabeledOutputs | AsyncIterable<LabeledOutputs>,
  options: OutputDetectorOptions & { readonly classNames: Names },
): Promise<OutputDetector<NamedLabel<Names>>>;
export async function fitOutputDetector<Label = ClassLabel>(
  outputs: LabeledOutputs | AsyncIterable<LabeledOutputs>,
  options: OutputDetectorOptions,
): Promise<OutputDetector<Label>>;
export async function fitOutputDetector<Label>(
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
  return detectorOf(where, sharedScorers(fitted.scorers), fitted.state);
}
