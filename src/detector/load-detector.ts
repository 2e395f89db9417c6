import { checkOption, COUNT } from '../core/check';
import { ArgumentError, FormatError } from '../core/errors';
import { detectorAround, type Detector } from './detector';
import { bytesFrom, type DetectorTarget } from './detector-io';
import { decodeDetector, type DetectorState } from './detector-state';
import { savedMeaning, type ClassLabel } from './logit-meaning';
import { detectorOf } from './output-detector';
import { methodOf, scorerMethods, type ScorerMethods } from './scorer-methods';
import { checkModel, isFunctionModel, type DetectorModel } from './model/detector-model';
import { checkFiniteWeights } from './model/finite-weights';
import { modelFingerprint } from './model/model-fingerprint';
import type { ImageModel } from './model/image-blocks';
import type { OutputNames } from './model/model-reader';
import { readImageModel } from './model/read-image-model';
import { fittedShape, inputShapeOf } from './model/model-shapes';

/** The names that a detector was saved with, whatever the file says. @throws FormatError */
function savedNames(where: string, about: Readonly<Record<string, unknown>>): OutputNames {
  const read = (name: keyof OutputNames, expected: string, fits: (value: unknown) => boolean) => {
    const value = about[name];
    if (value === undefined) return {};
    if (fits(value)) return { [name]: value };
    const received = typeof value === 'string' ? value : `a value of type ${typeof value}`;
    throw new FormatError(where, `metadata.about.${name}`, expected, received);
  };
  const isName = (value: unknown) => typeof value === 'string' && value !== '';
  return {
    ...read('features', 'the name of a layer or node', isName),
    ...read('logits', 'the name of a layer or node', isName),
    ...read('pool', "'average', or nothing", (value) => value === 'average'),
  };
}

/** [H, W, C] of the images that it was fitted on; files of before do not say it. @throws FormatError */
function savedImageShape(where: string, { imageShape }: Readonly<Record<string, unknown>>): number[] | undefined {
  if (imageShape === undefined) return undefined;
  const isShape = Array.isArray(imageShape) && imageShape.every((side) => Number.isSafeInteger(side) && side >= 0);
  if (isShape) return imageShape as number[];
  const expected = 'a list of lengths';
  throw new FormatError(where, 'metadata.about.imageShape', expected, JSON.stringify(imageShape).slice(0, 80));
}

/** The reader of a model that is the right one: a name that it does not have is the file's fault. */
function readSaved(...[where, model, names, method]: Parameters<typeof readImageModel>): ImageModel {
  try {
    return readImageModel(where, model, names, method);
  } catch (error) {
    if (!(error instanceof ArgumentError) || error.details.what === 'model') throw error;
    const { what, expected, received } = error.details;
    throw new FormatError(where, `metadata.about.${what}`, expected, received);
  }
}

/** Throws unless the model is the one that the detector was fitted around, as far as the file says. */
async function checkSameModel(where: string, model: DetectorModel, about: DetectorState['about']): Promise<void> {
  const wasFunction = about.model === 'function';
  if (wasFunction !== isFunctionModel(model)) {
    const kinds = ['a LayersModel or GraphModel', 'a function { run }'] as const;
    const [saved, came] = wasFunction ? [kinds[1], kinds[0]] : kinds;
    throw new ArgumentError(where, 'model', `${saved}, as the detector was fitted around`, came);
  }
  if (isFunctionModel(model)) return;
  const { fingerprint } = about;
  const saved = fingerprint as Record<string, unknown> | undefined;
  if (typeof saved?.architecture !== 'string' || typeof saved.weights !== 'string') {
    const expected = 'the fingerprint of a model (loadOutputDetector reads those without)';
    throw new FormatError(where, 'metadata.about.fingerprint', expected, 'none');
  }
  await checkFiniteWeights(where, model);
  const own = await modelFingerprint(model);
  const differing = (['architecture', 'weights'] as const).filter((part) => saved[part] !== own[part]);
  if (differing.length > 0) {
    const said = differing.includes('architecture')
      ? 'another architecture'
      : 'the same architecture with other weights';
    throw new ArgumentError(where, 'model', 'the one that the detector was fitted around', said);
  }
}

/** Options of {@link loadDetector}. */
export interface LoadDetectorOptions {
  /** Methods by kind; by default every one of this package. */
  methods?: ScorerMethods;
  /** Images at a time; default 64. */
  blockSize?: number;
}

/**
 * The detector that `save` or `toBytes` wrote, around the same model again.
 *
 * @param model the model it was fitted around; another one is an error that says what differs. A function has no
 *   fingerprint: whether it is the same one is the caller's business
 * @param source bytes, a URL of tfjs or an `io.IOHandler`
 * @throws FormatError where it is no detector; ArgumentError where it belongs to another model
 * @example
 * const again = await loadDetector(model, detector.toBytes()); // in a browser also 'indexeddb://detector'
 */
export async function loadDetector<Label = ClassLabel>(
  model: DetectorModel,
  source: Uint8Array | DetectorTarget,
  { methods = scorerMethods, blockSize = 64 }: LoadDetectorOptions = {},
): Promise<Detector<Label>> {
  const where = 'loadDetector';
  checkOption(where, 'blockSize', blockSize, COUNT);
  checkModel(where, model, { functions: true });
  const bytes = source instanceof Uint8Array ? source : await bytesFrom(where, source);
  const state = decodeDetector(where, bytes);
  await checkSameModel(where, model, state.about);
  const method = methodOf(where, state.scorer.kind, methods);
  const reader = readSaved(where, model, savedNames(where, state.about), method);
  const meaning = savedMeaning(where, state.about);
  if (meaning !== undefined && reader.meaning !== undefined && meaning !== reader.meaning) {
    throw new ArgumentError(where, 'model', `one whose logits are ${meaning}, as at the fit`, reader.meaning);
  }
  const scorer = method.restore(state.scorer, { ...(reader.logitsOf && { logitsOf: reader.logitsOf }) });
  const imageShape = savedImageShape(where, state.about);
  const shape = imageShape ? fittedShape(inputShapeOf(model), [0, ...imageShape]) : inputShapeOf(model);
  return detectorAround('Detector', model, reader, detectorOf('Detector', scorer, state), shape, blockSize);
}
