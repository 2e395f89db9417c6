import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { OutputSource } from './output-source';
import { encodeDetector } from './detector-state';
import { fitFromSource } from './output-detector';
import type { DetectorOptions, OutputDetector, PredictOptions, Verdict } from './output-detector';
import type { CalibrationInfo } from './rare-classes';
import { namingRows } from './naming-rows';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import { oneBackend } from '../tensors/one-backend';
import { checkOption, COUNT } from '../core/check';
import type { ModelParts } from '../scorers/contract/scorer';
import { saveBytes, type DetectorTarget } from './detector-io';
import { checkFiniteWeights } from './model/finite-weights';
import type { GraphModelLike } from './model/graph-model-like';
import { imageSource, outputsOf, type ModelImages } from './model/image-blocks';
import { placesOf } from './model/layer-places';
import { modelFingerprint } from './model/model-fingerprint';
import { readModel } from './model/model-outputs';
import type { ModelPasses, OutputNames } from './model/model-reader';
import { checkInputShape, fittedShape, inputShapeOf, type InputShape } from './model/model-shapes';

/** Options of {@link fitDetector}. */
export interface FitDetectorOptions extends DetectorOptions, OutputNames {}

export type { ModelImages };

/** A classifier that says of each image whether it is something it never learned. */
export interface Detector {
  /** How many images calibrate, and what of their classes the fit did not see. */
  readonly calibration: CalibrationInfo;
  /**
   * One verdict for each image, in blocks.
   *
   * @throws ShapeError where the images do not fit the model, or have another size than at the fit; NotFiniteError
   *   naming the row of an image with NaN or an infinity, or of which the model makes one; ArgumentError for an unknown
   *   cut-point
   */
  predict(images: ModelImages, options?: PredictOptions): Promise<Verdict[]>;
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
export function detectorAround(
  where: string,
  model: LayersModel | GraphModelLike,
  reader: ModelPasses,
  inner: OutputDetector,
  inputShape: InputShape,
  blockSize: number,
): Detector {
  const checkBackend = oneBackend();
  const asked = `${where}.predict`;
  const check = () => checkBackend(asked);
  return {
    calibration: inner.calibration,
    async predict(images, options) {
      check();
      const single = images instanceof tf.Tensor && images.rank === (inputShape?.length ?? 4) - 1;
      const all = single ? tf.expandDims(images, 0) : images;
      try {
        const source = imageSource(asked, all);
        checkInputShape(asked, inputShape, source.shape);
        await checkFiniteWeights(asked, model); // looked at once, until they change
        await source.check(blockSize, check);
        const pass = { where: asked, model: reader, images: source, needs: inner.scorer.needs };
        const count = source.shape[0]!;
        const verdicts: Verdict[] = [];
        for (let from = 0; from < count; from += blockSize) {
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
 * @param model a tfjs LayersModel, or a GraphModel, named nodes where it does not end with a dense layer; it stays the
 *   caller's and must live as long as the detector
 * @param data images [N, H, W, C] and their class indices [N]
 * @param options `scorer`, `features` (a layer), `alpha`, `cutPoints`, `classNames`, ...
 * @throws ArgumentError, ShapeError, NotFiniteError as {@link featuresOf} and `fitOutputDetector`; NotFiniteError names
 *   the row of the images given, or the weight of the model
 * @example
 * const options = { scorer: nearestNeighbors(), features: 'dense_1', alpha: 0.05 };
 * const detector = await fitDetector(model, { images, labels }, options);
 * const [{ label, score, pValue, isOod }] = await detector.predict(image);
 */
export async function fitDetector(
  model: LayersModel | GraphModelLike,
  data: { images: ModelImages; labels: ArrayLike<number> },
  options: FitDetectorOptions,
): Promise<Detector> {
  const where = 'fitDetector';
  const { features, logits, pool, blockSize = 64, scorer: method } = options;
  checkOption(where, 'blockSize', blockSize, COUNT);
  const fits = { needs: [...(method?.needs ?? []), ...(method?.fitNeeds ?? [])] };
  const names = { ...(features && { features }), ...(logits && { logits }), ...(pool && { pool }) };
  const needsFeatures = fits.needs.includes('features');
  const reader = readModel(where, model, names, needsFeatures);
  const images = imageSource(where, data.images);
  checkInputShape(where, inputShapeOf(model), images.shape);
  const labels = checkLabels(where, data.labels);
  if (labels.length !== images.shape[0]) {
    throw new ShapeError(where, 'labels', `${images.shape[0]} labels, one for each image`, labels.length);
  }
  await checkFiniteWeights(where, model);
  const checkBackend = oneBackend();
  await images.check(blockSize, () => checkBackend(where));
  const pass = { where, model: reader, images, needs: fits.needs };
  const source: OutputSource = { labels, batchOf: (rows) => outputsOf(pass, rows) };
  checkBackend(where);
  const imageShape = images.shape.slice(1);
  const fingerprint = { ...(await modelFingerprint(model)) };
  const about = { ...names, places: { ...placesOf(model, names) }, fingerprint, imageShape };
  const inner = await fitFromSource(
    where,
    source,
    await partsOf(where, reader, method),
    { ...options, blockSize },
    about,
  );
  return detectorAround('Detector', model, reader, inner, fittedShape(inputShapeOf(model), images.shape), blockSize);
}

/** What the method needs of the model as a whole. */
async function partsOf(
  where: string,
  reader: ModelPasses,
  method: DetectorOptions['scorer'],
): Promise<Partial<ModelParts>> {
  const { logitsOf } = reader;
  if (!method?.fitNeeds?.includes('head')) return { logitsOf };
  const head = await reader.head();
  if (head) return { head, logitsOf };
  const expected = `a model with a last dense layer, whose weights '${method.kind}' needs`;
  throw new ArgumentError(where, 'model', expected, 'one without, or with named logits');
}
