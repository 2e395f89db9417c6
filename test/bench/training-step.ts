import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { odmLoss } from 'tfjs-ood';
import { createTrainer, vgg, type Trainer } from 'tfjs-ood/training';
import 'tfjs-ood/wasm';

export const title =
  'a training step against a forward pass (VGG of width 0.25, batch 64), and memory after many steps';

const REPEATS = 15;
const network = { width: 0.25, dropout: 0, seed: 1 };

function trainerOf(options: Parameters<typeof vgg>[0]) {
  const model = vgg(options);
  const trainer = createTrainer(model, {
    loss: (y, x) => odmLoss(y, x, { pairs: 'all' }),
    learningRate: 1e-4,
    seed: 1,
  });
  return { model, trainer };
}

const batch = (size: number, side: number) => ({
  images: tf.randomUniform<tf.Rank.R4>([size, side, side, 3], 0, 1, 'float32', 1),
  labels: Int32Array.from({ length: size }, (_, i) => (i % 4 === 3 ? -1 : i % 3)),
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const median = (times: number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1]!;

/** Median times of a forward pass and a step, taken in turn after two rounds of warming up. */
async function stepAndForward(size: number, repeats: number, warmUp: number): Promise<[forward: number, step: number]> {
  const { model, trainer } = trainerOf(network);
  const { images, labels } = batch(size, 32);
  const [forwards, steps] = [[] as number[], [] as number[]];
  for (let i = -warmUp; i < repeats; i++) {
    const forward = await timed(async () => {
      const y = tf.tidy(() => model.apply(images, { training: false }) as tf.Tensor);
      await y.data();
      y.dispose();
    });
    const step = await timed(() => trainer.step(images, labels, 0));
    if (i < 0) continue;
    forwards.push(forward);
    steps.push(step);
  }
  trainer.dispose();
  model.dispose();
  images.dispose();
  return [median(forwards), median(steps)];
}

const MEBI = 2 ** 20;
function memory() {
  const heap = (tf.backend() as BackendWasm).wasm as unknown as { HEAPU8: Uint8Array };
  return {
    tensors: tf.memory().numTensors,
    heap: heap.HEAPU8.length / MEBI,
    process: process.memoryUsage().rss / MEBI,
  };
}

async function soak(name: string, options: Parameters<typeof vgg>[0], size: number, steps: number): Promise<string> {
  const { model, trainer } = trainerOf(options);
  const { images, labels } = batch(size, options.inputShape?.[0] ?? 32);
  const run = async (count: number, t: Trainer) => {
    for (let i = 0; i < count; i++) await t.step(images, labels, 0);
  };
  await run(Math.ceil(steps / 10), trainer);
  const before = memory();
  await run(steps, trainer);
  const after = memory();
  trainer.dispose();
  model.dispose();
  images.dispose();
  const change = (key: keyof typeof before) => `${before[key].toFixed(0)} -> ${after[key].toFixed(0)}`;
  return `${name}, ${steps} steps: tensors ${change('tensors')}, wasm heap ${change('heap')} MiB, process ${change('process')} MiB`;
}

export async function run(): Promise<string[]> {
  const lines: string[] = [];
  if (!(await tf.setBackend('wasm'))) throw new Error('wasm did not start');
  const [forward, step] = await stepAndForward(64, REPEATS, 3);
  lines.push(
    `wasm, batch 64: forward ${forward.toFixed(1)} ms, step with Adam ${step.toFixed(1)} ms = ${(step / forward).toFixed(2)} forward passes, ${(64000 / step).toFixed(0)} images/s`,
  );
  lines.push(await soak('small network', { inputShape: [8, 8, 3], width: 1 / 16, dropout: 0, seed: 1 }, 8, 1000));
  lines.push(await soak('width 0.25, batch 64', network, 64, 60));

  if (!(await tf.setBackend('cpu'))) throw new Error('cpu did not start');
  const [, slow] = await stepAndForward(4, 1, 0);
  lines.push(`cpu, one step of 4 images: ${(slow / 1000).toFixed(1)} s, ${(4000 / slow).toFixed(2)} images/s`);
  return lines;
}
