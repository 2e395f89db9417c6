import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { classBalancedBatches, colourJitter, odmBatches, OOD_LABEL, randomAffine } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { createTrainer, stepSchedule } from 'tfjs-ood/layers';
import type { RunFolder } from 'tfjs-ood/node';
import type { Sets, Training } from './experiment';
import type { Method } from './methods';
import { resumableFit, type TrainingTime } from './resumable-fit';

/** Factors on the learning rate in each tenth of a training. */
const SCHEDULE = [1, 1, 1, 1, 1, 0.5, 0.5, 0.2, 0.1, 0.05];

/** Factor on the learning rate in each epoch. */
function scheduleOf({ decayAfter, epochs }: Training): (epoch: number) => number {
  if (decayAfter === 'cosine') {
    return (epoch) => (epoch === 0 ? 1 / 3 : (1 + Math.cos((Math.PI * epoch) / epochs)) / 2);
  }
  if (decayAfter) return stepSchedule(decayAfter.map((epoch) => [epoch, 0.1] as const));
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
  const { batchSize, outShare, outEvery = 1, similarRatio, rowsPerClass } = training;
  const stepsPerEpoch = training.stepsPerEpoch > 0 ? { stepsPerEpoch: training.stepsPerEpoch } : {};
  if (rowsPerClass === undefined) {
    const options = { batchSize, outShare, outEvery: method.seesOod ? outEvery : 0, similarRatio, seed };
    return odmBatches(labels, { ...options, ...stepsPerEpoch });
  }
  const ownShare = method.seesOod ? outShare : 0;
  const classesPerBatch = Math.floor((batchSize * (1 - ownShare)) / rowsPerClass);
  return classBalancedBatches(labels, { classesPerBatch, rowsPerClass, outShare: ownShare, seed, ...stepsPerEpoch });
}

/** The augmentation of a step; none where the experiment wants none. */
const augmentOf = ({ augment }: Training) =>
  augment && {
    augment: (images: Tensor4D, seed: number) =>
      colourJitter(randomAffine(images, { ...augment, seed }), {
        brightness: augment.brightness,
        contrast: augment.contrast,
        seed,
      }),
  };

/** What a training says on its way. */
export interface TrainingEvents {
  /** After each step. */
  onStep?: (step: { images: number; of: number; epoch: number; loss: number }) => void;
  /** Before the first epoch, with 0, and after each. */
  onEpoch?: (epochs: number, model: LayersModel) => Promise<void>;
}

/**
 * Trains one network by one method from one seed, or goes on with it in its folder. Every method gets as many steps and as many
 * images.
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
    (done) => onEpoch?.(done, model) ?? Promise.resolve(),
  );
  trainer.dispose();
  return { model, ...time };
}
