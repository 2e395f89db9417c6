import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ArgumentError, embeddingMemory, hardestPairs, NotFiniteError, odmLoss, ShapeError } from 'tfjs-ood';
import { createTrainer, vgg } from 'tfjs-ood/training';
import type { TrainerOptions } from 'tfjs-ood/training';
import { expectClose } from '../expect-close';
import { casesOn, onEachBackend } from '../on-each-backend';
import { pairwiseLoss, randomImages, smallModel, weightsOf } from './small-model';

const LABELS = [1, 0, 1, -1, 0, 1, 0];
const bytes = Uint8Array.from({ length: 7 * 4 }, (_, i) => (i * 37) % 256);
const set = { images: bytes, shape: [7, 2, 2, 1] as const };
const rows = { set, indices: [0, 1, 2, 3, 4, 5, 6] };

onEachBackend('createTrainer', (backend) => {
  /** Weights, and how far they moved, after some steps of a fresh model. */
  const train = async (
    model: ReturnType<typeof smallModel>,
    options: Partial<TrainerOptions>,
    steps = 1,
    images: Parameters<ReturnType<typeof createTrainer>['step']>[0] = rows,
  ) => {
    const trainer = createTrainer(model, { loss: pairwiseLoss, seed: 1, learningRate: 0.05, ...options });
    const losses: number[] = [];
    for (let i = 0; i < steps; i++) losses.push((await trainer.step(images, LABELS, 0)).loss);
    const { tensors } = await trainer.state();
    trainer.dispose();
    const weights = await weightsOf(model);
    model.dispose();
    return { losses, weights, tensors };
  };

  it('learns, and reports the loss before each update without the decay', async () => {
    const model = smallModel();
    const expected = tf.tidy(() => {
      const embeddings = model.apply(
        tf.tensor4d(
          Float32Array.from(bytes, (b) => b / 255),
          [...set.shape],
        ),
      ) as tf.Tensor2D;
      return pairwiseLoss(tf.tensor1d(LABELS, 'int32'), embeddings);
    });
    const { losses } = await train(model, { weightDecay: 0.5 }, 1);
    expectClose(losses[0]!, (await expected.data())[0]!, { relative: 1e-6 });
    expected.dispose();
    const more = (await train(smallModel(), {}, 40)).losses;
    expect(more.at(-1)!).toBeLessThan(more[0]! / 2);
  });

  it('changes the images of a step by `augment`, by another seed in each step, the same in each run and pass', async () => {
    const darker = Uint8Array.from(bytes, (b) => b >> 1);
    const halved = { set: { ...set, images: bytes.map((b) => b & ~1) }, indices: rows.indices };
    const expected = await train(smallModel(), {}, 3, { set: { ...set, images: darker }, indices: rows.indices });
    const given = await train(smallModel(), { augment: (images) => tf.mul(images, 0.5) }, 3, halved);
    expectClose(given.losses, expected.losses, { relative: 1e-5 });
    const seeds: number[] = [];
    const augment = (images: tf.Tensor4D, seed: number) => {
      seeds.push(seed);
      return tf.mul<tf.Tensor4D>(images, 1);
    };
    await train(smallModel(), { augment }, 2);
    expect(seeds[0]).not.toBe(seeds[1]);
    const first = seeds.splice(0);
    await train(smallModel(), { augment, partSize: 4 }, 2);
    // Two parts, each seen in two passes, by one seed each; the first part has that of the whole batch.
    expect(new Set(seeds.slice(0, 4)).size).toBe(2);
    expect(seeds).toHaveLength(8);
    expect([seeds[0], seeds[4]]).toEqual(first);
  });

  it.each([1, 2, 3, 4, 6])('has the gradient of the whole batch in parts of %i', async (partSize) => {
    const options = { weightDecay: 0, beta1: 0 } as const; // with beta1 = 0 Adam's m is the gradient
    const whole = await train(smallModel(), options);
    const parts = await train(smallModel(), { ...options, partSize });
    expectClose(parts.losses, whole.losses, { relative: 1e-6 });
    for (const name of ['hidden/kernel', 'hidden/bias', 'out/kernel', 'out/bias']) {
      const [a, b] = [whole, parts].map(({ tensors }) => tensors[`adam.m/${name}`]!.data);
      expect(Math.max(...a!.map(Math.abs))).toBeGreaterThan(1e-3);
      expectClose(b!, a!, { relative: 1e-4, absolute: 1e-6 });
    }
  });

  it('draws the same dropout mask in both passes over a part, another one in each part and step', async () => {
    // A loss that is the sum of the embeddings: its gradient is that of the losses of the parts.
    const given: tf.Tensor[] = [];
    const loss = (_: tf.Tensor1D, embeddings: tf.Tensor2D) => {
      given.push(tf.keep(tf.clone(embeddings)));
      return tf.sum<tf.Scalar>(embeddings);
    };
    const images = tf.ones<tf.Rank.R4>([7, 2, 2, 1]);
    const options = { loss, partSize: 2, learningRate: 0, weightDecay: 0, beta1: 0 };
    const { tensors, losses } = await train(smallModel({ dropout: 0.5 }), options, 2, images);
    images.dispose();
    const seen = await Promise.all(given.map((tensor) => tensor.data()));
    tf.dispose(given);
    expect(seen[0]).not.toEqual(seen[1]);
    expect(losses[0]).not.toBe(losses[1]);
    expect(new Set(seen[0]).size).toBeGreaterThan(4);
    // Linear after dropout: the gradient by out/kernel is the sum of hidden units that the masks let through.
    const kernel = smallModel({ dropout: 0.5 });
    const out = kernel.getLayer('out').getWeights();
    const [w, b] = await Promise.all(out.map((tensor) => tensor.data()));
    const gradient = tensors['adam.m/out/kernel']!.data;
    let total = 7 * (b![0]! + b![1]!);
    for (let i = 0; i < w!.length; i++) total += w![i]! * gradient[i]!;
    expectClose(losses[1]!, total, { relative: 1e-5, absolute: 1e-5 });
    kernel.dispose();
  });

  it('decays biases as well as kernels: the gradient is w itself, times weightDecay', async () => {
    const loss = (_: tf.Tensor1D, embeddings: tf.Tensor2D) => tf.tidy(() => tf.sum<tf.Scalar>(tf.mul(embeddings, 0)));
    const model = smallModel({ batchNorm: true });
    const before = new Map<string, Float32Array>();
    for (const w of model.trainableWeights) before.set(w.originalName, (await w.read().data<'float32'>()).slice());
    const { tensors } = await train(model, { loss, weightDecay: 0.25, beta1: 0 });
    expect(before.size).toBe(6);
    for (const [name, values] of before) {
      expectClose(
        tensors[`adam.m/${name}`]!.data,
        values.map((w) => 0.25 * w),
        { relative: 1e-6 },
      );
    }
  });

  it('multiplies the learning rate by the schedule', async () => {
    const model = smallModel();
    const start = await weightsOf(model);
    const trainer = createTrainer(model, { loss: pairwiseLoss, seed: 1, learningRate: 0.1, schedule: (e) => 0.5 ** e });
    await trainer.step(rows, LABELS, 3);
    // The first step of Adam is the learning rate, whatever the gradient.
    expectClose(Math.abs((await weightsOf(model))[3]![0]! - start[3]![0]!), 0.1 / 8, { relative: 1e-3 });
    trainer.dispose();
    model.dispose();
  });

  it.each([undefined, 3])(
    'stops at a loss or gradient that is not finite, weights untouched (parts of %s)',
    async (partSize) => {
      const model = smallModel({ batchNorm: true });
      let mode: 'fine' | 'loss' | 'gradient' = 'fine';
      const loss = (labels: tf.Tensor1D, embeddings: tf.Tensor2D) =>
        tf.tidy(() => {
          const value = pairwiseLoss(labels, embeddings);
          if (mode === 'loss') return tf.div<tf.Scalar>(value, 0);
          // sqrt has an infinite slope at 0, times 0: NaN.
          return mode === 'gradient' ? tf.add<tf.Scalar>(value, tf.sqrt(tf.mul(value, 0))) : value;
        });
      const trainer = createTrainer(model, { loss, seed: 1, ...(partSize && { partSize }) });
      await trainer.step(rows, LABELS, 0);
      const before = await trainer.state();
      for (mode of ['loss', 'gradient'] as const) {
        await expect(trainer.step(rows, LABELS, 7)).rejects.toThrow(NotFiniteError);
        await expect(trainer.step(rows, LABELS, 7)).rejects.toThrow(`${mode}`);
        expect(await trainer.state()).toEqual(before);
      }
      mode = 'fine';
      await trainer.step(rows, LABELS, 0);
      expect(trainer.steps).toBe(2);
      trainer.dispose();
      model.dispose();
    },
  );

  it('takes no factor of a schedule that is no number from 0, and changes nothing', async () => {
    const model = smallModel();
    const schedule = (epoch: number) => [NaN, -1, Infinity, undefined, 0][epoch] as number;
    const trainer = createTrainer(model, { loss: pairwiseLoss, seed: 1, schedule });
    const before = await trainer.state();
    for (const epoch of [0, 1, 2, 3]) {
      await expect(trainer.step(rows, LABELS, epoch)).rejects.toThrow('factor of the schedule must be a number from 0');
    }
    expect(await trainer.state()).toEqual(before);
    await trainer.step(rows, LABELS, 4);
    expect(trainer.steps).toBe(1);
    trainer.dispose();
    model.dispose();
  });

  it('updates moving statistics once per part', async () => {
    const { tensors } = await train(smallModel({ batchNorm: true }), { partSize: 7, learningRate: 0 });
    const model = smallModel({ batchNorm: true });
    const expected = tf.tidy(() => {
      const hidden = ['flat', 'hidden'].map((name) => model.getLayer(name));
      const x = tf.tensor4d(
        Float32Array.from(bytes, (b) => b / 255),
        [...set.shape],
      );
      const values = hidden.reduce<tf.Tensor>((input, layer) => layer.apply(input) as tf.Tensor, x);
      const mean = (start: number, count: number) => tf.mean(tf.slice(values, start, count), 0);
      const whole = tf.mul(mean(0, 7), 0.1);
      // Parts of 4 and 3: 0.9 * (0.1 * first) + 0.1 * second.
      const parts = tf.add(tf.mul(mean(0, 4), 0.09), tf.mul(mean(4, 3), 0.1));
      return [whole, parts];
    });
    const [whole, inParts] = await Promise.all(expected.map((tensor) => tensor.data()));
    tf.dispose(expected);
    model.dispose();
    expectClose(tensors['weights/norm/moving_mean']!.data, whole!, { absolute: 1e-6 });
    const parts = await train(smallModel({ batchNorm: true }), { partSize: 4, learningRate: 0 });
    expectClose(parts.tensors['weights/norm/moving_mean']!.data, inParts!, { absolute: 1e-6 });
  });

  it('takes a tensor for a batch as well as rows of a set', async () => {
    const images = tf.tensor4d(
      Float32Array.from(bytes, (b) => b / 255),
      [...set.shape],
    );
    const a = await train(smallModel(), { partSize: 3 }, 2, images);
    const b = await train(smallModel(), { partSize: 3 }, 2);
    images.dispose();
    expect(a.weights).toEqual(b.weights);
  });

  it('keeps the number of tensors over steps and states', async () => {
    const model = smallModel({ batchNorm: true, dropout: 0.5 });
    const trainer = createTrainer(model, { loss: pairwiseLoss, seed: 1, partSize: 4 });
    await trainer.step(rows, LABELS, 0);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) {
      await trainer.step(rows, LABELS, 0);
      trainer.restore(await trainer.state());
    }
    expect(tf.memory().numTensors).toBe(before);
    trainer.dispose();
    model.dispose();
  });

  it('trains a VGG with convolutions, batch norm and parts', async () => {
    const model = vgg({ width: 0.05, inputShape: [8, 8, 1], embeddingSize: 2, batchNorm: true, seed: 1, dropout: 0 });
    const trainer = createTrainer(model, { loss: pairwiseLoss, seed: 1, learningRate: 1e-3, partSize: 4 });
    const images = randomImages(3, [6, 8, 8, 1]);
    const losses: number[] = [];
    for (let i = 0; i < casesOn(backend, 12); i++) {
      losses.push((await trainer.step(images, [1, 0, 1, 0, 1, 0], 0)).loss);
    }
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    images.dispose();
    trainer.dispose();
    model.dispose();
  });

  it('a memory of embeddings grows once a step from inside the loss, in parts too', async () => {
    const run = async (partSize?: number) => {
      const model = smallModel();
      const memory = embeddingMemory({ capacity: 10 });
      const sizes: number[] = [];
      const loss = (y: tf.Tensor1D, x: tf.Tensor2D) => {
        const value = odmLoss(y, x, { pairs: 'all', margin: 2, miner: hardestPairs(), memory });
        memory.add(y, x);
        sizes.push(memory.size);
        return value;
      };
      const { losses } = await train(model, { loss, ...(partSize === undefined ? {} : { partSize }) }, 4);
      const labels = [...(await memory.labels!.data())];
      const held = [...(await memory.embeddings!.data())];
      memory.dispose();
      return { losses, sizes, labels, held };
    };
    const [whole, parts] = [await run(), await run(3)];
    expect(whole.sizes).toEqual([7, 10, 10, 10]);
    expect(whole.labels).toEqual([...LABELS.slice(-3), ...LABELS]);
    expect(parts.sizes).toEqual(whole.sizes);
    expectClose(parts.losses, whole.losses, { relative: 1e-4 });
    expectClose(parts.held, whole.held, { relative: 1e-4, absolute: 1e-5 });
    // Without what came before, the later steps cost something else.
    const loss = (y: tf.Tensor1D, x: tf.Tensor2D) => odmLoss(y, x, { pairs: 'all', margin: 2, miner: hardestPairs() });
    const { losses } = await train(smallModel(), { loss }, 4);
    expectClose(losses[0]!, whole.losses[0]!, { relative: 1e-6 });
    expect(Math.abs(losses[3]! - whole.losses[3]!)).toBeGreaterThan(1e-3);
  });

  it('refuses what cannot be trained', async () => {
    const model = smallModel();
    const make = (options: Partial<TrainerOptions>) => () =>
      createTrainer(model, { loss: pairwiseLoss, seed: 1, ...options });
    for (const options of [
      { partSize: 0 },
      { beta1: 1 },
      { learningRate: NaN },
      { weightDecay: -1 },
      { epsilon: 0 },
      { seed: 0.5 },
    ]) {
      expect(make(options)).toThrow(ArgumentError);
    }
    const trainer = make({})();
    const images = tf.zeros<tf.Rank.R4>([2, 2, 2, 1]);
    const wrong = tf.zeros<tf.Rank.R4>([2, 3, 2, 1]);
    await expect(trainer.step(images, [1], 0)).rejects.toThrow(ShapeError);
    await expect(trainer.step(wrong, [1, 2], 0)).rejects.toThrow(ShapeError);
    await expect(trainer.step({ set, indices: [] }, [], 0)).rejects.toThrow(ShapeError);
    await expect(trainer.step({ set, indices: [7] }, [1], 0)).rejects.toThrow(ArgumentError);
    const first = trainer.step(images, [1, 0], 0);
    if (backend === 'cpu') await expect(trainer.step(images, [1, 0], 0)).rejects.toThrow('two at a time');
    await first;
    expect(trainer.steps).toBe(1);
    model.layers.forEach((layer) => (layer.trainable = false));
    expect(make({})).toThrow(ArgumentError);
    tf.dispose([images, wrong]);
    trainer.dispose();
    model.dispose();
  });
});
