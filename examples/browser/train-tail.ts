import * as tf from '@tensorflow/tfjs-core';
import { input, model as modelOf, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { odmBatches, odmLoss } from 'tfjs-ood';
import type { LabeledImages } from 'tfjs-ood/datasets';
import { createTrainer, gatherImages } from 'tfjs-ood/training';

const BLOCK = 256;

/** What the layer of this name makes of all images, as rows that no backend holds. */
async function outputsOf(model: LayersModel, layer: string, set: LabeledImages) {
  const cut = modelOf({ inputs: model.inputs, outputs: model.getLayer(layer).output });
  const shape = cut.outputShape as [null, number, number, number];
  const size = shape[1] * shape[2] * shape[3];
  const count = set.shape[0];
  const rows = new Float32Array(count * size);
  for (let from = 0; from < count; from += BLOCK) {
    const indices = Array.from({ length: Math.min(BLOCK, count - from) }, (_, i) => from + i);
    const images = gatherImages(set, indices);
    const outputs = tf.tidy(() => cut.predict(images) as tf.Tensor);
    rows.set(await outputs.data<'float32'>(), from * size);
    tf.dispose([images, outputs]);
  }
  return { rows, size, shape: shape.slice(1) as [number, number, number] };
}

/**
 * Trains the layers behind one of them, which sees each image once: a small part of the work of training all, where
 * the first layers find strokes already. Ten parts, the later ones with smaller steps.
 */
export async function trainTail(
  model: LayersModel,
  { after, set, steps, seed }: { after: string; set: LabeledImages; steps: number; seed: number },
): Promise<void> {
  const { rows, size, shape } = await outputsOf(model, after, set);
  console.log(`behind ${after}: ${set.shape[0]} images`);
  const entry = input({ shape });
  let end: SymbolicTensor = entry;
  const first = model.layers.indexOf(model.getLayer(after)) + 1;
  for (const layer of model.layers.slice(first)) end = layer.apply(end) as SymbolicTensor;
  const trainer = createTrainer(modelOf({ inputs: entry, outputs: end }), {
    loss: (labels, embeddings) => odmLoss(labels, embeddings, { pairs: 'all' }),
    learningRate: 1e-3,
    schedule: (part) => [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.2, 0.1, 0.05][part] ?? 0.05,
    seed,
  });
  const batches = odmBatches(set.labels, {
    batchSize: 64,
    outShare: 0.375,
    outEvery: 1,
    stepsPerEpoch: Math.ceil(steps / 10),
    seed,
  });
  let sum = 0;
  for (let step = 1; step <= steps; step++) {
    const { indices, labels, epoch } = batches.next();
    const values = new Float32Array(indices.length * size);
    indices.forEach((row, i) => values.set(rows.subarray(row * size, (row + 1) * size), i * size));
    const batch = tf.tensor4d(values, [indices.length, ...shape]);
    sum += (await trainer.step(batch, labels, epoch)).loss;
    batch.dispose();
    if (step % 100 > 0) continue;
    console.log(`${step}/${steps} steps: loss ${(sum / 100).toFixed(4)}`);
    sum = 0;
  }
  trainer.dispose();
}
