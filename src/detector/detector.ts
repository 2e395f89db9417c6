import * as tf from '@tensorflow/tfjs-core';
import { encodeDetector, type DetectorState } from './detector-state';
import { DETECTOR_OPTIONS, type DetectorOptions } from './detector-options';
import { detectorOf, predictOptions } from './judged-detector';
import type { OutputDetector, PredictOptions, RecalibrateOptions, Verdict } from './judged-detector';
import { meaningFor, type ClassLabel } from './logit-meaning';
import type { CalibrationInfo } from './calibration/calibration-info';
import { namingBlock, namingRows } from './naming-rows';
import { ArgumentError } from '../core/errors';
import { nextTask } from '../core/next-task';
import { readOptions } from '../core/read-options';
import { oneBackend } from '../tensors/one-backend';
import { COUNT } from '../core/check';
import type { ModelParts } from '../scorers/contract/scorer';
import { saveBytes, type DetectorTarget } from './detector-io';
import { defaultBlockSize } from './input/default-block-size';
import { shownGiven, type ModelImages } from './input/given-images';
import type { InputPlan } from './input/input-plan';
import type { ModelInputs } from './input/inputs-source';
import { INPUT, type ModelInput } from './input/model-input';
import { kindOfRows, rowSource, type ModelRows, type RowKind } from './input/model-rows';
import { savedInput } from './input/saved-input';
import { METADATA_JSON, readMetadata, type TeachableMetadata } from './input/teachable-metadata';
import { checkStreamed, isStream, sourcesOf } from './known/block-stream';
import { fitKnown } from './known/fit-known';
import { KNOWN, knownImages, type KnownImages } from './known/known-images';
import { rowsFrom, type KnownBatch } from './known/known-rows';
import { sharedScorers } from './shared-scorers';
import { checkModel, isFunctionModel, type DetectorModel } from './model/detector-model';
import { checkFiniteWeights } from './model/finite-weights';
import { outputsOf, type ImageModel } from './model/image-blocks';
import { placesOf } from './model/layer-places';
import { modelFingerprint } from './model/model-fingerprint';
import { namesIn, OUTPUT_NAMES } from './model/named-outputs';
import { readImageModel } from './model/read-image-model';
import type { OutputNames } from './model/model-reader';
import { fittedShape, inputShapeOf, type InputShape } from './model/model-shapes';

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

/** What verdicts are asked for: images, or rows of another kind, as the detector was fitted with. */
export type AskedRows = ModelImages | { readonly inputs: ModelInputs };

/** A classifier that says of each image whether it is something it never learned. */
export interface Detector<Label = ClassLabel> {
  readonly state: DetectorState;
  /** What calibrates, what it allows and promises, and what of the classes the fit did not see. */
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
  /**
   * The same detector with the calibration of other known images, of a new camera or month; nothing is fitted. This one
   * stays as it is, and holds the same memory; dispose of both.
   *
   * @param images known images that fitted nothing
   * @param options `keep: true`: they come to those of before, which held-out ones allow
   * @throws as `predict`; ArgumentError where so few images can never make an alarm, unless the fit accepted it
   */
  recalibrate(images: AskedRows | AsyncIterable<AskedRows>, options?: RecalibrateOptions): Promise<Detector<Label>>;
  /**
   * The same detector with the calibrations of both, which were made of one scorer in two places.
   *
   * @throws ArgumentError where the other has another scorer, or one of them is calibrated by folds
   */
  mergeCalibration(other: { readonly state: DetectorState }): Detector<Label>;
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
  /** What becomes of images, and which numbers they may have. */
  plan: InputPlan;
  /** Images at a time; undefined: by their size. */
  blockSize: number | undefined;
}

/** A detector of images, of one of outputs and the reader of its model. */
export function detectorAround<Label>(
  where: string,
  inner: OutputDetector<Label>,
  { model, reader, inputShape, kind, plan, blockSize: givenSize }: AroundModel,
): Detector<Label> {
  const checkBackend = oneBackend();
  const asked = `${where}.predict`;
  const check = () => checkBackend(asked);

  /** What the model makes of the rows, block by block, for `use`; errors name the caller's rows. */
  async function* eachBlock(at: string, given: AskedRows): AsyncGenerator<{ batch: KnownBatch; own: Int32Array }> {
    const check = () => checkBackend(at);
    const rank = inputShape?.length ?? 4;
    const source = await rowSource(at, askedRows(at, given, kind), { model, expected: inputShape, plan, rank });
    const blockSize = givenSize ?? defaultBlockSize(source.shape, tf.getBackend());
    check();
    await checkWeights(at, model); // looked at once, until they change
    await source.check(blockSize, check);
    const pass = { where: at, model: reader, images: source, needs: inner.needs };
    const count = source.shape[0]!;
    for (let from = 0; from < count; from += blockSize) {
      await nextTask(); // lets a page breathe between blocks
      check(); // again after each wait, in which others may switch it
      const own = rowsFrom(from, Math.min(blockSize, count - from));
      const { batch, dispose } = await outputsOf(pass, own);
      try {
        check();
        yield { batch, own };
      } finally {
        dispose();
      }
    }
  }

  async function verdictsOf(given: AskedRows, options: PredictOptions | undefined): Promise<Verdict<Label>[]> {
    const verdicts: Verdict<Label>[] = [];
    for await (const { batch, own } of eachBlock(asked, given)) {
      verdicts.push(...(await namingRows(inner.predict(batch, options), own)));
    }
    return verdicts;
  }

  /** Outputs of images, or of a stream of them. */
  async function* outputs(where: string, given: AskedRows | AsyncIterable<AskedRows>): AsyncGenerator<KnownBatch> {
    const isMany = isStream(given);
    let [place, before] = [0, 0];
    for await (const block of isMany ? given : [given]) {
      const at = { block: `images[${place++}]`, before };
      const named = <T>(next: Promise<T>) => (isMany ? namingBlock(next, at) : next);
      const blocks = eachBlock(where, block);
      try {
        // By hand, so that an error names the block
        for (let next = await named(blocks.next()); !next.done;) {
          before += next.value.own.length;
          yield next.value.batch;
          next = await named(blocks.next());
        }
      } finally {
        await blocks.return(undefined);
      }
    }
  }

  const around = (other: OutputDetector<Label>): Detector<Label> =>
    detectorAround(where, other, { model, reader, inputShape, kind, plan, blockSize: givenSize });
  return {
    state: inner.state,
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
    async recalibrate(images, options) {
      return around(await inner.recalibrate(outputs(`${where}.recalibrate`, images), options));
    },
    mergeCalibration: (other) => around(inner.mergeCalibration(other)),
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
  const [expected, received] = kind === 'inputs' ? ['{ inputs }', shownGiven(given)] : ['images', '{ inputs }'];
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
 *   another kind ([N, D], [N, T], ...), which go in as they are; or an async iterable of such blocks, of which each row is
 *   drawn by itself to fit or to calibrate, and outputs alone are kept: all images never lie in memory at once
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
  await checkWeights(where, model);
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
    checkBackend: () => check(where),
  });
  const rows = isStream(data)
    ? sourcesOf(where, data, KNOWN, (block: KnownImages) => known.sourceOf(checkStreamed(where, block, classNames)))
    : await known.sourceOf(data);
  const identity = { ...names, ...(await identityOf(model, names)) };
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
