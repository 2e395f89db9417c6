import * as tf from '@tensorflow/tfjs-core';
import { encodeDetector } from './detector-state';
import { DETECTOR_OPTIONS, type DetectorOptions } from './detector-options';
import { detectorOf, predictOptions } from './output-detector';
import type { OutputDetector, PredictOptions, Verdict } from './output-detector';
import { meaningFor, type ClassLabel } from './logit-meaning';
import type { CalibrationInfo } from './rare-classes';
import { namingBlock, namingRows } from './naming-rows';
import { ArgumentError } from '../core/errors';
import { nextTask } from '../core/next-task';
import { readOptions } from '../core/read-options';
import { oneBackend } from '../tensors/one-backend';
import { COUNT } from '../core/check';
import type { ModelParts } from '../scorers/contract/scorer';
import { saveBytes, type DetectorTarget } from './detector-io';
import type { ModelInputs } from './input/inputs-source';
import { kindOfRows, rowSource, type ModelRows, type RowKind } from './input/model-rows';
import { checkKnown, checkStreamed, isStream, sourcesOf } from './known/block-stream';
import { fitKnown } from './known/fit-known';
import { KNOWN, knownImages, type KnownImages } from './known/known-images';
import { rowsFrom } from './known/known-rows';
import { checkModel, isFunctionModel, type DetectorModel } from './model/detector-model';
import { checkFiniteWeights } from './model/finite-weights';
import { outputsOf, type ImageModel, type ModelImages } from './model/image-blocks';
import { placesOf } from './model/layer-places';
import { modelFingerprint } from './model/model-fingerprint';
import { namesIn, OUTPUT_NAMES } from './model/named-outputs';
import { readImageModel } from './model/read-image-model';
import type { OutputNames } from './model/model-reader';
import { checkInputShape, fittedShape, inputShapeOf, type InputShape } from './model/model-shapes';

/** Options of {@link fitDetector}. */
export interface FitDetectorOptions extends DetectorOptions, OutputNames {}

export type { KnownImages, ModelImages };

/** What verdicts are asked for: images, or rows of another kind, as the detector was fitted with. */
export type AskedRows = ModelImages | { readonly inputs: ModelInputs };

/** A classifier that says of each image whether it is something it never learned. */
export interface Detector<Label = ClassLabel> {
  /** How many images calibrate, and what of their classes the fit did not see. */
  readonly calibration: CalibrationInfo;
  /**
   * One verdict for each image, in blocks; of a stream (an async iterable of images) for all that come. What was fitted
   * with `inputs` is asked with `{ inputs }`.
   *
   * @throws ShapeError where the images do not fit the model, or have another size than at the fit; NotFiniteError
   *   naming the row of an image with NaN or an infinity, or of which the model makes one; ArgumentError for an unknown
   *   cut-point
   */
  predict(images: AskedRows | AsyncIterable<AskedRows>, options?: PredictOptions): Promise<Verdict<Label>[]>;
  /** The detector as one safetensors file, without the model. */
  toBytes(): Uint8Array;
  /**
   * Saves that file as a model is saved: to a URL of tfjs (`indexeddb://`, `localstorage://`, `http://`, with tfjs-node
   * `file://`) or an `io.IOHandler`, such as `detectorFile` of `tfjs-ood/node`.
   */
  save(target: DetectorTarget): Promise<void>;
  /** Frees what the detector holds on the backend; the model stays. */
  dispose(): void;
}

/** What a detector of images is made of, beside one of outputs. */
export interface AroundModel {
  model: DetectorModel;
  reader: ImageModel;
  /** Shape that goes in, as at the fit. */
  inputShape: InputShape;
  /** What went in at the fit. */
  kind: RowKind;
  blockSize: number;
}

/** A detector of images, of one of outputs and the reader of its model. */
export function detectorAround<Label>(
  where: string,
  inner: OutputDetector<Label>,
  { model, reader, inputShape, kind, blockSize }: AroundModel,
): Detector<Label> {
  const checkBackend = oneBackend();
  const asked = `${where}.predict`;
  const check = () => checkBackend(asked);

  async function verdictsOf(given: AskedRows, options: PredictOptions | undefined): Promise<Verdict<Label>[]> {
    const rows = askedRows(asked, given, kind);
    const { images } = rows;
    const single = images instanceof tf.Tensor && images.rank === (inputShape?.length ?? 4) - 1;
    const all = single ? { images: tf.expandDims(images, 0) } : rows;
    try {
      const source = rowSource(asked, all, model, inputShape);
      checkInputShape(asked, inputShape, source.shape, kind);
      await checkWeights(asked, model); // looked at once, until they change
      await source.check(blockSize, check);
      const pass = { where: asked, model: reader, images: source, needs: inner.scorer.needs };
      const count = source.shape[0]!;
      const verdicts: Verdict<Label>[] = [];
      for (let from = 0; from < count; from += blockSize) {
        await nextTask(); // lets a page breathe between blocks
        check(); // again after each wait, in which others may switch it
        const own = rowsFrom(from, Math.min(blockSize, count - from));
        const { batch, dispose } = await outputsOf(pass, own);
        try {
          check();
          verdicts.push(...(await namingRows(inner.predict(batch, options), own)));
        } finally {
          dispose();
        }
      }
      return verdicts;
    } finally {
      if (single) tf.dispose(all.images as tf.Tensor);
    }
  }
  return {
    calibration: inner.calibration,
    async predict(images, options) {
      check();
      predictOptions(asked, options);
      if (!isStream(images)) return verdictsOf(images, options);
      const verdicts: Verdict<Label>[] = [];
      let place = 0;
      for await (const block of images) {
        const at = { block: `images[${place++}]`, before: verdicts.length };
        for (const verdict of await namingBlock(verdictsOf(block, options), at)) verdicts.push(verdict);
      }
      return verdicts;
    },
    toBytes: () => encodeDetector(inner.state),
    save: (target) => saveBytes('Detector.save', encodeDetector(inner.state), target),
    dispose: () => inner.dispose(),
  };
}

