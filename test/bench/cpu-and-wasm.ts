import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { odmLoss } from 'tfjs-ood';
import { createTrainer, vgg } from 'tfjs-ood/training';
import 'tfjs-ood/wasm';

export const title = 'training on the cpu backend against wasm (VGG of width 1/8, batch 16, ms an image)';

const BATCH = 16;
const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1]!;

async function msOf(backend: string, repeats: number): Promise<number> {
  await tf.setBackend(backend);
  const model = vgg({ width: 0.125, batchNorm: true, seed: 1 });
  const trainer = createTrainer(model, { loss: (y, x) => odmLoss(y, x, { pairs: 'all' }), seed: 1 });
  const images = tf.randomUniform<tf.Rank.R4>([BATCH, 32, 32, 3], 0, 1, 'float32', 1);
  const labels = Array.from({ length: BATCH }, (_, i) => (i % 4) - 1);
  const times: number[] = [];
  for (let i = -1; i < repeats; i++) {
    const start = performance.now();
    await trainer.step(images, labels, 0);
    if (i >= 0) times.push((performance.now() - start) / BATCH);
  }
  trainer.dispose();
  model.dispose();
  images.dispose();
  return median(times);
}

export async function run(): Promise<string[]> {
  const [before, cpu, after] = [await msOf('wasm', 7), await msOf('cpu', 3), await msOf('wasm', 7)];
  const wasm = (before + after) / 2;
  return [`cpu ${cpu.toFixed(0)}, wasm ${wasm.toFixed(1)} (${before.toFixed(1)}, ${after.toFixed(1)}): ${(cpu / wasm).toFixed(0)} times`]; // prettier-ignore
}
