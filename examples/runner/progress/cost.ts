import { setTimeout } from 'node:timers/promises';
import type { Sets, Training } from '../experiment';
import { isTracked } from '../history';
import type { Method } from '../methods';
import { embeddingsOf } from '../outputs-of';
import { takeRows } from '../take-rows';
import { MOST_FITTED } from '../scores';
import { prepare, stepsPerEpochOf } from '../train';

/** Seconds of a step of training, and of an image that goes through the network alone. */
export interface Cost {
  step: number;
  image: number;
}

/** What is timed: so many steps, or fewer where they are long. */
const STEPS = 2;
const ENOUGH_MS = 2000;
const IMAGES = 64;

/** Of a scorer that asks for gradients, in passes of an image through the network. */
const ODIN_PASSES = 4;

/** Times some real steps of a network that is thrown away; where a batch goes through in parts, of one part. */
export async function measureCost(method: Method, training: Training, sets: Sets, seed: number): Promise<Cost> {
  const batchSize = Math.min(training.batchSize, training.partSize ?? training.batchSize);
  const { model, trainer, set, batches } = prepare(method, { ...training, batchSize }, sets, seed);
  const step = async () => {
    const { indices, labels, epoch } = batches.next();
    await trainer.step({ set, indices }, labels, epoch);
  };
  await step(); // the first one compiles and fills caches
  const start = performance.now();
  let steps = 0;
  while (steps < STEPS && (steps === 0 || performance.now() - start < ENOUGH_MS)) {
    await step();
    steps++;
    await setTimeout(); // Ctrl-C has its turn
  }
  const seconds = (performance.now() - start) / 1000 / steps;
  const some = takeRows(
    sets.known.test,
    Array.from({ length: Math.min(IMAGES, sets.known.test.shape[0]) }, (_, i) => i),
  );
  await embeddingsOf(model, {}, some);
  const before = performance.now();
  await embeddingsOf(model, {}, some);
  const image = (performance.now() - before) / 1000 / some.shape[0];
  trainer.dispose();
  model.dispose();
  return { step: (seconds * training.batchSize) / batchSize, image };
}

/** Seconds of a training, with what is tracked on its way, and of what comes after it. */
export interface Pieces {
  training: number;
  evaluation: number;
}

/** What a training will take; `tracked`: images whose embedding is kept after each epoch. */
export function piecesOf(
  cost: Cost,
  method: Method,
  training: Training,
  { sets, evaluated, tracked, seed }: { sets: Sets; evaluated: Sets; tracked: number; seed: number },
): Pieces {
  const { epochs, viewShift = 0 } = training;
  const epochsTracked = Array.from({ length: epochs + 1 }, (_, epoch) => isTracked(epoch, epochs)).filter(
    Boolean,
  ).length;
  const tested = [evaluated.known.test, ...evaluated.out.map(({ images }) => images)];
  const images = tested.reduce((sum, { shape }) => sum + shape[0], 0);
  const known = evaluated.known.train.shape[0];
  const fitted = method.outputs === 'embedding' ? known : Math.min(MOST_FITTED, known);
  const passes = (viewShift > 0 ? 9 : 1) + ('ODIN' in method.scorers ? ODIN_PASSES : 0);
  return {
    training: epochs * stepsPerEpochOf(method, training, sets, seed) * cost.step + epochsTracked * tracked * cost.image,
    evaluation: (images + fitted) * passes * cost.image,
  };
}
