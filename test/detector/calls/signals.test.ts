import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { embed, fitDetector, fitOutputDetector, growingDetector, loadDetector } from 'tfjs-ood/detector';
import { energy, ensemble, mahalanobis, nearestNeighbors, odin, vim, type ScorerMethod } from 'tfjs-ood/scorers';
import { onEachBackend } from '../../on-each-backend';
import { smallModel } from '../../training/small-model';

const COUNT = 60;
const images = { images: Uint8Array.from({ length: 4 * COUNT }, (_, i) => (i * 37) % 256), shape: [COUNT, 2, 2, 1] };
const known = images as { images: Uint8Array; shape: [number, number, number, number] };
const labels = Array.from({ length: COUNT }, (_, i) => i % 2);
const numbers = Float32Array.from({ length: 2 * COUNT }, (_, i) => Math.sin(i) * 4 + labels[i >> 1]!);
const rows = { data: numbers, shape: [COUNT, 2] as const };
const outputs = { features: rows, logits: rows, labels };
const head = { weights: Float32Array.of(1, 0, 0, 1), bias: Float32Array.of(0, 0), shape: [2, 2] as const };
const options = { scorer: energy(), blockSize: 7 };
const reason = new Error('the reader has left');

/** A function of images that notes how often it ran, and does something at one of these times. */
function watched() {
  const own = {
    runs: 0,
    at: Infinity,
    then: (): void => undefined,
    run(x: tf.Tensor) {
      if (++own.runs === own.at) own.then();
      return { logits: tf.tidy(() => tf.slice(tf.reshape(x, [x.shape[0], -1]), [0, 0], [-1, 2])) };
    },
  };
  return own;
}

/** Every pause is taken: by this clock, which never goes back, each piece of work takes a second. */
let now = 1e9;
beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
});
afterEach(() => vi.restoreAllMocks());

/** Rejects with the reason, with as many tensors as before. */
async function expectGivenUp(asked: () => Promise<unknown>): Promise<void> {
  const before = tf.memory().numTensors;
  await expect(asked()).rejects.toBe(reason);
  expect(tf.memory().numTensors).toBe(before);
}

