import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ArgumentError, ClassMeans, embeddingMemory, odmLoss, seededRandom } from 'tfjs-ood';
import { fitDetector } from 'tfjs-ood/detector';
import { createTrainer } from 'tfjs-ood/training';
import { mahalanobis, msp, nearestClassMean, nearestNeighbors, nnGuide, type FitBlock } from 'tfjs-ood/scorers';
import { randomImages, smallModel, weightsOf } from '../training/small-model';

const random = seededRandom(3);
const rows = (count: number, size: number) => ({
  data: Float32Array.from({ length: count * size }, () => random.normal()),
  shape: [count, size] as const,
});
const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);

describe.each([
  ['cpu', 'wasm'],
  ['wasm', 'cpu'],
])('made on %s, used on %s', (first, other) => {
  let tensors = 0;
  beforeEach(async () => {
    await tf.setBackend(first);
    tensors = tf.memory().numTensors;
  });
  afterEach(() => expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors));
  afterAll(() => tf.setBackend('cpu'));

  /** Refused on the other backend, naming all; as before on the first. */
  async function isRefused(where: string, use: () => unknown): Promise<void> {
    const before = await use();
    await tf.setBackend(other);
    const error = await Promise.resolve()
      .then(use)
      .catch((error: unknown) => error);
    await tf.setBackend(first);
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toBe(
      `${where}: backend must be '${first}', whose tensors it holds, got '${other}'`,
    );
    expect(await use()).toEqual(before);
  }

  test('a trainer is refused before anything changes, and goes on after the way back', async () => {
    const images = randomImages(1, [8, 2, 2, 1]);
    const batch = Int32Array.of(0, 1, 0, 1, 0, 1, -1, -1);
    const train = async (isDisturbed: boolean) => {
      const model = smallModel();
      const trainer = createTrainer(model, { loss: odmLoss, seed: 1 });
      await trainer.step(images, batch, 0);
      if (isDisturbed) {
        const state = await trainer.state();
        await tf.setBackend(other);
        await expect(trainer.step(images, batch, 0)).rejects.toThrow(
          `Trainer.step: backend must be '${first}', whose tensors it holds, got '${other}'`,
        );
        await expect(trainer.state()).rejects.toThrow('Trainer.state: backend');
        expect(() => trainer.restore(state)).toThrow('Trainer.restore: backend');
        expect(trainer.steps).toBe(1);
        await tf.setBackend(first);
      }
      await trainer.step(images, batch, 0);
      const weights = await weightsOf(model);
      trainer.dispose();
      model.dispose();
      return weights;
    };
    expect(await train(true)).toEqual(await train(false));
    images.dispose();
  });

  test('scorers that hold tensors', async () => {
    const [known, x] = [rows(40, 4), rows(5, 4)];
    const means = new ClassMeans();
    await means.add(known, labels);
    const scorer = nearestClassMean().of(means);
    await isRefused('nearestClassMean', () => scorer.score({ features: x }));
    await isRefused('nearestClassMean', () => scorer.classify({ features: x }));
    scorer.dispose();

    const blocks = [{ features: known, logits: rows(40, 3), labels }] satisfies FitBlock<
      'features' | 'logits' | 'labels'
    >[];
    const batch = { features: x, logits: rows(5, 3) };
    const neighbors = await nearestNeighbors({ k: 2 }).fit(blocks, {});
    await isRefused('nearestNeighbors', () => neighbors.score(batch));
    neighbors.dispose();
    const guided = await nnGuide({ k: 2 }).fit(blocks, {});
    await isRefused('nnGuide', () => guided.score(batch));
    guided.dispose();
    const nearest = await nearestClassMean().fit(blocks, {});
    await isRefused('nearestClassMean', () => nearest.score(batch));
    nearest.dispose();
  });

  test('a memory of embeddings', async () => {
    const memory = embeddingMemory({ capacity: 10 });
    const x = tf.tensor2d(rows(4, 3).data, [4, 3]);
    memory.add([0, 1, 0, 1], x);
    const loss = () => tf.tidy(() => odmLoss([0, 1, 0, 1], x, { pairs: 'all', memory }).dataSync());
    await isRefused('EmbeddingMemory.extend', loss);
    await isRefused('EmbeddingMemory.add', () => memory.add([0, 1, 0, 1], x));
    memory.reset();
    await tf.setBackend(other);
    memory.add([0, 1, 0, 1], x); // an empty one begins anew
    loss();
    memory.dispose();
    x.dispose();
  });

  test('a detector, by its model', async () => {
    const model = smallModel();
    const images = { images: new Uint8Array(160).map(() => random.integer(256)), shape: [40, 2, 2, 1] as const };
    const detector = await fitDetector(model, { images, labels }, { scorer: msp(), alpha: 0.1 });
    await isRefused('Detector.predict', () => detector.predict(images));
    detector.dispose();
    model.dispose();
  });

  test('a switch while a detector or a trainer waits', async () => {
    const model = smallModel();
    const images = { images: new Uint8Array(160).map(() => random.integer(256)), shape: [40, 2, 2, 1] as const };
    const detector = await fitDetector(model, { images, labels }, { scorer: msp(), blockSize: 4 });
    const before = await detector.predict(images);
    const predicted = detector.predict(images);
    await tf.setBackend(other);
    await expect(predicted).rejects.toThrow(`Detector.predict: backend must be '${first}'`);
    await tf.setBackend(first);
    expect(await detector.predict(images)).toEqual(before);
    detector.dispose();

    const weights = await weightsOf(model);
    const trainer = createTrainer(model, { loss: odmLoss, seed: 1 });
    const batch = randomImages(1, [8, 2, 2, 1]);
    const stepped = trainer.step(batch, [0, 1, 0, 1, 0, 1, -1, -1], 0);
    await tf.setBackend(other);
    await expect(stepped).rejects.toThrow(`Trainer.step: backend must be '${first}'`);
    await tf.setBackend(first);
    expect([trainer.steps, await weightsOf(model)]).toEqual([0, weights]);
    trainer.dispose();
    tf.dispose(batch);
    model.dispose();
  });

  test('what holds arrays goes on', async () => {
    const [known, x] = [rows(40, 4), rows(5, 4)];
    const gaussian = await mahalanobis().fit([{ features: known, labels }], {});
    const scores = [await gaussian.score({ features: x }), await msp().score({ logits: x })];
    const means = new ClassMeans();
    await means.add({ data: known.data.subarray(0, 80), shape: [20, 4] }, labels.subarray(0, 20));
    await tf.setBackend(other);
    await means.add({ data: known.data.subarray(80), shape: [20, 4] }, labels.subarray(20));
    expect([await gaussian.score({ features: x }), await msp().score({ logits: x })]).toEqual(scores);
    expect([...means.counts.values()]).toEqual([20, 20]);
    gaussian.dispose();
  });
});
