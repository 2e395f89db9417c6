import type { LayersModel } from '@tensorflow/tfjs-layers';
import { contrastiveLoss, decodeSafetensors, encodeSafetensors, odmBatches, odmLoss, OOD_LABEL } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { createTrainer, fit, vgg } from 'tfjs-ood/layers';
import type { RunFolder } from 'tfjs-ood/node';
import type { Config } from './config';
import type { ExperimentData } from './data';
import { isTracked, recordEpoch, type Tracked } from './history';

export interface TrainingProgress {
  epoch: number;
  epochs: number;
  step: number;
  stepsPerEpoch: number;
  loss: number;
  images: number;
}

/** Known images first, then the OoD ones, as one set whose labels say which is which. */
function trainingSet({ known, seenTrain }: ExperimentData): { set: ImageSet; labels: Int32Array } {
  const [known1, ...rest] = known.train.shape;
  const [out] = seenTrain.shape;
  const images = new Uint8Array(known.train.images.length + seenTrain.images.length);
  images.set(known.train.images);
  images.set(seenTrain.images, known.train.images.length);
  const labels = new Int32Array(known1 + out).fill(OOD_LABEL);
  labels.set(known.train.labels);
  return { set: { images, shape: [known1 + out, ...rest] }, labels };
}

/**
 * Trains, or goes on with, the network of a run. A checkpoint holds the weights, Adam's moments and where the batches
 * stand; all random numbers follow from the seed and the step, so a resumed run is the uninterrupted one.
 */
export async function train(
  config: Config,
  data: ExperimentData,
  folder: RunFolder,
  tracked: Tracked | undefined,
  onProgress: (progress: TrainingProgress) => void,
): Promise<LayersModel> {
  const { seed, margin, power, pairs, positiveShare, batchSize, partSize, epochs } = config;
  const { set, labels } = trainingSet(data);
  const shape = set.shape;
  const model = vgg({
    inputShape: [shape[1], shape[2], shape[3]],
    width: config.width,
    embeddingSize: config.embeddingSize,
    batchNorm: config.batchNorm,
    dropout: config.dropout,
    seed,
  });
  // Without mining (`contrastive`) the known images make up every batch.
  const batches = odmBatches(labels, {
    seed,
    batchSize,
    outShare: config.outShare,
    outEvery: config.loss === 'odm' ? config.outEvery : 0,
    similarRatio: config.similarRatio,
    ...(config.stepsPerEpoch > 0 && { stepsPerEpoch: config.stepsPerEpoch }),
  });
  const lossFunction = config.loss === 'odm' ? odmLoss : contrastiveLoss;
  const trainer = createTrainer(model, {
    loss: (batchLabels, embeddings) => lossFunction(batchLabels, embeddings, { margin, power, pairs, positiveShare }),
    seed,
    learningRate: config.learningRate,
    schedule: (epoch) => 0.1 ** config.decayAfter.filter((boundary) => epoch >= boundary).length,
    weightDecay: config.weightDecay,
    ...(partSize < batchSize && { partSize }),
  });

  const checkpoint = await folder.latestCheckpoint();
  if (checkpoint) {
    const { tensors, metadata } = decodeSafetensors(checkpoint.bytes, 'checkpoint');
    trainer.restore({ tensors, metadata });
    batches.restore(JSON.parse(metadata.batches!) as ReturnType<typeof batches.state>);
  }
  // Lines of epochs after the checkpoint were written by a run that was stopped; they come again.
  const done = checkpoint?.epoch ?? 0;
  await folder.truncateLines('epochs.jsonl', (record) => typeof record.epoch === 'number' && record.epoch <= done);

  if (tracked && done === 0) await recordEpoch(folder, 0, model, tracked);
  let images = 0;
  await fit(trainer, {
    set,
    batches,
    epochs,
    onStep: ({ epoch, step, loss }) => {
      images += batchSize;
      onProgress({ epoch, epochs, step, stepsPerEpoch: batches.stepsPerEpoch, loss, images });
    },
    onEpoch: async ({ epoch, meanLoss, imagesPerSecond }) => {
      const finished = epoch + 1;
      await folder.appendLine('epochs.jsonl', {
        epoch: finished,
        steps: trainer.steps,
        loss: meanLoss,
        imagesPerSecond,
      });
      // Before the checkpoint, after which the epoch does not come again.
      if (tracked && isTracked(config, finished)) await recordEpoch(folder, finished, model, tracked);
      if (finished % config.checkpointEvery !== 0 && finished !== epochs) return;
      const { tensors, metadata } = await trainer.state();
      const bytes = encodeSafetensors(tensors, { ...metadata, batches: JSON.stringify(batches.state()) });
      await folder.saveCheckpoint(bytes, { epoch: finished });
    },
  });
  trainer.dispose();
  return model;
}
