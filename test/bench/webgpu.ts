import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { odmLoss, seededRandom } from 'tfjs-ood';
import { startWebgpu } from 'tfjs-ood/node';
import { nearestNeighbors } from 'tfjs-ood/scorers';
import { createTrainer, vgg } from 'tfjs-ood/training';
import { countKernels, total } from '../webgpu/launched';

export const title = 'a training step against forward passes, and nearest neighbors, by WebGPU in Node';

/** Width and batch of the table in docs/webgpu.md; a processor that plays a card would take hours. */
const ON_A_CARD = [
  [0.25, 64],
  [0.25, 256],
  [1, 64],
  [1, 256],
  [1, 1024],
] as const;
const BY_SOFTWARE = [[0.0625, 4]] as const;

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1]!;
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

async function step(width: number, batch: number, rounds: number): Promise<string> {
  const model = vgg({ width, dropout: 0, seed: 1 });
  const trainer = createTrainer(model, { loss: (y, x) => odmLoss(y, x, { pairs: 'all' }), seed: 1 });
  const images = tf.randomUniform<tf.Rank.R4>([batch, 32, 32, 3], 0, 1, 'float32', 1);
  const labels = Int32Array.from({ length: batch }, (_, i) => (i % 4 === 3 ? -1 : i % 3));
  const kernels = countKernels();
  const [forwards, steps] = [[] as number[], [] as number[]];
  let [ofForward, ofStep] = [0, 0];
  try {
    for (let i = -2; i < rounds; i++) {
      kernels.take();
      const forward = await timed(async () => {
        const y = tf.tidy(() => model.apply(images, { training: false }) as tf.Tensor);
        await y.data();
        y.dispose();
      });
      ofForward = total(kernels.take());
      const whole = await timed(() => trainer.step(images, labels, 0));
      ofStep = total(kernels.take());
      if (i < 0) continue;
      forwards.push(forward);
      steps.push(whole);
    }
  } finally {
    kernels.stop();
    trainer.dispose();
    model.dispose();
    images.dispose();
  }
  const [forward, whole] = [median(forwards), median(steps)];
  return (
    `width ${width}, batch ${batch}: forward ${forward.toFixed(1)} ms (${ofForward} kernels), step ${whole.toFixed(1)} ms ` +
    `(${ofStep} kernels) = ${(whole / forward).toFixed(2)} forward passes, ${((1000 * batch) / whole).toFixed(0)} images/s`
  );
}

async function neighbors(bank: number, queries: number, size: number, k: number): Promise<string> {
  const rows = (count: number, seed: number) => {
    const random = seededRandom(seed);
    return { data: Float32Array.from({ length: count * size }, () => random.normal()), shape: [count, size] as const };
  };
  const scorer = await nearestNeighbors({ k }).fit([{ features: rows(bank, 1) }], {});
  const asked = rows(queries, 2);
  const times: number[] = [];
  for (let i = 0; i < 5; i++) times.push(await timed(() => scorer.score({ features: asked })));
  scorer.dispose();
  return `${queries} queries, a bank of ${bank} x ${size}, k = ${k}: ${median(times).toFixed(0)} ms`;
}

export async function run(): Promise<string[]> {
  const { name, isSoftware } = await startWebgpu();
  const lines = [`${name}${isSoftware ? ' (a processor plays the card: these times say nothing of one)' : ''}`];
  for (const [width, batch] of isSoftware ? BY_SOFTWARE : ON_A_CARD) {
    lines.push(await step(width, batch, isSoftware ? 3 : 9));
  }
  lines.push(isSoftware ? await neighbors(500, 50, 16, 5) : await neighbors(50_000, 5000, 128, 50));
  return lines;
}
