import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import {
  compareOutputScorers,
  compareScorers,
  fitDetector,
  fitOutputDetector,
  growingDetector,
} from 'tfjs-ood/detector';
import { energy, mahalanobis } from 'tfjs-ood/scorers';
import { onEachBackend } from '../../on-each-backend';
import { smallModel } from '../../training/small-model';
import { blocksOf, points } from '../evaluation/made-points';

const COUNT = 40;
const pixels = (count: number, step: number) => ({
  images: Uint8Array.from({ length: 4 * count }, (_, i) => (i * step) % 256),
  shape: [count, 2, 2, 1] as const,
});
const known = { ...pixels(COUNT, 37), labels: Int32Array.from({ length: COUNT }, (_, i) => i % 2) };
const strange = { other: pixels(12, 91) };
const outputs = points(60, 1);
const far = { features: points(20, 2, 9).features, logits: points(20, 2, 9).logits };
const reason = new Error('the reader has left');
const scorers = { only: ['energy', 'mahalanobis', 'nearest-neighbors'], maxClasses: 2 };

/** Every pause is taken: by this clock, which never goes back, each piece of work takes a second. */
let now = 1e9;
beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

type Call = (signal: AbortSignal | undefined) => Promise<unknown>;

/** How many turns others have during a call, and at which one it is given up. */
async function turnsOf(call: Call, at = Infinity, why: unknown = reason): Promise<number> {
  const controller = new AbortController();
  let turns = 0;
  const later = setImmediate;
  vi.stubGlobal('setImmediate', (go: () => void) => {
    if (++turns === at) controller.abort(why);
    return later(go);
  });
  try {
    await call(at === Infinity ? undefined : controller.signal);
  } finally {
    vi.unstubAllGlobals();
  }
  return turns;
}

onEachBackend('evaluations and comparisons', () => {
  test('are given up before, or at whichever pause; no tensor is left', async () => {
    const model = smallModel();
    const detector = await fitDetector(model, known, { scorer: energy(), blockSize: 7 });
    const ofOutputs = await fitOutputDetector(outputs, { scorer: mahalanobis() });
    const grown = growingDetector();
    await grown.add(outputs.features, outputs.labels);
    const calls: Record<string, Call> = {
      images: (signal) => detector.evaluate({ known, strange }, signal && { signal }),
      streams: (signal) =>
        detector.evaluate({ known: blocksOf(known, known), strange: { other: blocksOf(strange.other) } }, signal && { signal }), // prettier-ignore
      outputs: (signal) => ofOutputs.evaluate({ known: outputs, strange: { far } }, signal && { signal }),
      growing: (signal) =>
        grown.evaluate({ known: outputs.features, strange: { far: far.features } }, signal && { signal }),
      compare: (signal) => compareScorers(model, known, { ...scorers, blockSize: 7, ...(signal && { signal }) }),
      'compare strange': (signal) =>
        compareScorers(model, known, { ...scorers, strange, blockSize: 7, ...(signal && { signal }) }),
      'compare outputs': (signal) => compareOutputScorers(outputs, { ...scorers, ...(signal && { signal }) }),
    };
    for (const [name, call] of Object.entries(calls)) {
      const tensors = tf.memory().numTensors;
      await expect(call(AbortSignal.abort(reason)), name).rejects.toBe(reason);
      const all = await turnsOf(call);
      expect(tf.memory().numTensors, name).toBe(tensors);
      // Each of 1000 resamples, and each row that is left out, lets others have their turn; of comparisons 400 draws
      const least: Record<string, number> = { images: 1000 + COUNT + 12, outputs: 1080, growing: 1080 };
      expect(all, name).toBeGreaterThan(least[name] ?? 400);
      for (const at of [1, 2, 5, 14, 30, 45, Math.round(all / 3), Math.round((2 * all) / 3), all]) {
        await expect(turnsOf(call, at), `${name}, pause ${at}`).rejects.toBe(reason);
        expect(tf.memory().numTensors, `${name}, pause ${at}`).toBe(tensors);
      }
    }
    detector.dispose();
    ofOutputs.dispose();
    model.dispose();
  });

  test('an image that the model is at is the last', async () => {
    const own = { runs: 0, at: Infinity, then: (): void => undefined };
    const model = {
      run(x: tf.Tensor) {
        if (++own.runs === own.at) own.then();
        return { logits: tf.tidy(() => tf.slice(tf.reshape(x, [x.shape[0], -1]), [0, 0], [-1, 2])) };
      },
    };
    const detector = await fitDetector(model, known, { scorer: energy(), blockSize: 7 });
    for (const call of [
      (signal: AbortSignal) => detector.evaluate({ known, strange }, { signal }),
      (signal: AbortSignal) => compareScorers(model, known, { only: ['energy'], blockSize: 7, signal }),
      (signal: AbortSignal) => compareScorers(model, known, { only: ['energy'], strange, blockSize: 7, signal }),
    ]) {
      // Known ones take six runs: what is strange, or made, comes after them
      for (const at of [1, 4, 7, 8]) {
        const controller = new AbortController();
        Object.assign(own, { runs: 0, at, then: () => controller.abort(reason) });
        const before = tf.memory().numTensors;
        await expect(call(controller.signal)).rejects.toBe(reason);
        expect(own.runs).toBe(at);
        expect(tf.memory().numTensors).toBe(before);
      }
    }
    detector.dispose();
  });
});

test('an error of onProgress is passed on, and no tensor is left', async () => {
  const model = smallModel();
  const before = tf.memory().numTensors;
  for (const at of [1, 4, 8]) {
    let calls = 0;
    const onProgress = () => {
      if (++calls === at) throw reason;
    };
    await expect(compareScorers(model, known, { ...scorers, blockSize: 7, onProgress })).rejects.toBe(reason);
    expect([calls, tf.memory().numTensors]).toEqual([at, before]);
  }
  model.dispose();
});

test('a reason is never taken for the reason against a scorer', async () => {
  const why = new ArgumentError('reader', 'page', 'open', 'closed');
  const call: Call = (signal) => compareOutputScorers(outputs, { ...scorers, ...(signal && { signal }) });
  const all = await turnsOf(call);
  for (let at = 1; at <= Math.min(all, 60); at++) await expect(turnsOf(call, at, why), `${at}`).rejects.toBe(why);
});
