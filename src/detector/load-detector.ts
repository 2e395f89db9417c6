import { COUNT, exactly, FLAG, type Rule, SIGNAL, TEXT } from '../core/check';
import { ArgumentError, FormatError } from '../core/errors';
import { pauses, type Pause } from '../core/pauses';
import { isRecord } from '../core/saved/json';
import { readOptions, type Declared } from '../core/read-options';
import { readSaved } from '../core/saved/read-saved';
import { detectorAround, type Detector } from './around-model';
import { bytesFrom, type DetectorTarget } from './detector-io';
import { decodeDetector } from './detector-state';
import { MEANING, type ClassLabel } from './logit-meaning';
import { detectorOf } from './judged-detector';
import { restoredScorers } from './shared-scorers';
import { METHOD, methodOf, METHODS, type LoadedScorer } from './scorer-kinds';
import { checkModel, isFunctionModel, type DetectorModel, type FunctionModel } from './model/detector-model';
import { checkFiniteWeights } from './model/finite-weights';
import { nameAt, type IndexPath } from './model/layer-places';
import { checkFingerprint, type ModelFingerprint } from './model/model-fingerprint';
import type { ImageModel } from './model/image-blocks';
import { INPUT, type ModelInput } from './input/model-input';
import { checkNoInput } from './input/model-rows';
import { loadedPlan, readSavedInput, type SavedInput } from './input/saved-input';
import type { LogitMeaning, OutputNames } from './model/model-reader';
import { readImageModel } from './model/read-image-model';
import { fitsInput, fittedShape, inputShapeOf } from './model/model-shapes';
import type { WeightSketch } from './model/weight-sketch';

/** What the fit of a detector kept of its model. */
export interface SavedModel {
  features: string | undefined;
  logits: string | undefined;
  output: string | undefined;
  pool: 'average' | undefined;
  places: SavedPlaces;
  /** None of a function. */
  fingerprint: ModelFingerprint | undefined;
  model: 'function' | undefined;
  meaning: LogitMeaning;
  /** [H, W, C] of the images; files of before do not say it. */
  imageShape: readonly number[] | undefined;
  /** What becomes of images; files of before do not say it. */
  input: SavedInput | undefined;
  /** What went in where it was no images. */
  given: 'inputs' | undefined;
  /** Names of the classes came from labels, and no logits said in which order. */
  unordered: boolean;
}

interface SavedPlaces {
  features: IndexPath | undefined;
  logits: IndexPath | undefined;
  output: IndexPath | undefined;
}

const listOf = (expected: string, holds: (item: unknown) => boolean): Rule => ({
  expected,
  holds: (value: unknown) => Array.isArray(value) && value.every(holds),
});
const NAME: Rule = {
  expected: 'the name of a layer or node',
  holds: (value: unknown) => TEXT.holds(value as never) && !!value,
};
const LENGTHS = /* @__PURE__ */ listOf(
  'a list of lengths',
  (side) => Number.isSafeInteger(side) && (side as number) >= 0,
);
const PLACE: Rule = {
  expected: 'the index of a layer or node, on each level',
  holds: (value) => LENGTHS.holds(value) && (value as unknown as IndexPath).length > 0,
};
const FINGERPRINTED = 'the fingerprint of a model (loadOutputDetector reads those without)';
const ABOUT: Declared<SavedModel> = {
  features: [NAME, undefined],
  logits: [NAME, undefined],
  pool: [/* @__PURE__ */ exactly('average'), undefined],
  places: [
    { expected: 'an object', holds: isRecord },
    { features: undefined, logits: undefined, output: undefined },
  ],
  fingerprint: [{ expected: FINGERPRINTED, holds: isRecord }, undefined],
  model: [/* @__PURE__ */ exactly('function'), undefined],
  meaning: [MEANING],
  output: [NAME, undefined],
  imageShape: [LENGTHS, undefined],
  input: [{ expected: 'an object', holds: isRecord }, undefined],
  given: [/* @__PURE__ */ exactly('inputs'), undefined],
  unordered: [FLAG, false],
};
const PLACES: Declared<SavedPlaces> = {
  features: [PLACE, undefined],
  logits: [PLACE, undefined],
  output: [PLACE, undefined],
};
const FINGERPRINT: Declared<ModelFingerprint> = {
  architecture: [TEXT],
  weights: [TEXT],
  sketches: [/* @__PURE__ */ listOf('a list of objects', isRecord), []], // files of before have none
};
const SKETCH: Declared<WeightSketch> = {
  isHalf: [FLAG],
  sums: [/* @__PURE__ */ listOf('a list of numbers', Number.isFinite)],
};

/** What a file says about its model. @throws FormatError */
export function savedModel(where: string, about: unknown): SavedModel {
  const path = 'metadata.about';
  const model = readSaved(where, about, ABOUT, path);
  const fingerprint = model.fingerprint && readSaved(where, model.fingerprint, FINGERPRINT, `${path}.fingerprint`);
  const sketches = fingerprint?.sketches.map((sketch, i) =>
    readSaved(where, sketch, SKETCH, `${path}.fingerprint.sketches.${i}`),
  );
  return {
    ...model,
    places: readSaved(where, model.places, PLACES, `${path}.places`),
    input: model.input && readSavedInput(where, model.input, `${path}.input`),
    fingerprint: fingerprint && { ...fingerprint, sketches: sketches },
  };
}

