import { DETECTOR_OPTIONS, type DetectorOptions } from './detector-options';
import { detectorOf } from './judged-detector';
import { checkWeights, detectorAround, type Detector } from './around-model';
import { meaningFor, type ClassLabel, type NamedLabel } from './logit-meaning';
import { ArgumentError } from '../core/errors';
import { pauses, type Pause } from '../core/pauses';
import { readOptions } from '../core/read-options';
import { oneBackend } from '../tensors/one-backend';
import { COUNT } from '../core/check';
import type { ModelParts } from '../scorers/contract/scorer';
import { INPUT, type ModelInput } from './input/model-input';
import { savedInput } from './input/saved-input';
import { METADATA_JSON, readMetadata, type TeachableMetadata } from './input/teachable-metadata';
import { checkStreamed, isStream, sourcesOf } from './known/block-stream';
import { fitKnown } from './known/fit-known';
import { KNOWN, knownImages, type KnownImages } from './known/known-images';
import { sharedScorers } from './shared-scorers';
import { checkModel, isFunctionModel, type DetectorModel } from './model/detector-model';
import { type ImageModel } from './model/image-blocks';
import { placesOf } from './model/layer-places';
import { pausingFingerprint } from './model/model-fingerprint';
import { namesIn, OUTPUT_NAMES } from './model/named-outputs';
import { readImageModel } from './model/read-image-model';
import type { OutputNames } from './model/model-reader';
import { fittedShape, inputShapeOf } from './model/model-shapes';

/** Outputs of calibration rows at a time, which are small. */
const KEPT_ROWS = 256;

/** Options of {@link fitDetector}. */
export interface FitDetectorOptions extends DetectorOptions, OutputNames {
  /**
   * Which numbers the model takes for pixels of 0..255, and of which size. By default what the model's first layers
   * show, else `'0..1'`.
   */
  input?: ModelInput;
  /** The parsed `metadata.json` of Teachable Machine, which says `input` and `classNames`. */
  metadata?: TeachableMetadata;
}

export type { KnownImages };

/**
 * Puts an OoD detector around a classifier that exists, without retraining: fits a scorer on images of the known
 * classes, and calibrates it on a part of them that it holds out by itself.
 *
 * On average (over the draw of the calibration images) at most a share `alpha` of known images will be called OoD,
 * where new images come as those did; a single calibration lies around it. Fewer than 1 / alpha - 1 calibration images
 * never call anything OoD: 19 for 0.05, of some 95 images in all. Over a long use some alarm is certain: at 0.05 it
 * comes in up to 64 % of runs of 20 known images; take a lower rate, confirm by a second image, or judge a batch by
 * `benjaminiHochberg`. Take images that did not train the model where you can: on those that did, many scores are too
 * low, and the false alarms more than promised.
 *
 * Warns where more images than `alpha` are alone in their class: no threshold finds novel classes then.
 *
 * @param model a tfjs LayersModel, or a GraphModel, named nodes where it does not end with a dense layer, or any
 *   function of images, `{ run }`; it stays the caller's and must live as long as the detector
 * @param data images [N, H, W, C] and, where the scorer needs them, their class indices or names [N]; or `inputs` of
 *   another kind ([N, D], [N, T], ...), which go in as they are; or an async iterable of such blocks, of which each row
 *   is drawn by itself to fit or to calibrate, and outputs alone are kept: all images never lie in memory at once
 * @param options `scorer`, `features` (a layer), `alpha`, `cutPoints`, `classNames`, ...; a scorer of features alone
 *   needs no logits in a model whose `features` are named
 * @throws ArgumentError, ShapeError, NotFiniteError as {@link featuresOf} and `fitOutputDetector`: among others where
 *   the logits are probabilities, or a scorer assumes that a row of them chooses one class and they are tags;
 *   NotFiniteError names the row of the images given, or the weight of the model; the reason of `signal`
 * @example
 * const options = { scorer: nearestNeighbors(), features: 'dense_1', alpha: 0.05 };
 * const detector = await fitDetector(model, { images, labels }, options);
 * const { label, score, pValue, isOod } = await detector.predictOne(image);
 * @example
 * const pixels = { run: (x: tf.Tensor) => ({ features: tf.reshape(x, [x.shape[0]!, -1]) }) };
 * const detector = await fitDetector(pixels, { images }, { scorer: nearestNeighbors() }); // any function, no labels
 * @example
 * async function* blocks() {
 *   for (let from = 0; from < labels.length; from += 30) {
 *     const block = tf.slice(images, from, 30); // read from a file, say; it is yours to free
 *     yield { images: block, labels: labels.slice(from, from + 30) };
 *     block.dispose();
 *   }
 * }
 * const detector = await fitDetector(model, blocks(), { scorer: nearestNeighbors(), calibrationShare: 0.3 });
 */
