import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';
import { odmLoss } from 'tfjs-ood';
import { startWebgpu } from 'tfjs-ood/node';
import { createTrainer, vgg, type Trainer } from 'tfjs-ood/training';

export const title = 'kernels that a training step launches on WebGPU, and a step against forward passes';

/** As tfjs ships them: `tfjs-ood/webgpu` is imported after this is evaluated. */
const shipped = tf.getKernelsForBackend('webgpu');

interface Sizes {
  width: number;
  batch: number;
  repeats: number;
}
/** What the paper's network costs on a card; where a processor plays one, as many kernels of small tensors. */
const ON_CARD: Sizes = { width: 1, batch: 256, repeats: 15 };
const ON_SOFTWARE: Sizes = { width: 1 / 16, batch: 8, repeats: 3 };

/** tfjs's own kernels, or ours as they were registered, for the webgpu backend. */
function use(kernels: readonly tf.KernelConfig[], names: readonly string[]): void {
  const byName = new Map(kernels.map((kernel) => [kernel.kernelName, kernel]));
  for (const name of names) {
    if (tf.getKernel(name, 'webgpu') as unknown) tf.unregisterKernel(name, 'webgpu');
    const kernel = byName.get(name);
    if (kernel) tf.registerKernel(kernel);
  }
}

interface Recorder {
  recordAndSubmit(this: unknown, program: object, ...rest: unknown[]): void;
}

/** Names of the programs that run during `work`, with how often. */
export async function launched(work: () => Promise<unknown>): Promise<Map<string, number>> {
  const backend = tf.backend() as unknown as Recorder;
  const record = backend.recordAndSubmit;
  const counts = new Map<string, number>();
  backend.recordAndSubmit = function (program, ...rest) {
    const { name } = (program as { constructor: { name: string } }).constructor;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    record.call(this, program, ...rest);
  };
  try {
    await work();
  } finally {
    backend.recordAndSubmit = record;
  }
  return counts;
}

const total = (counts: Map<string, number>): number => [...counts.values()].reduce((sum, count) => sum + count, 0);
const most = (counts: Map<string, number>): string =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, process.env.FULL ? Infinity : 8)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

const median = (times: number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1]!;
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function* rowsOf({ width, batch, repeats }: Sizes, batchNorm: boolean): AsyncGenerator<string> {
  const model = vgg({ width, batchNorm, seed: 1 });
  const trainer: Trainer = createTrainer(model, { loss: (y, x) => odmLoss(y, x), learningRate: 1e-4, seed: 1 });
  const images = tf.randomUniform<tf.Rank.R4>([batch, 32, 32, 3], 0, 1, 'float32', 1);
  const labels = Int32Array.from({ length: batch }, (_, i) => (i % 4 === 3 ? -1 : i % 3));
  const step = () => trainer.step(images, labels, 0);
  const forward = async () => {
    const y = tf.tidy(() => model.apply(images, { training: false }) as tf.Tensor);
    await y.data();
    y.dispose();
  };
  await step();
  const counts = await launched(step);
  yield `${total(counts)} kernels a step: ${most(counts)}`;
  await forward();
  const [forwards, steps] = [[] as number[], [] as number[]];
  for (let i = 0; i < repeats; i++) {
    forwards.push(await timed(forward));
    steps.push(await timed(step));
  }
  const [one, all] = [median(forwards), median(steps)];
  yield `step ${all.toFixed(0)} ms = ${(all / one).toFixed(1)} forward passes of ${one.toFixed(0)} ms, ${((1000 * batch) / all).toFixed(0)} images/s`;
  trainer.dispose();
  model.dispose();
  images.dispose();
}

export async function run(): Promise<string[]> {
  let card: Awaited<ReturnType<typeof startWebgpu>>;
  try {
    card = await startWebgpu();
  } catch (error) {
    return [`left out: ${(error as Error).message}`];
  }
  const { webgpuKernels } = await import('tfjs-ood/webgpu');
  const own = webgpuKernels.map((name) => tf.getKernel(name, 'webgpu'));
  const sizes = card.isSoftware ? ON_SOFTWARE : ON_CARD;
  const lines = [`${card.name}; VGG of width ${sizes.width}, batch ${sizes.batch}`];
  for (const batchNorm of [false, true]) {
    for (const [whose, kernels] of [
      [
        "tfjs's own",
        [
          ...shipped.filter(({ kernelName }) => kernelName !== tf.AddN),
          ...own.filter(({ kernelName }) => kernelName === tf.AddN),
        ],
      ],
      ['ours', own],
    ] as const) {
      use(kernels, webgpuKernels);
      for await (const row of rowsOf(sizes, batchNorm)) {
        lines.push(`${batchNorm ? 'with batch norm' : 'as in the paper'}, ${whose}: ${row}`);
      }
    }
  }
  return lines;
}
