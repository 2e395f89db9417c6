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

/** Known images first, then the OoD ones; labels say which is which. */
function trainingSet({ known, seenTrain }: Sets) {
  const [knownCount, ...rest] = known.train.shape;
  const images = new Uint8Array(known.train.images.length + seenTrain.images.length);
  images.set(known.train.images);
  images.set(seenTrain.images, known.train.images.length);
  const count = knownCount + seenTrain.shape[0];
  const labels = new Int32Array(count).fill(OOD_LABEL);
  labels.set(known.train.labels);
  return { set: { images, shape: [count, ...rest] } satisfies ImageSet as ImageSet, labels };
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

/** What a training says on its way. */
export interface TrainingEvents {
  /** After each step. */
  onStep?: (step: { images: number; of: number; epoch: number; loss: number }) => void;
  /** Before the first epoch, with 0, and after each, with its line. */
  onEpoch?: (epochs: number, model: LayersModel, line?: EpochLine) => Promise<void>;
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
  { onStep, onEpoch }: TrainingEvents = {},
): Promise<TrainingTime & { model: LayersModel }> {
  const { network, embeddingSize, batchSize, partSize, epochs, learningRate, weightDecay } = training;
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
  const batches = batchesOf(labels, method, training, seed);
  const of = epochs * batches.stepsPerEpoch * batchSize;
  const time = await resumableFit(
    trainer,
    {
      set,
      batches,
      epochs,
      onStep: ({ epoch, step, loss }) =>
        onStep?.({ images: (epoch * batches.stepsPerEpoch + step + 1) * batchSize, of, epoch, loss }),
    },
    folder,
    (done, line) => onEpoch?.(done, model, line) ?? Promise.resolve(),
  );
  trainer.dispose();
  return { model, ...time };
}
