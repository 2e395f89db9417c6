import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { classBalancedBatches, colorJitter, odmBatches, OOD_LABEL, randomAffine } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { createTrainer, stepSchedule } from 'tfjs-ood/training';
import type { RunFolder } from 'tfjs-ood/node';
import type { Sets, Training } from './experiment';
import type { Method } from './methods';
import { resumableFit, type EpochLine, type TrainingTime } from './resumable-fit';

/** Factors on the learning rate in each tenth of a training. */
const SCHEDULE = [1, 1, 1, 1, 1, 0.5, 0.5, 0.2, 0.1, 0.05];

/** Factor on the learning rate in each epoch, counted from 0. */
export function scheduleOf({ decayAfter, decayFactor = 0.1, epochs }: Training): (epoch: number) => number {
  if (decayAfter === 'cosine') {
    return (epoch) => (epoch === 0 ? 1 / 3 : (1 + Math.cos((Math.PI * epoch) / epochs)) / 2);
  }
  // After `done` epochs the next one is number `done`, counted from 0.
  if (decayAfter) return stepSchedule(decayAfter.map((done) => [done, decayFactor] as const));
  return (epoch) => SCHEDULE[Math.floor((10 * epoch) / epochs)] ?? 0.05;
}

/** Of the known images first, then of the OoD ones. */
function labelsOf({ known, seenTrain }: Sets): Int32Array {
  const labels = new Int32Array(known.train.shape[0] + seenTrain.shape[0]).fill(OOD_LABEL);
  labels.set(known.train.labels);
  return labels;
}

/** Known images first, then the OoD ones; labels say which is which. */
function trainingSet(sets: Sets): { set: ImageSet; labels: Int32Array } {
  const { known, seenTrain } = sets;
  const [, ...rest] = known.train.shape;
  const images = new Uint8Array(known.train.images.length + seenTrain.images.length);
  images.set(known.train.images);
  images.set(seenTrain.images, known.train.images.length);
  const labels = labelsOf(sets);
  return { set: { images, shape: [labels.length, ...rest] }, labels };
}

function batchesOf(labels: Int32Array, method: Method, training: Training, seed: number) {
  const { batchSize, outShare, outEvery = 1, similarShare, rowsPerClass } = training;
  const stepsPerEpoch = training.stepsPerEpoch > 0 ? { stepsPerEpoch: training.stepsPerEpoch } : {};
  if (rowsPerClass === undefined) {
    const options = { batchSize, outShare, outEvery: method.seesOod ? outEvery : 0, similarShare, seed };
    return odmBatches(labels, { ...options, ...stepsPerEpoch });
  }
  return classBalancedBatches(labels, { ...balanced(labels, method, { ...training, rowsPerClass }), seed });
}

/**
 * Batches of as many rows, and epochs of as many steps, with OoD images as without. Of few classes all are in a batch,
 * with more rows of each; what is then left of a batch is OoD, or less than a row of each class short.
 */
export function balanced(
  labels: Int32Array,
  { seesOod }: Pick<Method, 'seesOod'>,
  { batchSize, outShare, rowsPerClass, stepsPerEpoch }: Training & { rowsPerClass: number },
) {
  const known = labels.filter((label) => label >= 0);
  const beside = Math.round(batchSize * (1 - outShare));
  const rows = seesOod ? beside : batchSize;
  const classesPerBatch = Math.max(1, Math.min(Math.floor(rows / rowsPerClass), new Set(known).size));
  const ownRows = Math.floor(rows / classesPerBatch);
  return {
    classesPerBatch,
    rowsPerClass: ownRows,
    outShare: seesOod ? 1 - (classesPerBatch * ownRows) / batchSize : 0,
    stepsPerEpoch: stepsPerEpoch > 0 ? stepsPerEpoch : Math.max(1, Math.floor(known.length / beside)),
  };
}

/** The augmentation of a step; none where the experiment wants none. */
function augmentOf({ augment }: Training) {
  if (!augment) return undefined;
  const { brightness, contrast, ...moves } = augment;
  return {
    augment: (images: Tensor4D, seed: number) =>
      colorJitter(randomAffine(images, { ...moves, seed }), { brightness, contrast, seed }),
  };
}

/** Steps of an epoch, by the numbers of images where the training does not say it. */
export const stepsPerEpochOf = (method: Method, training: Training, sets: Sets, seed: number): number =>
  batchesOf(labelsOf(sets), method, training, seed).stepsPerEpoch;

/** A network, what trains it, and its batches. */
export function prepare(method: Method, training: Training, sets: Sets, seed: number) {
  const { network, embeddingSize, batchSize, partSize, learningRate, weightDecay } = training;
  const { set, labels } = trainingSet(sets);
  const [, height, width, channels] = set.shape;
  const outputs = method.outputs === 'classes' ? sets.known.classNames.length : embeddingSize;
  const model = network([height, width, channels], outputs, seed);
  const trainer = createTrainer(model, {
    loss: method.loss(training),
    learningRate,
    schedule: scheduleOf(training),
    ...augmentOf(training),
    seed,
    ...(weightDecay !== undefined && { weightDecay }),
    ...(partSize !== undefined && partSize < batchSize && { partSize }),
  });
  return { model, trainer, set, batches: batchesOf(labels, method, training, seed) };
}

/** What a training says on its way, and what stops it. */
export interface TrainingEvents {
  /** After each step. */
  onStep?: (step: { images: number; of: number; epoch: number; step: number; steps: number; loss: number }) => void;
  /** Before the first epoch, with 0, and after each, with its line. */
  onEpoch?: (epochs: number, model: LayersModel, line?: EpochLine) => Promise<void>;
  signal?: AbortSignal;
}

/**
 * Trains one network by one method from one seed, or goes on with it in its folder. Every method gets as many steps and
 * as many images.
 */
export async function train(
  method: Method,
  training: Training,
  sets: Sets,
  seed: number,
  folder: RunFolder,
  { onStep, onEpoch, signal }: TrainingEvents = {},
): Promise<TrainingTime & { model: LayersModel }> {
  const { epochs, batchSize } = training;
  const { model, trainer, set, batches } = prepare(method, training, sets, seed);
  const steps = batches.stepsPerEpoch;
  const of = epochs * steps * batchSize;
  const time = await resumableFit(
    trainer,
    {
      set,
      batches,
      epochs,
      onStep: ({ epoch, step, loss }) =>
        onStep?.({ images: (epoch * steps + step + 1) * batchSize, of, epoch, step, steps, loss }),
      onEpoch: (done, line) => onEpoch?.(done, model, line) ?? Promise.resolve(),
      ...(signal && { signal }),
    },
    folder,
  );
  trainer.dispose();
  return { model, ...time };
}
