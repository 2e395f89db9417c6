import type { LayersModel } from '@tensorflow/tfjs-layers';
import { odmBatches, OOD_LABEL } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { createTrainer, fit } from 'tfjs-ood/layers';
import type { Sets, Training } from './experiment';
import type { Method } from './methods';
import { movedCopies } from './moved-copies';

const EPOCHS = 10; // parts of a training, between which the learning rate may fall
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

/** Trains one network by one method from one seed. Every method gets as many steps and as many images. */
export async function train(
  method: Method,
  training: Training,
  sets: Sets,
  seed: number,
  onProgress: (step: number, loss: number) => void,
): Promise<LayersModel> {
  const { network, embeddingSize, batchSize, outShare, similarRatio, steps, learningRate } = training;
  const { set, labels } = trainingSet(sets, training, seed);
  const [, height, width, channels] = set.shape;
  const outputs = method.outputs === 'classes' ? sets.known.classNames.length : embeddingSize;
  const model = network([height, width, channels], outputs, seed);
  const trainer = createTrainer(model, {
    loss: method.loss(training),
    learningRate,
    schedule: (epoch) => SCHEDULE[epoch] ?? 0.05,
    seed,
  });
  const stepsPerEpoch = Math.ceil(steps / EPOCHS);
  const batches = odmBatches(labels, {
    batchSize,
    outShare,
    outEvery: method.seesOod ? 1 : 0,
    similarRatio,
    stepsPerEpoch,
    seed,
  });
  await fit(trainer, {
    set,
    batches,
    epochs: EPOCHS,
    onStep: ({ epoch, step, loss }) => onProgress(epoch * stepsPerEpoch + step + 1, loss),
  });
  trainer.dispose();
  return model;
}
