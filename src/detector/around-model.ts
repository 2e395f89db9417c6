import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError } from '../core/errors';
import { checkSignal, pauses, type Pause } from '../core/pauses';
import { oneBackend } from '../tensors/one-backend';
import type { CalibrationInfo } from './calibration/calibration-info';
import { predictOneOptions, predictOptions, recalibrateOptions } from './calls/call-options';
import { checkNoStream, checkOne } from './calls/one-row';
import { saveBytes, type DetectorTarget } from './detector-io';
import { encodeDetector, type DetectorState } from './detector-state';
import type { DetectorEvaluation, DetectorEvaluationOptions, EvaluatedRows } from './evaluation/detector-evaluation';
import { defaultBlockSize } from './input/default-block-size';
import { shownGiven, type ModelImages } from './input/given-images';
import type { InputPlan } from './input/input-plan';
import type { ModelInputs } from './input/inputs-source';
import { kindOfRows, rowSource, type ModelRows, type RowKind } from './input/model-rows';
import type { OutputDetector, PredictOneOptions, PredictOptions, RecalibrateOptions, Verdict } from './judged-detector';
import { isStream } from './known/block-stream';
import type { KnownImages } from './known/known-images';
import { rowsFrom, type KnownBatch } from './known/known-rows';
import type { ClassLabel } from './logit-meaning';
import { isFunctionModel, type DetectorModel } from './model/detector-model';
import { checkFiniteWeights } from './model/finite-weights';
import { outputsOf, type ImageModel } from './model/image-blocks';
import type { InputShape } from './model/model-shapes';
import { namingBlock, namingRows } from './naming-rows';

/** What verdicts are asked for: images, or rows of another kind, as the detector was fitted with. */
export type AskedRows = ModelImages | { readonly inputs: ModelInputs };

/** Known images and sets of strange ones, each at once or block by block. */
export type ImagesToEvaluate = EvaluatedRows<
  KnownImages | AskedRows | AsyncIterable<KnownImages | AskedRows>,
  KnownImages | AskedRows | AsyncIterable<KnownImages | AskedRows>
>;

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
   *   cut-point; the reason of `signal`
   */
  predict(images: AskedRows | AsyncIterable<AskedRows>, options?: PredictOptions): Promise<Verdict<Label>[]>;
  /** The verdict of one image. @throws as `predict`; ArgumentError for more images than one, or none */
  predictOne(image: AskedRows, options?: PredictOneOptions): Promise<Verdict<Label>>;
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
  /**
   * How good the detector is, in numbers with intervals and in words, by known and strange images that it never saw:
   * with a title the result is a report, `htmlReport({ title, ...result })`.
   *
   * @param sets `known`: images as at the fit, with `labels` the accuracy too; `strange`: images by name
   * @throws as `predict`, naming the set; ArgumentError for a set without images, or none, or labels of no class
   */
  evaluate(sets: ImagesToEvaluate, options?: DetectorEvaluationOptions): Promise<DetectorEvaluation>;
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

/** How somebody asks for blocks. */
interface BlocksAsked {
  pause: Pause;
  /** Whether there must be one row alone. */
  isOne?: boolean;
}

/** What the model makes of some rows, which of all they are, and how many there are. */
interface AskedBlock {
  batch: KnownBatch;
  own: Int32Array;
  count: number;
}

