import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { odmLoss, seededRandom } from 'tfjs-ood';
import { createTrainer, vgg } from 'tfjs-ood/layers';
import 'tfjs-ood/wasm';

export const title =
  'a training step of VGG at width 0.25, batch 64 (loss, gradients, Adam, weight decay), beside a forward pass';

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const labels = Int32Array.from({ length: 64 }, (_, i) => (i < 48 ? i % 10 : -1));

export async function run(): Promise<string[]> {
  await tf.setBackend('wasm');
  const random = seededRandom(1);
  const pixels = Float32Array.from({ length: 64 * 32 * 32 * 3 }, () => random.uniform());
  const images = tf.tensor4d(pixels, [64, 32, 32, 3]);
  const model = vgg({ width: 0.25, seed: 1 });
  const trainer = createTrainer(model, { loss: (y, x) => odmLoss(y, x), seed: 1 });
  const [forwards, steps]: [number[], number[]] = [[], []];
  for (let i = -2; i < 15; i++) {
    let start = performance.now();
    const out = model.predict(images) as tf.Tensor;
    await out.data();
    out.dispose();
    if (i >= 0) forwards.push(performance.now() - start);
    start = performance.now();
    await trainer.step(images, labels, 0);
    if (i >= 0) steps.push(performance.now() - start);
  }
  const [forward, step] = [median(forwards), median(steps)];
  const lines = [
    `wasm: forward ${forward.toFixed(0)} ms, step ${step.toFixed(0)} ms = ${(step / forward).toFixed(2)} forward passes; ${(64_000 / step).toFixed(0)} images/s`,
  ];

  const small = createTrainer(vgg({ width: 0.0625, seed: 1 }), { loss: (y, x) => odmLoss(y, x), seed: 1 });
  const batch = tf.slice(images, 0, 16);
  const few = labels.slice(0, 16);
  for (let i = 0; i < 200; i++) await small.step(batch, few, 0);
  const [tensors, memory] = [tf.memory().numTensors, process.memoryUsage.rss()];
  for (let i = 0; i < 1000; i++) await small.step(batch, few, 0);
  lines.push(
    `wasm: 1000 further steps (width 0.0625, batch 16) change tensors by ${tf.memory().numTensors - tensors}, ` +
      `resident memory by ${((process.memoryUsage.rss() - memory) / 2 ** 20).toFixed(1)} MiB of ${(memory / 2 ** 20).toFixed(0)}`,
  );

  await tf.setBackend('cpu');
  const plain = createTrainer(vgg({ width: 0.25, seed: 1 }), { loss: (y, x) => odmLoss(y, x), seed: 1 });
  const eight = tf.tensor4d(pixels.slice(0, 8 * 32 * 32 * 3), [8, 32, 32, 3]);
  const start = performance.now();
  await plain.step(eight, labels.slice(0, 8), 0);
  const seconds = (performance.now() - start) / 1000;
  lines.push(`cpu backend: ${(8 / seconds).toFixed(2)} images/s (one step of 8 images, ${seconds.toFixed(1)} s)`);
  return lines;
}
