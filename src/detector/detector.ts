import * as tf from '@tensorflow/tfjs-core';
import type { OutputSource } from './output-source';
import { encodeDetector } from './detector-state';
import { DETECTOR_OPTIONS, type DetectorOptions } from './detector-options';
import { fitFromSource } from './output-detector';
import { predictOptions, type OutputDetector, type PredictOptions, type Verdict } from './judged-detector';
import { meaningFor, type ClassLabel } from './logit-meaning';
import type { CalibrationInfo } from './calibration/calibration-info';
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
import { imageSource, outputsOf, type ImageModel, type ModelImages } from './model/image-blocks';
import { placesOf } from './model/layer-places';
import { modelFingerprint } from './model/model-fingerprint';
import { namesIn, OUTPUT_NAMES } from './model/named-outputs';
import { readImageModel } from './model/read-image-model';
import type { OutputNames } from './model/model-reader';
import { checkInputShape, fittedShape, inputShapeOf, type InputShape } from './model/model-shapes';

/** Options of {@link fitDetector}. */
export interface FitDetectorOptions extends DetectorOptions, OutputNames {}

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
  blockSize: number,
): Detector<Label> {
  const checkBackend = oneBackend();
  const asked = `${where}.predict`;
  const check = () => checkBackend(asked);
  return {
    calibration: inner.calibration,
    async predict(images, options) {
      check();
      predictOptions(asked, options);
      const single = images instanceof tf.Tensor && images.rank === (inputShape?.length ?? 4) - 1;
      const all = single ? tf.expandDims(images, 0) : images;
      try {
        const source = imageSource(asked, all);
        checkInputShape(asked, inputShape, source.shape);
        await checkWeights(asked, model); // looked at once, until they change
        await source.check(blockSize, check);
        const pass = { where: asked, model: reader, images: source, needs: inner.needs };
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
      } finally {
        if (single) tf.dispose(all as tf.Tensor);
      }
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
  data: KnownImages,
  options: FitDetectorOptions,
): Promise<Detector<Label>> {
  const where = 'fitDetector';
  checkModel(where, model, { functions: true });
  if (typeof data !== 'object' || data === null) {
    throw new ArgumentError(where, 'data', '{ images, labels }', data);
  }
  const own = readOptions(where, options, { ...DETECTOR_OPTIONS, ...OUTPUT_NAMES, blockSize: [COUNT, 64] });
  const { scorer: method, blockSize } = own;
  const names = namesIn(own);
  const needs = [...method.needs, ...(method.fitNeeds ?? [])];
  const reader = readImageModel(where, model, names, method);
  const meaning = meaningFor(where, method, reader.meaning);
  const images = imageSource(where, data.images);
  checkInputShape(where, inputShapeOf(model), images.shape);
  const count = images.shape[0]!;
  const labels = data.labels === undefined ? undefined : checkLabels(where, data.labels);
  if (labels && labels.length !== count) {
    throw new ShapeError(where, 'labels', `${count} labels, one for each image`, labels.length);
  }
  await checkWeights(where, model);
  const checkBackend = oneBackend();
  await images.check(blockSize, () => checkBackend(where));
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
  const about = { ...names, ...(await identityOf(model, names)), imageShape: images.shape.slice(1) };
  const parts = await partsOf(where, reader, method);
  const inner = await fitFromSource<Label>(where, { source, parts, options: own, meaning, about });
  return detectorAround('Detector', model, reader, inner, fittedShape(inputShapeOf(model), images.shape), blockSize);
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
