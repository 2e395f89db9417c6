import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { contrastiveLoss } from 'tfjs-ood';
import { embed, fitDetector } from 'tfjs-ood/detector';
import { energy, mahalanobis, nearestNeighbors } from 'tfjs-ood/scorers';
import { createTrainer } from 'tfjs-ood/training';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onEachBackend } from '../on-each-backend';
import { smallModel } from '../training/small-model';

const LABELS = Array.from({ length: 24 }, (_, i) => i % 2);
const images = Uint8Array.from({ length: 24 * 4 }, (_, i) => (LABELS[i >> 2]! * 128 + ((i * 7919) % 120)) % 256);
const set = { images, shape: [24, 2, 2, 1] as const };

onEachBackend('nothing is read at once', () => {
  let readSync: WebGPUBackend['readSync'];
  beforeEach(() => {
    const backend = tf.backend() as WebGPUBackend;
    readSync = backend.readSync;
    backend.readSync = () => {
      throw new Error('read at once');
    };
  });
  afterEach(() => {
    (tf.backend() as WebGPUBackend).readSync = readSync;
  });

  test('this test would see it', () => {
    const x = tf.ones([2]);
    expect(() => x.dataSync()).toThrow('read at once');
    x.dispose();
  });

  test.each([undefined, 5])('in steps of a trainer, its state and going back to it (parts of %s)', async (partSize) => {
    const model = smallModel({ batchNorm: true, dropout: 0.2 });
    const trainer = createTrainer(model, {
      loss: (labels, embeddings) => contrastiveLoss(labels, embeddings),
      seed: 1,
      ...(partSize && { partSize }),
    });
    const indices = [...LABELS.keys()];
    const { loss } = await trainer.step({ set, indices }, LABELS, 0);
    expect(loss).toBeGreaterThan(0);
    const state = await trainer.state();
    await trainer.step({ set, indices }, LABELS, 0);
    trainer.restore(state);
    expect(trainer.steps).toBe(1);
    expect((await embed(model, set)).shape).toEqual([24, 2]);
    trainer.dispose();
    model.dispose();
  });

  test.each([energy(), mahalanobis(), nearestNeighbors({ k: 2 })])('in a detector by $kind', async (scorer) => {
    const model = smallModel() as tfl.Sequential;
    model.add(
      tfl.layers.dense({ name: 'logits', units: 2, kernelInitializer: tfl.initializers.glorotUniform({ seed: 1 }) }),
    );
    const options = { scorer, alpha: 0.2, ...(scorer.kind === 'energy' ? {} : { features: 'out' }) };
    const detector = await fitDetector(model, { images: set, labels: LABELS }, options);
    const verdicts = await detector.predict(set);
    expect(verdicts).toHaveLength(24);
    expect(verdicts.every(({ score }) => Number.isFinite(score))).toBe(true);
    const { known, out } = await detector.evaluate({ known: { images: set, labels: LABELS }, strange: { same: set } });
    expect([known.accuracy !== undefined, out.length]).toEqual([true, 1]);
    detector.dispose();
    model.dispose();
  });
});
