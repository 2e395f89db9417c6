import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it, vi } from 'vitest';
import { odmBatches, OOD_LABEL } from 'tfjs-ood';
import { openRunFolder } from 'tfjs-ood/node';
import { SeededDropout } from 'tfjs-ood/training';
import type { Sets, Training } from '../../examples/runner/experiment';
import { methods } from '../../examples/runner/methods';
import { train } from '../../examples/runner/train';
import { presets, type Preset } from '../../examples/svhn-cifar10/presets';
import { networkOf } from '../../examples/svhn-cifar10/svhn-cifar10';
import { expectClose } from '../expect-close';
import { temporaryFolder } from '../node/temporary-folder';
import { onEachBackend } from '../on-each-backend';

/**
 * The preset `paper` at a thirty-second of its width, on 34 known and 20 OoD images, against a twin in PyTorch in
 * float64 (test/fixtures/paper-preset.py). Images, weights and dropout masks come from one formula on both sides, the
 * batches from the file that the first test holds to `odmBatches`.
 */
interface Twin {
  losses: number[];
  /** Sum of the squares of each variable after the last step. */
  squares: Record<string, number>;
}
const { losses, squares } = JSON.parse(
  readFileSync(new URL('../fixtures/paper-preset.json', import.meta.url), 'utf8'),
) as Twin;

const [KNOWN, OUT, CLASSES, SIDE, BATCH] = [34, 20, 5, 32, 32];
/** The rate falls after the authors' epochs 150 and 2250, counted from 0: here this many earlier, after epoch 2. */
const EARLIER = 148;

/** A number in [0, 1) for place `i` of thing `k`, by whole numbers of 32 bits. */
function mixed(i: number, k: number): number {
  let x = (Math.imul(i, 0x9e3779b1) + Math.imul(k, 0x85ebca77) + 1) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

const labelOf = (n: number) => (n < KNOWN ? n % CLASSES : OOD_LABEL);
const labels = Int32Array.from({ length: KNOWN + OUT }, (_, n) => labelOf(n));

/** Squares of 8 x 8 pixels, in part as its class has them; each OoD image has its own. */
function imagesOf(first: number, count: number) {
  const each = SIDE * SIDE * 3;
  const images = Uint8Array.from({ length: count * each }, (_, at) => {
    const n = first + Math.floor(at / each);
    const [x, y] = [Math.floor(at / 3) % SIDE, Math.floor((at % each) / (3 * SIDE))];
    const square = (Math.floor(y / 8) * 4 + Math.floor(x / 8)) * 3 + (at % 3);
    const shown = n < KNOWN ? n % CLASSES : n;
    return Math.floor(96 * mixed(square, 1000 + n)) + Math.floor(160 * mixed(square, 2000 + shown));
  });
  return { images, shape: [count, SIDE, SIDE, 3] as const };
}

/** As the paper draws them, but from the formula, and larger, so that distances lie on both sides of the margin. */
function weightsOf(name: string, shape: readonly number[], k: number): Float32Array {
  const limit = name.startsWith('conv') ? Math.sqrt(24 / (9 * (shape[2]! + shape[3]!))) : 0.5;
  const length = shape.reduce((a, b) => a * b, 1);
  if (name.startsWith('conv') && name.endsWith('bias')) return new Float32Array(length).fill(0.1);
  return Float32Array.from({ length }, (_, i) => limit * (2 * mixed(i, 3000 + k) - 1));
}

const sets: Sets = {
  known: { train: { ...imagesOf(0, KNOWN), labels: labels.slice(0, KNOWN) }, test: undefined as never, classNames: [] },
  seenTrain: imagesOf(KNOWN, OUT),
  out: [],
};
const preset: Preset = { ...presets.paper, width: 1 / 32 };
const own: Omit<Training, 'network'> = {
  ...preset.training,
  batchSize: BATCH,
  epochs: 5,
  decayAfter: (preset.training.decayAfter as number[]).map((epochs) => epochs - EARLIER),
};
const method = methods.find(({ name }) => name === 'odm')!;

it('takes the batches of the twin', async () => {
  const { similarShare, outShare } = own;
  const batches = odmBatches(labels, { seed: 1, batchSize: BATCH, similarShare, outShare, outEvery: own.outEvery! });
  expect(batches.stepsPerEpoch).toBe(2);
  const rows = Array.from({ length: 10 }, () => [...batches.next().indices]);
  const text = `[\n${rows.map((indices) => `[${indices.join(', ')}]`).join(',\n')}\n]\n`;
  await expect(text).toMatchFileSnapshot('../fixtures/paper-preset-batches.json');
});

const place = temporaryFolder();

onEachBackend('the preset paper', (backend) => {
  afterEach(() => void vi.restoreAllMocks());

  // In parts too, as the preset's 64 images of 1024; of parts of 12 the last has 8. (On cpu a run takes half a minute.)
  const partSizes = backend === 'cpu' ? [BATCH] : [BATCH, 12];
  const timeout = 300_000;
  it.each(partSizes)('gives the losses of its twin in ten steps, in parts of %i', { timeout }, async (partSize) => {
    // Unit u of layer dropout<l> is off where (u + l) % 5 is 0: a fifth of them, as the rate says, whatever the row.
    vi.spyOn(SeededDropout.prototype, 'call').mockImplementation(function (this: SeededDropout, x, { training }) {
      const input = Array.isArray(x) ? x[0]! : x;
      if (!training) return tf.clone(input);
      const layer = Number(this.name.at(-1));
      const kept = Array.from({ length: input.shape[1]! }, (_, u) => ((u + layer) % 5 === 0 ? 0 : 1 / (1 - this.rate)));
      return tf.tidy(() => tf.mul(input, tf.tensor1d(kept)));
    });
    const network: Training['network'] = (...given) => {
      const model = networkOf(preset)(...given);
      const values = model.weights.map(({ originalName, shape }, k) =>
        tf.tensor(weightsOf(originalName, shape as number[], k), shape as number[]),
      );
      model.setWeights(values);
      tf.dispose(values);
      return model;
    };
    const folder = await openRunFolder(place(), {});
    const found: number[] = [];
    const { model } = await train(method, { ...own, partSize, network }, sets, 1, folder, {
      onStep: ({ loss }) => found.push(loss),
    });
    await folder.close();
    const after = model.weights.map((weight) => {
      const values = weight.read().dataSync() as Float32Array;
      return [weight.originalName, values.reduce((sum, w) => sum + w * w, 0)] as const;
    });
    model.dispose();
    expectClose(found, losses, { absolute: 1e-4 });
    expect(after.map(([name]) => name)).toEqual(Object.keys(squares));
    for (const [name, sum] of after) expectClose(sum, squares[name]!, { absolute: 1e-6, relative: 1e-5 });
  });
});
