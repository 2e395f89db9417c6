import type { LayersModel } from '@tensorflow/tfjs-layers';
import { odmBatches, OOD_LABEL } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { createTrainer, stepSchedule } from 'tfjs-ood/layers';
import type { RunFolder } from 'tfjs-ood/node';
import type { Sets, Training } from './experiment';
import type { Method } from './methods';
import { movedCopies } from './moved-copies';
import { resumableFit, type TrainingTime } from './resumable-fit';

/** Factors on the learning rate in each tenth of a training. */
const SCHEDULE = [1, 1, 1, 1, 1, 0.5, 0.5, 0.2, 0.1, 0.05];

/** Known images first, then the OoD ones, each with its copies; labels say which is which. */
function trainingSet({ known, seenTrain }: Sets, { copies, shift }: Training, seed: number) {
  const [own, out] = [movedCopies(known.train, copies, shift, seed), movedCopies(seenTrain, copies, shift, seed + 1)];
  const images = new Uint8Array(own.images.length + out.images.length);
  images.set(own.images);
  images.set(out.images, own.images.length);
  const [knownCount, ...rest] = own.shape;
  const count = knownCount + out.shape[0];
  const labels = new Int32Array(count).fill(OOD_LABEL);
  for (let copy = 0; copy <= copies; copy++) labels.set(known.train.labels, copy * known.train.shape[0]);
  return { set: { images, shape: [count, ...rest] } satisfies ImageSet as ImageSet, labels };
}

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
  const { network, embeddingSize, batchSize, partSize, outShare, outEvery = 1, similarRatio } = training;
  const { epochs, stepsPerEpoch, learningRate, decayAfter, weightDecay } = training;
  const { set, labels } = trainingSet(sets, training, seed);
  const [, height, width, channels] = set.shape;
  const outputs = method.outputs === 'classes' ? sets.known.classNames.length : embeddingSize;
  const model = network([height, width, channels], outputs, seed);
  const trainer = createTrainer(model, {
    loss: method.loss(training),
    learningRate,
    schedule: decayAfter
      ? stepSchedule(decayAfter.map((epoch) => [epoch, 0.1] as const))
      : (epoch) => SCHEDULE[Math.floor((10 * epoch) / epochs)] ?? 0.05,
    seed,
    ...(weightDecay !== undefined && { weightDecay }),
    ...(partSize !== undefined && partSize < batchSize && { partSize }),
  });
  const batches = odmBatches(labels, {
    batchSize,
    outShare,
    outEvery: method.seesOod ? outEvery : 0,
    similarRatio,
    ...(stepsPerEpoch > 0 && { stepsPerEpoch }),
    seed,
  });
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