/** What was given as rows of the kind that was fitted. @throws ArgumentError for the other one */
function askedRows(where: string, given: AskedRows, kind: RowKind): ModelRows {
  const { inputs } = (given ?? {}) as { inputs?: ModelInputs };
  if (inputs === undefined && kind === 'images') return { images: given as ModelImages };
  if (inputs !== undefined && kindOfRows(where, given as object) === kind) return { inputs };
  const [expected, received] = kind === 'inputs' ? ['{ inputs }', given] : ['images', '{ inputs }'];
  throw new ArgumentError(where, 'images', `${expected}, as at the fit`, received);
}

/** A function holds no weights that anybody knows of. */
const checkWeights = async (where: string, model: DetectorModel): Promise<void> => {
  if (!isFunctionModel(model)) await checkFiniteWeights(where, model);
};

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
 *   another kind ([N, D], [N, T], ...), which go in as they are; or an async iterable of such blocks, of which each
 *   row is drawn by itself to fit or to calibrate, and outputs alone are kept: all images never lie in memory at once
 * @param options `scorer`, `features` (a layer), `alpha`, `cutPoints`, `classNames`, ...; a scorer of features alone
 *   needs no logits in a model whose `features` are named
 * @throws ArgumentError, ShapeError, NotFiniteError as {@link featuresOf} and `fitOutputDetector`: among others where
 *   the logits are probabilities, or a scorer assumes that a row of them chooses one class and they are tags;
 *   NotFiniteError names the row of the images given, or the weight of the model
 * @example
 * const options = { scorer: nearestNeighbors(), features: 'dense_1', alpha: 0.05 };
 * const detector = await fitDetector(model, { images, labels }, options);
 * const [{ label, score, pValue, isOod }] = await detector.predict(image);
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
 * const detector = await fitDetector(model, blocks(), { scorer: nearestNeighbors() });
 */
export async function fitDetector<Label = ClassLabel>(
  model: DetectorModel,
  data: KnownImages | AsyncIterable<KnownImages>,
  options: FitDetectorOptions,
): Promise<Detector<Label>> {
  const where = 'fitDetector';
  checkModel(where, model, { functions: true });
  if (!isStream(data)) checkKnown(where, 'data', data, KNOWN);
  const own = readOptions(where, options, { ...DETECTOR_OPTIONS, ...OUTPUT_NAMES, blockSize: [COUNT, 64] });
  const { scorer: method, blockSize, classNames } = own;
  const names = namesIn(own);
  const reader = readImageModel(where, model, names, method);
  const meaning = meaningFor(where, method, reader.meaning);
  await checkWeights(where, model);
  const check = oneBackend();
  const inputShape = inputShapeOf(model);
  const known = knownImages(where, {
    model,
    reader,
    inputShape,
    needs: [...method.needs, ...(method.fitNeeds ?? [])],
    blockSize,
    classNames,
    checkBackend: () => check(where),
  });
  const rows = isStream(data)
    ? sourcesOf(where, data, KNOWN, (block: KnownImages) => known.sourceOf(checkStreamed(where, block, classNames)))
    : await known.sourceOf(data);
  const identity = { ...names, ...(await identityOf(model, names)) };
  const about = () => {
    const { kind, shape } = known.first();
    return { ...identity, imageShape: shape, ...(kind === 'inputs' && { given: kind }) };
  };
  const parts = await partsOf(where, reader, method);
  const inner = detectorOf<Label>(where, await fitKnown(where, { rows, parts, options: own, meaning, about }));
  const { kind, shape } = known.first();
  return detectorAround('Detector', inner, {
    model,
    reader,
    inputShape: fittedShape(inputShape, [0, ...shape]),
    kind,
    blockSize,
  });
}

/** What a saved detector says of its model: its fingerprint and where the names are, or that it is a function. */
async function identityOf(model: DetectorModel, names: OutputNames) {
  if (isFunctionModel(model)) return { model: 'function' };
  return { places: { ...placesOf(model, names) }, fingerprint: { ...(await modelFingerprint(model)) } };
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
