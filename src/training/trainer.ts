import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { check, NOT_NEGATIVE } from '../core/check';
import { ArgumentError, NotFiniteError, ShapeError } from '../core/errors';
import { exactLabels } from '../losses/batch-labels';
import { oneBackend } from '../tensors/one-backend';
import { deriveSeed } from '../core/random';
import { createAdam } from './adam';
import { freeTape } from './step/free-tape';
import { checkImageSet, checkRowsOfSet, gatherImages } from '../tensors/gather-images';
import { checkLayersModel } from '../detector/model/check-layers-model';
import { allLayers, namedWeights } from '../detector/model/model-weights';
import { checkImageShape, embeddingSizeOf } from '../detector/model/model-shapes';
import { SeededDropout } from './seeded-dropout';
import { sayWhereSlow } from './slow-backend';
import { lossAndNorm, partGradients, stepHealth, wholeGradients } from './step/step-gradients';
import type { BatchPart, StepGradients } from './step/step-gradients';
import { registerReluGradient } from './step/relu-gradient';
import { stepQueue, type Launched } from './step/step-queue';
import { completeOptions } from './trainer-options';
import type { TrainerOptions } from './trainer-options';
import { readState, writeState } from './trainer-state';
import type { RestorableState, TrainerState } from './trainer-state';
import { checkTrainingMemory } from './training-memory';
import { checkPoolGradients, withImport } from './wasm-kernels';
import type { ImageSet } from '../core/images';

/** Rows of an image set as a batch. */
export interface ImageRows {
  readonly set: ImageSet;
  readonly indices: ArrayLike<number>;
}

/** Trains a model step by step; see {@link createTrainer}. */
export interface Trainer {
  /** Steps done, restored ones too. */
  readonly steps: number;
  /** Name of the backend that it began with, and stays on. */
  readonly backend: string;
  /** Steps that may begin before an earlier one is settled ({@link TrainerOptions.stepsAhead}). */
  readonly stepsAhead: number;
  /**
   * One update from images [B, H, W, C] in [0, 1] (or rows of a set) and labels [B]. `loss` is without the weight
   * decay. Images that are a tensor must live until it is settled.
   *
   * @throws NotFiniteError if the loss or its gradient is NaN or infinite; the weights stay as they were
   * @throws ShapeError if the images do not fit the model or the labels; ArgumentError for a label that is no whole
   *   number of 32 bits
   * @throws DeviceError on webgpu, if the device refuses some of its work or is lost
   */
  step(images: tf.Tensor4D | ImageRows, labels: ArrayLike<number>, epoch: number): Promise<{ loss: number }>;
  /** Copies of all weights (moving statistics too), both moments and the counters. */
  state(): Promise<TrainerState>;
  /** Goes back to a state, bit for bit. @throws FormatError that says what differs; then nothing has changed */
  restore(state: RestorableState): void;
  /** Frees the moments; the model stays the caller's. */
  dispose(): void;
}

/**
 * Trains any image model with a loss of the whole batch by Adam with weight decay, as Masana et al. (BMVC 2018) do.
 *
 * With `partSize` a batch is done in parts, with the gradient of the whole batch for any loss, for one more forward
 * pass. Batch norm then normalizes each part by itself, which is another gradient than that of the whole batch.
 *
 * On the `cpu` backend it says once, on the console, that convolutions train far faster on wasm.
 *
 * @throws ArgumentError if an option is out of range, nothing is trainable, or a part cannot fit into wasm's memory
 * @throws ShapeError if the model's output is not [N, D]
 * @throws ArgumentError from its methods once another backend is set: weights and moments are on the one that it began
 *   with
 * @example
 * const trainer = createTrainer(vgg({ seed: 1 }), { loss: odmLoss, seed: 1 });
 * const { loss } = await trainer.step(images, [0, 1, 0, -1], 0);
 */