onEachBackend('a signal', () => {
  test('given before the call: no image goes through the model', async () => {
    const [model, layers] = [watched(), smallModel()];
    const detector = await fitDetector(model, { images: known }, options);
    const ofOutputs = await fitOutputDetector(outputs, { scorer: energy() });
    const ofLayers = await fitDetector(layers, { images: known }, options);
    const grown = growingDetector();
    await grown.add(rows, labels);
    const bytes = grown.toBytes();
    const scorer = await nearestNeighbors({ k: 3 }).fit([outputs], {});
    const signal = AbortSignal.abort(reason);
    model.runs = 0;
    let isRead = false;
    async function* blocks() {
      isRead = true;
      yield await Promise.resolve(known);
    }
    for (const asked of [
      () => fitDetector(model, { images: known }, { ...options, signal }),
      () => fitDetector(layers, { images: known }, { ...options, signal }),
      () => fitOutputDetector(outputs, { scorer: energy(), signal }),
      () => loadDetector(layers, ofLayers.toBytes(), { scorer: energy(), signal }),
      () => detector.predict(known, { signal }),
      () => detector.predict(blocks(), { signal }),
      () => detector.predictOne(known, { signal }),
      () => detector.recalibrate(known, { signal }),
      () => detector.recalibrate(blocks(), { signal }),
      () => ofOutputs.predict(outputs, { signal }),
      () => ofOutputs.predictOne({ logits: [[1, 2]] }, { signal }),
      () => ofOutputs.recalibrate(outputs, { signal }),
      () => embed(layers, known, { signal }),
      () => grown.add(rows, labels, { signal }),
      () => grown.remove(0, { signal }),
      () => grown.predict(rows, { signal }),
      () => grown.predictOne({ data: numbers.slice(0, 2), shape: [2] }, { signal }),
      () => grown.pValues(rows, { signal }),
      () => scorer.score(outputs, { signal }),
      ...[energy(), mahalanobis(), vim({ dimension: 1 }), ensemble([energy(), mahalanobis()])].map(
        (method: Pick<ScorerMethod, 'fit'>) => () => method.fit([outputs] as never, { head, signal } as never),
      ),
    ]) {
      await expectGivenUp(asked);
    }
    expect([model.runs, isRead]).toEqual([0, false]);
    expect(grown.toBytes()).toEqual(bytes);
    for (const one of [detector, ofOutputs, ofLayers, scorer]) one.dispose();
    layers.dispose();
  });

  test('in a block: that one is the last', async () => {
    const model = watched();
    const detector = await fitDetector(model, { images: known }, options);
    const verdicts = await detector.predict(known);
    const bytes = detector.toBytes();
    for (const at of [1, 2, 5]) {
      for (const call of [
        (signal: AbortSignal) => fitDetector(model, { images: known }, { ...options, signal }),
        (signal: AbortSignal) => fitDetector(model, { images: known }, { ...options, scorer: asEnsemble(), signal }),
        (signal: AbortSignal) => detector.predict(known, { signal }),
        (signal: AbortSignal) => detector.recalibrate(known, { signal }),
      ]) {
        const controller = new AbortController();
        Object.assign(model, { runs: 0, at, then: () => controller.abort(reason) });
        await expectGivenUp(() => call(controller.signal));
        expect(model.runs).toBe(at);
      }
    }
    model.at = Infinity;
    // Nothing is half changed
    expect(await detector.predict(known)).toEqual(verdicts);
    expect(detector.toBytes()).toEqual(bytes);
    detector.dispose();
  });

  test('by a timer: work that never waits has a turn for it', async () => {
    const layers = smallModel();
    const detector = await fitDetector(layers, { images: known }, options);
    const grown = growingDetector();
    await grown.add(rows, labels);
    const soon = () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 0);
      return controller.signal;
    };
    // Blocks of one image: many pauses, and a timer is due long before the last
    const manyPixels = { images: new Uint8Array(4 * 3000), shape: [3000, 2, 2, 1] as const };
    const manyRows = { data: new Float32Array(2 * 3000).map((_, i) => Math.cos(i)), shape: [3000, 2] as const };
    const one = { ...options, blockSize: 1 };
    await expectGivenUp(() => fitDetector(layers, { images: manyPixels }, { ...one, signal: soon() }));
    await expectGivenUp(() => embed(layers, manyPixels, { blockSize: 1, signal: soon() }));
    await expectGivenUp(() => grown.predict(manyRows, { signal: soon() }));
    await expectGivenUp(() => fitOutputDetector({ logits: manyRows }, { ...one, signal: soon() }));
    detector.dispose();
    layers.dispose();
  });

  test('of a stream: blocks are not asked for any more', async () => {
    const controller = new AbortController();
    let [given, closed] = [0, 0];
    async function* blocks() {
      try {
        for (; given < 20; given++) {
          if (given === 3) controller.abort(reason);
          yield await Promise.resolve(known);
        }
      } finally {
        closed++;
      }
    }
    const detector = await fitDetector(watched(), { images: known }, options);
    const { signal } = controller;
    await expectGivenUp(() => detector.predict(blocks(), { signal }));
    expect([given, closed]).toEqual([3, 1]);
    detector.dispose();
  });

  test('odin stops between its own passes', async () => {
    const controller = new AbortController();
    let passes = 0;
    const logitsOf = (x: tf.Tensor4D) => {
      if (++passes === 2) controller.abort(reason);
      return tf.tidy(() => tf.matMul<tf.Tensor2D>(tf.reshape(x, [x.shape[0], -1]), tf.ones([4, 2])));
    };
    const scorer = await odin({ epsilon: 0, blockSize: 5 }).fit([], { logitsOf });
    const tensor = tf.ones<tf.Rank.R4>([40, 2, 2, 1]);
    await expectGivenUp(() => scorer.score({ images: tensor }, { signal: controller.signal }));
    expect(passes).toBe(2);
    tensor.dispose();
  });
});

const asEnsemble = () => ensemble([energy()], { calibrationShare: 0.3 });

test('a growing detector that is given up while it learns is as it was', async () => {
  const grown = growingDetector({ k: 2 });
  await grown.add(rows, labels);
  const bytes = grown.toBytes();
  const more = { data: numbers.map((value) => value / 3 + 1), shape: [COUNT, 2] as const };
  // After so many rows; room for them is made between, too
  for (const after of [1, 5, 40, COUNT]) {
    const controller = new AbortController();
    let turns = 0;
    const later = setImmediate;
    vi.stubGlobal('setImmediate', (go: () => void) => {
      if (++turns === after) controller.abort(reason);
      return later(go);
    });
    await expect(grown.add(more, 2, { signal: controller.signal })).rejects.toBe(reason);
    vi.unstubAllGlobals();
    expect(turns).toBe(after);
    expect(grown.toBytes()).toEqual(bytes);
    expect(grown.calibration.count).toBe(COUNT);
  }
  // It goes on as if nothing had been
  const other = growingDetector({ k: 2 });
  await other.add(rows, labels);
  await other.add(more, 2);
  await grown.add(more, 2, { signal: new AbortController().signal });
  expect(grown.toBytes()).toEqual(other.toBytes());
  // Removing is all or nothing
  const whole = grown.toBytes();
  const controller = new AbortController();
  const removed = grown.remove(2, { signal: controller.signal });
  controller.abort(reason);
  await expect(removed).rejects.toBe(reason);
  expect(grown.toBytes()).toEqual(whole);
});

test('a call after one that was given up has its turn', async () => {
  const grown = growingDetector();
  await grown.add(rows, labels);
  const controller = new AbortController();
  const first = grown.add(rows, 3, { signal: controller.signal });
  const second = grown.add({ data: Float32Array.of(9, 9), shape: [1, 2] }, 4);
  controller.abort(reason);
  await expect(first).rejects.toBe(reason);
  await second;
  expect(grown.counts()).toEqual(new Map([...[0, 1].map((label) => [label, 30] as const), [4, 1]]));
});
