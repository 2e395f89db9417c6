import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import { ClassMeans, nearestClassMean, odmBatches, odmLoss, seededRandom } from 'tfjs-ood';
import { embed } from 'tfjs-ood/detector';
import { createTrainer, vgg, type ImageSet } from 'tfjs-ood/training';
import { mahalanobis, nearestNeighbors } from 'tfjs-ood/scorers';

/** What the process holds at the end of a cycle of training and scoring. */
export interface Sample {
  seconds: number;
  cycles: number;
  steps: number;
  /** Images that were embedded and scored. */
  scored: number;
  loss: number;
  tensors: number;
  tensorBytes: number;
  heapBytes: number;
  rssBytes: number;
}

const [KNOWN, OUT, TEST, STEPS] = [96, 32, 70, 3]; // 70: the last block of an embedding is a smaller one
const LEAST = 12; // cycles, however slow the machine
const labels = Int32Array.from({ length: KNOWN + OUT }, (_, i) => (i < KNOWN ? i % 4 : -1));

/** Images of a class each, and of none: bright stripes in a place of their own, noise. */
function drawn(classes: Int32Array, seed: number): ImageSet {
  const random = seededRandom(seed);
  const pixels = 32 * 32 * 3;
  const images = Uint8Array.from({ length: classes.length * pixels }, (_, at) => {
    const [label, row] = [classes[Math.floor(at / pixels)]!, Math.floor((at % pixels) / 96)];
    return random.integer(96) + (Math.floor(row / 8) === label ? 150 : 0);
  });
  return { images, shape: [classes.length, 32, 32, 3] };
}

async function run(seconds: number): Promise<void> {
  if (!(await tf.setBackend('wasm'))) throw new Error('wasm did not start');
  const { wasm } = tf.backend() as BackendWasm;
  const set = drawn(labels, 1);
  const known: ImageSet = { images: set.images.subarray(0, KNOWN * 3072), shape: [KNOWN, 32, 32, 3] };
  const test = drawn(
    Int32Array.from({ length: TEST }, (_, i) => (i % 5) - 1),
    2,
  );
  const model = vgg({ seed: 1, width: 0.0625, batchNorm: true });
  const trainer = createTrainer(model, { loss: odmLoss, learningRate: 1e-3, partSize: 16, seed: 1 });
  const batches = odmBatches(labels, { batchSize: 32, seed: 1 });

  /** Fits and asks three scorers; how many images they scored. */
  async function score(): Promise<number> {
    const features = await embed(model, known);
    const own = labels.subarray(0, KNOWN);
    const means = new ClassMeans();
    await means.add(features, own);
    const byMeans = nearestClassMean().of(means);
    const fitted = [
      await mahalanobis().fit([{ features, labels: own }], {}),
      await nearestNeighbors({ k: 3 }).fit([{ features }], {}),
    ];
    const embedded = await embed(model, test);
    const all = [await byMeans.score({ features: embedded })];
    for (const scorer of fitted) all.push(await scorer.score({ features: embedded }));
    for (const scorer of [byMeans, ...fitted]) scorer.dispose();
    return all.reduce((sum, scores) => sum + scores.filter(Number.isFinite).length, 0);
  }

  const start = performance.now();
  let [cycles, scored, loss, spent] = [0, 0, NaN, 0];
  while (spent < seconds || cycles < LEAST) {
    for (let step = 0; step < STEPS; step++) {
      const { indices, labels, epoch } = batches.next();
      ({ loss } = await trainer.step({ set, indices }, labels, epoch));
    }
    scored += await score();
    cycles++;
    globalThis.gc!();
    spent = (performance.now() - start) / 1000;
    const { numTensors, numBytes } = tf.memory();
    const sample: Sample = {
      seconds: spent,
      cycles,
      steps: trainer.steps,
      scored,
      loss,
      tensors: numTensors,
      tensorBytes: numBytes,
      heapBytes: (wasm as unknown as { HEAPU8: Uint8Array }).HEAPU8.length,
      rssBytes: process.memoryUsage.rss(),
    };
    await new Promise((resolve) => process.send!(sample, resolve));
  }
}

run(Number(process.argv[2])).then(
  () => process.disconnect(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