export function createTrainer(model: LayersModel, trainerOptions: TrainerOptions): Trainer {
  const options = completeOptions(trainerOptions);
  const { loss, seed, schedule, partSize, augment, stepsAhead } = options;
  checkLayersModel('createTrainer', model);
  embeddingSizeOf('createTrainer', model);
  if (partSize !== undefined) checkTrainingMemory('createTrainer', model, partSize);

  const weights = namedWeights(model);
  const trainable = weights.filter((weight) => weight.trainable).map(({ variable }) => variable);
  const statistics = weights.filter((weight) => !weight.trainable).map(({ variable }) => variable);
  if (trainable.length === 0) {
    throw new ArgumentError('createTrainer', 'model', 'one with trainable weights', 'none');
  }
  const dropouts = allLayers(model).filter((layer) => layer instanceof SeededDropout);
  const adam = createAdam(trainable, options);
  const checkBackend = oneBackend();
  const backend = tf.getBackend();
  registerReluGradient();
  sayWhereSlow('createTrainer', model);
  let steps = 0;
  const queue = stepQueue();
  let lastHealth: tf.Tensor1D | undefined; // of a step that is not settled

  /** Moving statistics as they are now; calling the result puts them back, disposing frees the copies. */
  const rememberStatistics = () => {
    const copies = statistics.map((variable) => tf.clone(variable.read()));
    const putBack = () => statistics.forEach((variable, i) => (variable.read() as tf.Variable).assign(copies[i]!));
    return { putBack, dispose: () => tf.dispose(copies) };
  };

  const partsOf = (images: tf.Tensor4D | ImageRows, rows: number): BatchPart[] => {
    const size = Math.min(partSize ?? rows, rows);
    return Array.from({ length: Math.ceil(rows / size) }, (_, part) => {
      const start = part * size;
      const count = Math.min(size, rows - start);
      const stream = deriveSeed(seed, steps, part);
      return {
        images: () =>
          augment(
            'set' in images
              ? gatherImages(
                  images.set,
                  Array.from({ length: count }, (_, i) => images.indices[start + i]!),
                )
              : tf.slice(images, start, count),
            stream,
          ),
        restartDropout: () => dropouts.forEach((layer) => layer.restart(stream)),
      };
    });
  };

  const gradientsOf = async (parts: BatchPart[], labels: Int32Array): Promise<StepGradients> => {
    const variables = trainable.map((variable) => variable.read() as tf.Variable);
    const labelTensor = tf.tensor1d(labels, 'int32');
    let afterForward: ReturnType<typeof rememberStatistics> | undefined;
    try {
      if (parts.length === 1) return wholeGradients(model, variables, parts[0]!, labelTensor, loss);
      const remember = () => (afterForward = rememberStatistics());
      const result = await partGradients(model, variables, parts, labelTensor, loss, remember);
      afterForward?.putBack(); // the second pass over the parts must not count
      return result;
    } finally {
      tf.dispose(labelTensor);
      afterForward?.dispose();
    }
  };

  /** What a step that fails goes back to. */
  const remember = () => {
    const [statisticsThen, productsThen, stepsThen] = [rememberStatistics(), adam.products, steps];
    const undo = () => {
      statisticsThen.putBack();
      adam.goBack(productsThen);
      steps = stepsThen;
    };
    return { undo, dispose: statisticsThen.dispose };
  };

  const launch = async (
    parts: BatchPart[],
    labels: Int32Array,
    epoch: number,
    where: string,
    settled: () => Promise<void>,
  ): Promise<Launched<number>> => {
    const before = remember();
    let result: StepGradients | undefined;
    let health: tf.Tensor1D | undefined;
    const free = () => {
      before.dispose();
      if (lastHealth === health) lastHealth = undefined;
      health?.dispose();
    };
    try {
      result = await gradientsOf(parts, labels);
      const { gradients } = result;
      health = stepHealth(result, lastHealth);
      const isAhead = stepsAhead > 0 && health !== undefined;
      const value = isAhead ? NaN : await finiteLoss(where, health ? health.data() : lossAndNorm(result));
      const factor = schedule(epoch);
      check(where, 'factor of the schedule', factor, NOT_NEGATIVE);
      if (!isAhead) await settled();
      checkBackend('Trainer.step'); // others ran while the numbers were read
      adam.update(gradients, options.learningRate * factor, health);
      steps++;
      if (isAhead) lastHealth = health;
      const settle = () => (isAhead ? finiteLoss(where, health!.data()) : Promise.resolve(value));
      const undo = () => {
        before.undo();
        lastHealth = undefined;
      };
      return { settle, undo, free };
    } catch (error) {
      freeTape();
      before.undo();
      free();
      throw withImport('Trainer.step', error);
    } finally {
      if (result) tf.dispose([result.loss, result.gradients.filter((gradient) => gradient !== undefined)]);
    }
  };

  /** The same, and what the device says of it. */
  const launchOn = async (parts: BatchPart[], labels: Int32Array, epoch: number): Promise<Launched<number>> => {
    const where = `Trainer.step (epoch ${epoch}, step ${steps})`;
    const nothing = () => Promise.resolve();
    let launched: Launched<number> | undefined;
    const work = async (settled: () => Promise<void>) =>
      (launched = await launch(parts, labels, epoch, where, settled));
    if (backend !== 'webgpu') return work(nothing);
    const { gpuStep, gpuLaunch } = await import('./step/gpu-step');
    try {
      if (stepsAhead === 0) return await gpuStep(where, work);
      const { result, heard } = await gpuLaunch(where, () => work(nothing));
      return { ...result, settle: () => heard.then(result.settle) };
    } catch (error) {
      launched?.undo();
      launched?.free();
      throw error;
    }
  };

  return {
    backend,
    stepsAhead,
    get steps() {
      return steps;
    },
    async step(images, labels, epoch) {
      checkBackend('Trainer.step');
      if (queue.pending > stepsAhead) {
        throw stepsAhead === 0
          ? new ArgumentError('Trainer.step', 'previous step', 'awaited before the next', 'two at a time')
          : new ArgumentError('Trainer.step', 'steps under way', `at most stepsAhead = ${stepsAhead}`, queue.pending);
      }
      const own = checkBatch(model, images, labels);
      const rows = own.length;
      checkPoolGradients('Trainer.step', model);
      checkTrainingMemory('Trainer.step', model, Math.min(partSize ?? rows, rows));
      const after = () =>
        new ArgumentError('Trainer.step', 'step before it', 'one that came to its end', 'one that failed');
      return { loss: await queue.add(() => launchOn(partsOf(images, rows), own, epoch), after) };
    },
    async state() {
      checkBackend('Trainer.state');
      await queue.idle();
      return readState(weights, adam, steps);
    },
    restore(state) {
      checkBackend('Trainer.restore');
      if (queue.pending > 0)
        throw new ArgumentError('Trainer.restore', 'steps', 'settled', `${queue.pending} that are not`);
      steps = writeState(state, weights, adam);
    },
    dispose: () => adam.dispose(),
  };
}