export async function fitDetector<const Names extends readonly string[]>(
  model: DetectorModel,
  data: KnownImages | AsyncIterable<KnownImages>,
  options: FitDetectorOptions & { readonly classNames: Names },
): Promise<Detector<NamedLabel<Names>>>;
export async function fitDetector<Label = ClassLabel>(
  model: DetectorModel,
  data: KnownImages | AsyncIterable<KnownImages>,
  options: FitDetectorOptions,
): Promise<Detector<Label>>;
export async function fitDetector<Label>(
  model: DetectorModel,
  data: KnownImages | AsyncIterable<KnownImages>,
  options: FitDetectorOptions,
): Promise<Detector<Label>> {
  const where = 'fitDetector';
  checkModel(where, model, { functions: true });
  const { metadata, ...own } = readOptions(where, options, {
    ...DETECTOR_OPTIONS,
    ...OUTPUT_NAMES,
    blockSize: [COUNT],
    input: [INPUT],
    metadata: [METADATA_JSON],
  });
  const told = metadata && readMetadata(metadata);
  const { scorer: method, blockSize, input, classNames = told?.classNames } = own;
  const names = namesIn(own);
  const reader = readImageModel(where, model, names, method);
  const meaning = meaningFor(where, method, reader.meaning);
  const pause = pauses(own.signal);
  await pause();
  await checkWeights(where, model, pause);
  const check = oneBackend();
  const inputShape = inputShapeOf(model);
  const known = knownImages(where, {
    model,
    reader,
    inputShape,
    needs: [...method.needs, ...(method.fitNeeds ?? [])],
    input,
    told: told?.input,
    blockSize,
    classNames,
    async ready() {
      await pause();
      check(where); // others may have switched it meanwhile
    },
  });
  const rows = isStream(data)
    ? sourcesOf(where, data, KNOWN, (block: KnownImages) => known.sourceOf(checkStreamed(where, block, classNames)))
    : await known.sourceOf(data);
  const identity = { ...names, ...(await identityOf(model, names, pause)) };
  const about = () => {
    const { kind, shape, plan } = known.seen();
    return {
      ...identity,
      imageShape: shape,
      ...(kind === 'inputs' ? { given: kind } : { input: { ...savedInput(plan) } }),
    };
  };
  const parts = await partsOf(where, reader, method);
  const all = { ...own, classNames, blockSize: blockSize ?? KEPT_ROWS };
  const fitted = await fitKnown(where, { rows, parts, options: all, meaning, about });
  const inner = detectorOf<Label>(where, sharedScorers(fitted.scorers), fitted.state);
  const { kind, shape, plan } = known.seen();
  return detectorAround('Detector', inner, {
    model,
    reader,
    inputShape: fittedShape(inputShape, [0, ...shape]),
    kind,
    plan,
    blockSize,
  });
}

/** What a saved detector says of its model: its fingerprint and where the names are, or that it is a function. */
async function identityOf(model: DetectorModel, names: OutputNames, pause: Pause) {
  if (isFunctionModel(model)) return { model: 'function' };
  return { places: { ...placesOf(model, names) }, fingerprint: { ...(await pausingFingerprint(model, pause)) } };
}

/** What the method needs of the model as a whole. */
async function partsOf(
  where: string,
  reader: ImageModel,
  method: DetectorOptions['scorer'],
): Promise<Partial<ModelParts>> {
  const given = { ...(reader.logitsOf && { logitsOf: reader.logitsOf }) };
  if (!method.fitNeeds?.includes('head')) return given;
  const head = await reader.head();
  if (head) return { ...given, head };
  const expected = `a model with a last dense layer, whose weights '${method.kind}' needs`;
  throw new ArgumentError(where, 'model', expected, 'one without');
}
