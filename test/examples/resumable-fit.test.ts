import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { contrastiveLoss, odmBatches, seededRandom } from 'tfjs-ood';
import { openRunFolder } from 'tfjs-ood/node';
import { createTrainer } from 'tfjs-ood/training';
import { beforeAll, expect, test } from 'vitest';
import { resumableFit, type ResumableOptions } from '../../examples/runner/resumable-fit';
import { temporaryFolder } from '../node/temporary-folder';

const place = temporaryFolder();
beforeAll(() => tf.setBackend('cpu'));

const labels = Int32Array.from({ length: 40 }, (_, i) => i % 4);
const random = seededRandom(5);
const set = { images: Uint8Array.from({ length: 160 }, () => random.integer(256)), shape: [40, 2, 2, 1] as const };
const EPOCHS = 4;
const STEPS = 5;

/** A training in a folder as a process has it: everything made anew. */
async function call(path: string, options: Partial<ResumableOptions> = {}) {
  const model = tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [2, 2, 1] }),
      tfl.layers.dense({ units: 3, kernelInitializer: tfl.initializers.glorotUniform({ seed: 3 }) }),
    ],
  });
  const trainer = createTrainer(model, { loss: (own, embeddings) => contrastiveLoss(own, embeddings), seed: 1 });
  const batches = odmBatches(labels, { seed: 2, batchSize: 8, outEvery: 0, stepsPerEpoch: STEPS });
  const folder = await openRunFolder(path, { of: 'a test' });
  const steps: number[] = [];
  const epochs: number[] = [];
  try {
    await resumableFit(
      trainer,
      {
        set: { ...set, shape: [...set.shape] },
        batches,
        epochs: EPOCHS,
        ...options,
        onStep: (info) => {
          steps.push(info.epoch * STEPS + info.step);
          options.onStep?.(info);
        },
        onEpoch: (epoch) => Promise.resolve(void epochs.push(epoch)),
      },
      folder,
    );
    return { steps, epochs };
  } catch (error) {
    return { steps, epochs, error };
  } finally {
    await folder.close();
    trainer.dispose();
    model.dispose();
  }
}

const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, i) => from + i);

/** Weights in the end, and what the lines say besides times. */
async function left(path: string) {
  const weights = await readFile(join(path, `checkpoint-00000${EPOCHS}.safetensors`));
  const lines = (await readFile(join(path, 'epochs.jsonl'), 'utf8')).trim().split('\n');
  const numbers = lines.map((line) => {
    const { epoch, steps, loss } = JSON.parse(line) as Record<string, number>;
    return { epoch, steps, loss };
  });
  return { weights: weights.toString('base64'), numbers };
}

const stopAt = (at: number) => {
  const controller = new AbortController();
  const onStep = ({ epoch, step }: { epoch: number; step: number }) => {
    if (epoch * STEPS + step === at) controller.abort(new Error('stopped'));
  };
  return { signal: controller.signal, onStep };
};

test('stopped within epochs it goes on at the next step, bit for bit: weights, moments and mean losses', async () => {
  const [whole, stopped] = [place(), place()];
  expect(await call(whole)).toEqual({ steps: upTo(20), epochs: [0, 1, 2, 3, 4] });
  const first = await call(stopped, stopAt(2));
  expect(first).toEqual({ steps: [0, 1, 2], epochs: [0], error: new Error('stopped') });
  const second = await call(stopped, stopAt(3));
  expect([second.steps, second.epochs]).toEqual([[3], []]); // the untrained network is not seen twice
  const third = await call(stopped, stopAt(14)); // the last one of an epoch
  expect([third.steps, third.epochs]).toEqual([upTo(15, 4), [1, 2, 3]]);
  expect(await call(stopped)).toEqual({ steps: upTo(20, 15), epochs: [4] });
  expect(await left(stopped)).toEqual(await left(whole));
  expect(await call(stopped)).toEqual({ steps: [], epochs: [] });
});

test('a checkpoint comes within a long epoch, and loses nothing up to it', async () => {
  const [whole, broken] = [place(), place()];
  await call(whole);
  const breaksAt = (at: number) => (info: { epoch: number; step: number }) => {
    if (info.epoch * STEPS + info.step === at) throw new Error('broken');
  };
  // Due after each step: those before the one that breaks are kept.
  const each = { checkpointsAfter: [0, 0] as const };
  expect((await call(broken, { ...each, onStep: breaksAt(3) })).steps).toEqual([0, 1, 2, 3]);
  expect((await call(broken, { ...each, onStep: breaksAt(7) })).steps).toEqual([3, 4, 5, 6, 7]);
  // Due once: after the first step of this call.
  const once = { checkpointsAfter: [0, 1e9] as const };
  expect((await call(broken, { ...once, onStep: breaksAt(9) })).steps).toEqual([7, 8, 9]);
  expect((await call(broken)).steps).toEqual(upTo(20, 8));
  expect(await left(broken)).toEqual(await left(whole));
  // Not due: only whole epochs are kept.
  const short = place();
  await call(short, { onStep: breaksAt(8) });
  expect((await call(short)).steps).toEqual(upTo(20, 5));
});