/** The loss; throws unless it and the squared norm of the gradient are finite. */
async function finiteLoss(where: string, numbers: Promise<ArrayLike<number>>): Promise<number> {
  const { 0: loss, 1: norm } = await numbers;
  for (const [what, received] of Object.entries({ loss, 'squared norm of the gradient': norm })) {
    if (!Number.isFinite(received)) throw new NotFiniteError(where, what, 'finite', received!);
  }
  return loss!;
}

/** The labels; throws where images, labels and model do not fit together. */
function checkBatch(model: LayersModel, images: tf.Tensor4D | ImageRows, labels: ArrayLike<number>): Int32Array {
  const where = 'Trainer.step';
  const isRows = !(images instanceof tf.Tensor);
  if (isRows) {
    if (!('set' in Object(images))) {
      throw new ArgumentError(where, 'images', 'a tensor [B, H, W, C], or { set, indices }', images);
    }
    checkImageSet(where, images.set);
    checkRowsOfSet(where, images.set, images.indices);
  }
  const rows = isRows ? images.indices.length : images.shape[0];
  checkImageShape(where, model, isRows ? [rows, ...images.set.shape.slice(1)] : images.shape);
  const own = exactLabels(where, labels);
  if (rows === 0 || own.length !== rows) {
    const expected = rows === 0 ? 'at least one image' : `[${rows}], one for each image`;
    throw new ShapeError(where, rows === 0 ? 'batch' : 'labels', expected, `[${own.length}]`);
  }
  return own;
}
