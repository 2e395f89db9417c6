import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { odmLoss } from 'tfjs-ood';
import { createTrainer, vgg } from 'tfjs-ood/training';
import 'tfjs-ood/wasm';

export const title = 'a training step with and without batch norm (wasm, VGG of width 0.25, batch 64)';

const BATCH = 64;
const REPEATS = 7;

/** The same network with tfjs's own batch norm. */
async function withStockLayer(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  const topology = JSON.stringify(model.toJSON(null, false)).replaceAll('ClosedFormBatchNorm', 'BatchNormalization');
  return tfl.models.modelFromJSON(JSON.parse(topology) as tf.io.ModelJSON['modelTopology']);
}

export async function run(): Promise<string[]> {
  if (!(await tf.setBackend('wasm'))) throw new Error('wasm did not start');
  const options = { width: 0.25, dropout: 0, seed: 1 };
  const closed = vgg({ ...options, batchNorm: true });
  const models = {
    'without batch norm': vgg(options),
    'closed-form batch norm': closed,
    "tfjs's own batch norm": await withStockLayer(closed),
  };
  const images = tf.randomUniform<tf.Rank.R4>([BATCH, 32, 32, 3], 0, 1, 'float32', 1);
  const labels = Int32Array.from({ length: BATCH }, (_, i) => (i % 4 === 3 ? -1 : i % 3));
  const runs = Object.entries(models).map(([name, model]) => ({
    name,
    trainer: createTrainer(model, { loss: (y, x) => odmLoss(y, x, { pairs: 'all' }), seed: 1 }),
    times: [] as number[],
  }));
  // Taken in turn, so that a slow moment of the machine meets all of them; the first round warms up.
  for (let repeat = 0; repeat <= REPEATS; repeat++) {
    for (const { trainer, times } of runs) {
      const start = performance.now();
      await trainer.step(images, labels, 0);
      if (repeat > 0) times.push(performance.now() - start);
    }
  }
  const medians = runs.map(({ times }) => times.sort((a, b) => a - b)[REPEATS >> 1]!);
  runs.forEach(({ trainer }) => trainer.dispose());
  Object.values(models).forEach((model) => model.dispose());
  images.dispose();
  return runs.map(({ name }, i) => {
    const [time, ratio] = [medians[i]!, medians[i]! / medians[0]!];
    return `${name.padEnd(24)} ${time.toFixed(0).padStart(6)} ms  x ${ratio.toFixed(2)}  ${((1000 * BATCH) / time).toFixed(0)} images/s`;
  });
}