/** A detector of images, of one of outputs and the reader of its model. */
export function detectorAround<Label>(
  where: string,
  inner: OutputDetector<Label>,
  { model, reader, inputShape, kind, plan, blockSize: givenSize }: AroundModel,
): Detector<Label> {
  const checkBackend = oneBackend();
  /** What the model makes of the rows, block by block, for `use`; errors name the caller's rows. */
  async function* eachBlock(at: string, given: AskedRows, { pause, isOne }: BlocksAsked): AsyncGenerator<AskedBlock> {
    /** Others have their turn; they may switch the backend meanwhile. */
    const ready = async () => {
      await pause();
      checkBackend(at);
    };
    const rank = inputShape?.length ?? 4;
    const source = await rowSource(at, askedRows(at, given, kind), {
      model,
      expected: inputShape,
      plan,
      rank,
      ready,
    });
    const count = source.shape[0]!;
    if (isOne) checkOne(at, 'images', count);
    const blockSize = givenSize ?? defaultBlockSize(source.shape, tf.getBackend());
    checkBackend(at);
    await checkWeights(at, model, pause); // looked at once, until they change
    await source.check(blockSize);
    const pass = { where: at, model: reader, images: source, needs: inner.needs };
    for (let from = 0; from < count; from += blockSize) {
      await ready();
      const own = rowsFrom(from, Math.min(blockSize, count - from));
      const { batch, dispose } = await outputsOf(pass, own);
      try {
        checkBackend(at);
        yield { batch, own, count };
      } finally {
        dispose();
      }
    }
  }

  /** `onProgress` is called with the rows of this block that are done, and how many it has. */
  async function verdictsOf(
    at: string,
    given: AskedRows,
    { onProgress, ...how }: ReturnType<typeof predictOptions>,
    isOne = false,
  ): Promise<Verdict<Label>[]> {
    const verdicts: Verdict<Label>[] = [];
    const options = { cutPoint: how.cutPoint, ...(how.signal && { signal: how.signal }) };
    for await (const { batch, own, count } of eachBlock(at, given, { pause: pauses(how.signal), isOne })) {
      for (const verdict of await namingRows(inner.predict(batch, options), own)) verdicts.push(verdict);
      onProgress?.(verdicts.length, count);
    }
    return verdicts;
  }

  /** Outputs of images, or of a stream of them; rows are done once the next are asked for. */
  async function* outputs(
    where: string,
    given: AskedRows | AsyncIterable<AskedRows>,
    { signal, onProgress }: Pick<PredictOptions, 'onProgress' | 'signal'>,
  ): AsyncGenerator<KnownBatch> {
    const isMany = isStream(given);
    const pause = pauses(signal);
    let [place, before] = [0, 0];
    for await (const block of isMany ? given : [given]) {
      checkSignal(signal);
      const at = { block: `images[${place++}]`, before };
      const named = <T>(next: Promise<T>) => (isMany ? namingBlock(next, at) : next);
      const blocks = eachBlock(where, block, { pause });
      try {
        // By hand, so that an error names the block
        for (let next = await named(blocks.next()); !next.done;) {
          before += next.value.own.length;
          yield next.value.batch;
          onProgress?.(before, isMany ? undefined : next.value.count);
          next = await named(blocks.next());
        }
      } finally {
        await blocks.return(undefined);
      }
    }
  }

  const around = (other: OutputDetector<Label>): Detector<Label> =>
    detectorAround(where, other, { model, reader, inputShape, kind, plan, blockSize: givenSize });
  const detector: Detector<Label> = {
    state: inner.state,
    calibration: inner.calibration,
    async predict(images, options) {
      const asked = `${where}.predict`;
      checkBackend(asked);
      const how = predictOptions(asked, options);
      checkSignal(how.signal);
      if (!isStream(images)) return verdictsOf(asked, images, how);
      const verdicts: Verdict<Label>[] = [];
      const onProgress = (done: number) => how.onProgress?.(verdicts.length + done, undefined);
      let place = 0;
      for await (const block of images) {
        checkSignal(how.signal);
        const at = { block: `images[${place++}]`, before: verdicts.length };
        const own = await namingBlock(verdictsOf(asked, block, { ...how, onProgress }), at);
        for (const verdict of own) verdicts.push(verdict);
      }
      return verdicts;
    },
    async predictOne(image, options) {
      const asked = `${where}.predictOne`;
      checkBackend(asked);
      const how = { ...predictOneOptions(asked, options), onProgress: undefined };
      checkSignal(how.signal);
      checkNoStream(asked, 'images', image);
      return (await verdictsOf(asked, image, how, true))[0]!;
    },
    async recalibrate(images, options) {
      const asked = `${where}.recalibrate`;
      const { keep, ...how } = recalibrateOptions(asked, options);
      const rows = outputs(asked, images, how as Pick<PredictOptions, 'onProgress' | 'signal'>);
      return around(await inner.recalibrate(rows, { keep, ...(how.signal && { signal: how.signal }) }));
    },
    mergeCalibration: (other) => around(inner.mergeCalibration(other)),
    async evaluate(sets, options) {
      const { evaluateDetector } = await import('./evaluation/index');
      return evaluateDetector(`${where}.evaluate`, kind, detector, sets, options);
    },
    toBytes: () => encodeDetector(inner.state),
    save: (target) => saveBytes('Detector.save', encodeDetector(inner.state), target),
    dispose: () => inner.dispose(),
  };
  return detector;
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
export const checkWeights = async (where: string, model: DetectorModel, pause: Pause): Promise<void> => {
  if (!isFunctionModel(model)) await checkFiniteWeights(where, model, pause);
};
