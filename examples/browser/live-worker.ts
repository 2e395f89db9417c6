import 'tfjs-ood/wasm';
import { auroc, ClassMeans, nearestClassMean, odmBatches, odmLoss, OOD_LABEL } from 'tfjs-ood';
import { embed } from 'tfjs-ood/detector';
import { createTrainer, type ImageSet } from 'tfjs-ood/training';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { drawDigits, drawLetters, drawShapes, drawUnseenShapes } from './drawn-images';
import type { FromWorker, Start, ToWorker, TrainingBackend } from './live-messages';
import { createNetwork } from './network';
import { SIDE } from './to-mnist-pixels';
import { fetchBackend, startBackend } from './backends';

const [KNOWN, SEEN, NEW, STRANGE, BATCH] = [1200, 600, 240, 120, 64];
const PAUSE = 350; // milliseconds of training between two pictures
const tell = (message: FromWorker): void => self.postMessage(message);
const tellError = (error: unknown): void =>
  tell({ type: 'error', message: error instanceof Error ? error.message : String(error) });

function joined(sets: readonly ImageSet[]): ImageSet {
  const count = sets.reduce((sum, { shape }) => sum + shape[0], 0);
  const images = new Uint8Array(count * SIDE * SIDE);
  let at = 0;
  for (const set of sets) {
    images.set(set.images, at);
    at += set.images.length;
  }
  return { images, shape: [count, SIDE, SIDE, 1] };
}

const digitLabels = (count: number, rest: number): Int32Array =>
  Int32Array.from({ length: count + rest }, (_, i) => (i < count ? i % 6 : OOD_LABEL));

/** Where the model stands: class means from training digits, then new digits against things that training never has. */
async function look(model: LayersModel, known: ImageSet, test: ImageSet, labels: Int32Array) {
  const fresh = labels.filter((label) => label >= 0).length;
  const means = new ClassMeans();
  await means.add(await embed(model, known), digitLabels(known.shape[0], 0));
  const embeddings = await embed(model, test);
  const scorer = nearestClassMean().of(means);
  const scores = await scorer.score({ features: embeddings });
  scorer.dispose();
  return { points: embeddings.data, labels, auroc: auroc(scores.slice(0, fresh), scores.slice(fresh)) };
}

let stopped = true;
const nextTask = () => new Promise((resolve) => setTimeout(resolve)); // lets `stop` come through

/** Where software plays the graphics card it does a tenth, or no picture would come. */
async function shareOf(backend: TrainingBackend): Promise<number> {
  const adapter = backend === 'webgpu' ? await navigator.gpu.requestAdapter() : undefined;
  return adapter?.info.isFallbackAdapter || adapter?.info.architecture === 'swiftshader' ? 0.1 : 1;
}

async function train({ seed, seconds, backend }: Start): Promise<void> {
  const share = await shareOf(backend);
  const [few, fresh, odd] = [NEW, NEW, STRANGE].map((count) => count * share) as [number, number, number];
  const digits = drawDigits(KNOWN, 0, 5, seed);
  const set = joined([digits, drawShapes(SEEN, seed)]);
  const known: ImageSet = { images: digits.images.slice(0, few * SIDE * SIDE), shape: [few, SIDE, SIDE, 1] };
  const strange = [drawLetters(odd / 2, seed + 1), drawUnseenShapes(odd / 2, seed + 1)];
  const test = joined([drawDigits(fresh, 0, 5, seed + 1), ...strange]);
  const testLabels = digitLabels(fresh, odd);

  const model = createNetwork(2, seed, [8, 16, 24, 32]);
  const trainer = createTrainer(model, {
    loss: (labels, embeddings) => odmLoss(labels, embeddings, { pairs: 'all' }),
    learningRate: 1e-3,
    seed,
  });
  // Software that plays a graphics card takes long for a step; the worker waits, and can say so
  const beat = setInterval(() => tell({ type: 'alive' }), 5000);
  const batches = odmBatches(digitLabels(KNOWN, SEEN), { batchSize: share < 1 ? BATCH / 4 : BATCH, outEvery: 1, seed });
  try {
    let [step, spent, loss] = [0, 0, undefined as number | undefined];
    for (;;) {
      const state = await look(model, known, test, testLabels);
      tell({ type: 'frame', step, seconds: spent / 1000, loss, ...state });
      if (stopped || spent >= seconds * 1000) break;
      const start = performance.now();
      // The first pictures come close to each other: most happens there.
      const pause = Math.min(PAUSE, 60 + spent / 10);
      while (!stopped && performance.now() - start < pause) {
        const { indices, labels, epoch } = batches.next();
        loss = (await trainer.step({ set, indices }, labels, epoch)).loss;
        step++;
        await nextTask();
      }
      spent += performance.now() - start;
    }
  } finally {
    clearInterval(beat);
    trainer.dispose();
    model.dispose();
  }
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'stop') {
    stopped = true;
    return;
  }
  stopped = false;
  started
    .then(() => startBackend(data.backend))
    .then(() => train(data))
    .then(() => tell({ type: 'done', stopped }), tellError);
});
// The page hears of what is thrown; so it does of a promise that nobody waits for.
self.addEventListener('unhandledrejection', ({ reason }) => reportError(reason));

const started = startBackend('wasm');
// The other backend too, for the choice to work without a network
const fetched = started.then(() => ('gpu' in navigator ? fetchBackend('webgpu') : undefined));
fetched.then(() => tell({ type: 'ready' }), tellError);
