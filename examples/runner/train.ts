import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { classBalancedBatches, colourJitter, odmBatches, OOD_LABEL, randomAffine } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { createTrainer, fit } from 'tfjs-ood/layers';
import type { Sets, Training } from './experiment';
import type { Method } from './methods';

const EPOCHS = 10; // parts of a training, between which the learning rate may fall
const SCHEDULE = [1, 1, 1, 1, 1, 0.5, 0.5, 0.2, 0.1, 0.05];

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

function batchesOf(labels: Int32Array, method: Method, training: Training, stepsPerEpoch: number, seed: number) {
  const { batchSize, outShare, similarRatio, rowsPerClass } = training;
  if (rowsPerClass === undefined) {
    const outEvery = method.seesOod ? 1 : 0;
    return odmBatches(labels, { batchSize, outShare, outEvery, similarRatio, stepsPerEpoch, seed });
  }
  const ownShare = method.seesOod ? outShare : 0;
  const classesPerBatch = Math.floor((batchSize * (1 - ownShare)) / rowsPerClass);
  return classBalancedBatches(labels, { classesPerBatch, rowsPerClass, outShare: ownShare, stepsPerEpoch, seed });
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

/** Trains one network by one method from one seed. Every method gets as many steps and as many images. */
export async function train(
  method: Method,
  training: Training,
  sets: Sets,
  seed: number,
  onProgress: (step: number, loss: number) => void,
): Promise<LayersModel> {
  const { network, embeddingSize, steps, learningRate } = training;
  const { set, labels } = trainingSet(sets);
  const [, height, width, channels] = set.shape;
  const outputs = method.outputs === 'classes' ? sets.known.classNames.length : embeddingSize;
  const model = network([height, width, channels], outputs, seed);
  const trainer = createTrainer(model, {
    loss: method.loss(training),
    learningRate,
    schedule: (epoch) => SCHEDULE[epoch] ?? 0.05,
    ...augmentOf(training),
    seed,
  });
  const stepsPerEpoch = Math.ceil(steps / EPOCHS);
  const batches = batchesOf(labels, method, training, stepsPerEpoch, seed);
  await fit(trainer, {
    set,
    batches,
    epochs: EPOCHS,
    onStep: ({ epoch, step, loss }) => onProgress(epoch * stepsPerEpoch + step + 1, loss),
  });
  trainer.dispose();
  return model;
}
