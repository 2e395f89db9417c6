import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import 'tfjs-ood/wasm';
import { fitDetector } from 'tfjs-ood/detector';
import { mahalanobis, msp, nearestNeighbors, type ScorerMethod } from 'tfjs-ood/scorers';

export const title =
  'one image through a detector beside the model alone, wasm, 28x28 convnet of 10 classes (wanted: 1 ms more)';

const COUNT = 1000;

const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1]!;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 350; i++) {
    const start = performance.now();
    await work();
    if (i >= 50) times.push(performance.now() - start);
  }
  return median(times);
}

export async function run(): Promise<string[]> {
  await tf.setBackend('wasm');
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [28, 28, 1], filters: 16, kernelSize: 3, activation: 'relu' }),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 128, activation: 'relu' }),
      tfl.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
  const pixels = Uint8Array.from({ length: COUNT * 784 }, (_, i) => (i * 7919) % 256);
  const images = { images: pixels, shape: [COUNT, 28, 28, 1] as const };
  const labels = Array.from({ length: COUNT }, (_, i) => i % 10);
  const one = tf.tidy(() => tf.div(tf.tensor4d(pixels.slice(0, 784), [1, 28, 28, 1]), 255));
  const alone = async () => {
    const output = model.predict(one) as tf.Tensor;
    await output.data();
    output.dispose();
  };
  const lines: string[] = [];
  for (const scorer of [msp(), mahalanobis(), nearestNeighbors({ k: 10 })] as ScorerMethod[]) {
    const detector = await fitDetector(model, { images, labels }, { scorer });
    const around = () => detector.predict(one);
    // In turns, so that what else runs on the machine meets both
    const [model1, detector1, model2, detector2] = [
      await timed(alone),
      await timed(around),
      await timed(alone),
      await timed(around),
    ];
    const [plain, whole] = [Math.min(model1, model2), Math.min(detector1, detector2)];
    lines.push(
      `${scorer.kind}: ${whole.toFixed(2)} ms, the model alone ${plain.toFixed(2)} ms, more: ${(whole - plain).toFixed(2)} ms`,
    );
    detector.dispose();
  }
  tf.dispose(one);
  model.dispose();
  return lines;
}