/**
 * The names that the saved outputs have in this model: those of what stands at their places, as the saved ones may be
 * those of other layers today.
 */
function namesIn(where: string, model: Exclude<DetectorModel, FunctionModel>, saved: SavedModel): OutputNames {
  const names: OutputNames = { ...(saved.pool && { pool: saved.pool }) };
  for (const what of ['features', 'logits', 'output'] as const) {
    const [name, place] = [saved[what], saved.places[what]];
    if (name === undefined) continue;
    const now = place ? nameAt(model, place, name) : name;
    if (now === undefined) {
      throw new FormatError(where, `metadata.about.places.${what}`, 'a place in the model', place);
    }
    names[what] = now;
  }
  return names;
}

/** The reader of a model that is the right one: a name that it does not have is the file's fault. */
function readNamed(...[where, model, names, method]: Parameters<typeof readImageModel>): ImageModel {
  try {
    return readImageModel(where, model, names, method);
  } catch (error) {
    if (!(error instanceof ArgumentError) || error.details.what === 'model') throw error;
    const { what, expected, received } = error.details;
    throw new FormatError(where, `metadata.about.${what}`, expected, received);
  }
}

/** Throws unless the model is the one that the detector was fitted around, as far as the file says. */
async function checkSameModel(where: string, model: DetectorModel, saved: SavedModel, pause: Pause): Promise<void> {
  const wasFunction = saved.model === 'function';
  if (wasFunction !== isFunctionModel(model)) {
    const kinds = ['a LayersModel or GraphModel', 'a function { run }'] as const;
    const [expected, came] = wasFunction ? [kinds[1], kinds[0]] : kinds;
    throw new ArgumentError(where, 'model', `${expected}, as the detector was fitted around`, came);
  }
  if (isFunctionModel(model)) return;
  if (!saved.fingerprint) throw new FormatError(where, 'metadata.about.fingerprint', FINGERPRINTED, 'nothing');
  await checkFiniteWeights(where, model, pause);
  await checkFingerprint(where, model, saved.fingerprint, pause);
}

/** Options of {@link loadDetector}. */
export interface LoadDetectorOptions extends LoadedScorer {
  /** Images at a time; by default at most 64, and fewer where they are large. */
  blockSize?: number;
  /** Gives it up: the call rejects with its reason, and holds nothing. */
  signal?: AbortSignal;
  /** What becomes of pixels; needed where that is a function, otherwise as saved. */
  input?: ModelInput;
}

/**
 * The detector that `save` or `toBytes` wrote, around the same model again.
 *
 * The model's layers may have other names than at the fit, and its weights may have been rounded to half precision, as
 * on a phone.
 *
 * @param model the model it was fitted around; another one is an error that says what differs
 * @param source bytes, a URL of tfjs, an `io.IOHandler`, or, in Node, the path of a file
 * @param options `scorer`, the method that it was fitted with; of another one, or none, the error says which it is
 * @throws FormatError where it is no detector; ArgumentError where it belongs to another model or scorer, or where
 *   nothing can be read; the reason of `signal`
 * @example
 * const again = await loadDetector(model, detector.toBytes(), { scorer: mahalanobis() });
 * // in a browser also 'indexeddb://detector', in Node 'detector.safetensors'
 */
export async function loadDetector<Label = ClassLabel>(
  model: DetectorModel,
  source: Uint8Array | DetectorTarget,
  options?: LoadDetectorOptions,
): Promise<Detector<Label>> {
  const where = 'loadDetector';
  const { blockSize, input, signal, ...given } = readOptions(where, options, {
    scorer: [METHOD],
    methods: [METHODS],
    blockSize: [COUNT],
    input: [INPUT],
    signal: [SIGNAL],
  });
  const pause = pauses(signal);
  await pause();
  checkModel(where, model, { functions: true });
  const bytes = source instanceof Uint8Array ? source : await bytesFrom(where, source);
  const state = decodeDetector(where, bytes);
  const saved = savedModel(where, state.about);
  const method = methodOf(where, state.scorers[0]!, given);
  await checkSameModel(where, model, saved, pause);
  const names = isFunctionModel(model) ? {} : namesIn(where, model, saved);
  const reader = readNamed(where, model, names, method);
  if (reader.meaning !== undefined && saved.meaning !== reader.meaning) {
    throw new ArgumentError(where, 'model', `one whose logits are ${saved.meaning}, as at the fit`, reader.meaning);
  }
  const declared = inputShapeOf(model);
  const images = saved.imageShape && [0, ...saved.imageShape];
  if (images && !fitsInput(declared, images)) {
    throw new FormatError(where, 'metadata.about.imageShape', 'a shape that goes into the model', saved.imageShape);
  }
  if (saved.given === 'inputs') checkNoInput(where, input);
  const plan = loadedPlan(where, model, saved.input, input);
  const scorers = restoredScorers(method, state, { ...(reader.logitsOf && { logitsOf: reader.logitsOf }) });
  return detectorAround('Detector', detectorOf<Label>('Detector', scorers, state), {
    model,
    reader,
    inputShape: images ? fittedShape(declared, images) : declared,
    kind: saved.given ?? 'images',
    plan,
    blockSize,
  });
}
