import * as tf from '@tensorflow/tfjs-core';
import type { OutputSource } from './output-source';
import { encodeDetector } from './detector-state';
import { DETECTOR_OPTIONS, type DetectorOptions } from './detector-options';
import { fitFromSource, predictOptions } from './output-detector';
import type { OutputDetector, PredictOptions, Verdict } from './output-detector';
import { meaningFor, type ClassLabel } from './logit-meaning';
import type { CalibrationInfo } from './rare-classes';
import { namingRows } from './naming-rows';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import { nextTask } from '../core/next-task';
import { readOptions } from '../core/read-options';
import { oneBackend } from '../tensors/one-backend';
import { COUNT } from '../core/check';
import type { ModelParts } from '../scorers/contract/scorer';
import { saveBytes, type DetectorTarget } from './detector-io';
import { checkModel, isFunctionModel, type DetectorModel } from './model/detector-model';
import { checkFiniteWeights } from './model/finite-weights';
import { outputsOf, type ImageModel } from './model/image-blocks';
import { defaultBlockSize } from './input/default-block-size';
import { imageSource } from './input/image-source';
import type { ModelImages } from './input/given-images';
import { inputPlan, type InputPlan } from './input/input-plan';
import { knownImages, type ShapedKnownImages } from './input/known-images';
import { INPUT, type ModelInput } from './input/model-input';
import { savedInput } from './input/saved-input';
import { METADATA_JSON, readMetadata, type TeachableMetadata } from './input/teachable-metadata';
import { placesOf } from './model/layer-places';
import { modelFingerprint } from './model/model-fingerprint';
import { namesIn, OUTPUT_NAMES } from './model/named-outputs';
import { readImageModel } from './model/read-image-model';
import type { OutputNames } from './model/model-reader';
import { fittedShape, inputShapeOf, type InputShape } from './model/model-shapes';

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

export type { ModelImages };

/** Known images, and their class indices [N] where the scorer needs them. */
export interface KnownImages {
  images: ModelImages;
  labels?: ArrayLike<number>;
}

/** A classifier that says of each image whether it is something it never learned. */
export interface Detector<Label = ClassLabel> {
  /** How many images calibrate, and what of their classes the fit did not see. */
  readonly calibration: CalibrationInfo;
  /**
   * One verdict for each image, in blocks.
   *
   * @throws ShapeError where the images do not fit the model, or have another size than at the fit; NotFiniteError
   *   naming the row of an image with NaN or an infinity, or of which the model makes one; ArgumentError for an unknown
   *   cut-point
   */
  predict(images: ModelImages, options?: PredictOptions): Promise<Verdict<Label>[]>;
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

/** A detector of images, of one of outputs and the reader of its model. */
export function detectorAround<Label>(
  where: string,
  model: DetectorModel,
  reader: ImageModel,
  inner: OutputDetector<Label>,
  inputShape: InputShape,
  plan: InputPlan,
  givenSize: number | undefined,
): Detector<Label> {
  const checkBackend = oneBackend();
  const asked = `${where}.predict`;
  const check = () => checkBackend(asked);
  return {
    calibration: inner.calibration,
    async predict(images, options) {
      check();
      predictOptions(asked, options);
      const source = await imageSource(asked, images, { plan, expected: inputShape, rank: inputShape?.length ?? 4 });
      const blockSize = givenSize ?? defaultBlockSize(source.shape, tf.getBackend());
      check();
      await checkWeights(asked, model); // looked at once, until they change
      await source.check(blockSize, check);
      const pass = { where: asked, model: reader, images: source, needs: inner.scorer.needs };
      const count = source.shape[0]!;
      const verdicts: Verdict<Label>[] = [];
      for (let from = 0; from < count; from += blockSize) {
        await nextTask(); // lets a page breathe between blocks
        check(); // again after each wait, in which others may switch it
        const rows = Int32Array.from({ length: Math.min(blockSize, count - from) }, (_, i) => from + i);
        const { batch, dispose } = await outputsOf(pass, rows);
        try {
          check();
          verdicts.push(...(await namingRows(inner.predict(batch, options), rows)));
        } finally {
          dispose();
        }
      }
      return verdicts;
    },
    toBytes: () => encodeDetector(inner.state),
    save: (target) => saveBytes('Detector.save', encodeDetector(inner.state), target),
    dispose: () => inner.dispose(),
  };
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
 * @param data images [N, H, W, C] and, where the scorer needs them, their class indices [N]
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
 */
export async function fitDetector<Label = ClassLabel>(
  model: DetectorModel,
  data: KnownImages | ShapedKnownImages,
  options: FitDetectorOptions,
): Promise<Detector<Label>> {
  const where = 'fitDetector';
  checkModel(where, model, { functions: true });
  const known = knownImages(where, data);
  const { metadata, ...own } = readOptions(where, options, {
    ...DETECTOR_OPTIONS,
    ...OUTPUT_NAMES,
    blockSize: [COUNT],
    input: [INPUT],
    metadata: [METADATA_JSON],
  });
  const told = metadata && readMetadata(metadata);
  const { scorer: method, input = told?.input, classNames = told?.classNames } = own;
  const names = namesIn(own);
  const needs = [...method.needs, ...(method.fitNeeds ?? [])];
  const reader = readImageModel(where, model, names, method);
  const meaning = meaningFor(where, method, reader.meaning);
  const asked = await inputPlan(where, model, input);
  const images = await imageSource(where, known.images, { plan: asked, expected: inputShapeOf(model) });
  const count = images.shape[0]!;
  const labels = known.labels === undefined ? undefined : checkLabels(where, known.labels);
  if (labels && labels.length !== count) {
    throw new ShapeError(where, 'labels', `${count} labels, one for each image`, labels.length);
  }
  await checkWeights(where, model);
  const checkBackend = oneBackend();
  const blockSize = own.blockSize ?? defaultBlockSize(images.shape, tf.getBackend());
  const plan = await images.checkFitted(blockSize, () => checkBackend(where));
  const pass = { where, model: reader, images, needs };
  const source: OutputSource = {
    count,
    labels,
    async batchOf(rows) {
      await nextTask();
      checkBackend(where);
      return outputsOf(pass, rows);
    },
  };
  checkBackend(where);
  const kept = { imageShape: images.shape.slice(1), input: { ...savedInput(plan) } };
  const about = { ...names, ...(await identityOf(model, names)), ...kept };
  const parts = await partsOf(where, reader, method);
  const fitted = { source, parts, options: { ...own, blockSize, classNames }, meaning, about };
  const inner = await fitFromSource<Label>(where, fitted);
  const shape = fittedShape(inputShapeOf(model), images.shape);
  return detectorAround('Detector', model, reader, inner, shape, plan, own.blockSize);
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
