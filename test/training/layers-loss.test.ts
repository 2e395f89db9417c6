import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ArgumentError, odmLoss, ShapeError, supervisedContrastiveLoss, tripletLoss } from 'tfjs-ood';
import { asLayersLabels, asLayersLoss, createTrainer, type BatchLoss } from 'tfjs-ood/training';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { randomImages, smallModel, weightsOf } from './small-model';

const LABELS = [1, 0, 1, -1, 0, 1, 0, -1];
const odm: BatchLoss = (labels, x) => odmLoss(labels, x, { pairs: 'all' });

onEachBackend('asLayersLabels, asLayersLoss', () => {
  it('makes each label as wide as an embedding', async () => {
    const labels = asLayersLabels([2, -1], 3);
    expect(labels.dtype).toBe('int32');
    expect(await labels.array()).toEqual([
      [2, 2, 2],
      [-1, -1, -1],
    ]);
    labels.dispose();
  });

  it.each([
    ['odmLoss', odm],
    ['tripletLoss', (labels, x) => tripletLoss(labels, x)],
    ['supervisedContrastiveLoss', (labels, x) => supervisedContrastiveLoss(labels, x)],
  ] as [string, BatchLoss][])('is the loss itself, and its gradient: %s', async (_, loss) => {
    const y = asLayersLabels(LABELS, 2);
    const own = tf.tensor1d(LABELS, 'int32');
    const x = tf.tensor2d([1, 2, -1, 0.5, 0, 3, 2, 2, -2, 1, 0.25, 0.5, 1, -1, 4, 0], [8, 2]);
    const layers = tf.valueAndGrad((z) => asLayersLoss(loss)(y, z))(x);
    const alone = tf.valueAndGrad((z) => loss(own, z as tf.Tensor2D))(x);
    expectClose(await layers.value.data(), await alone.value.data(), { absolute: 0 });
    expectClose(await layers.grad.data(), await alone.grad.data(), { absolute: 0 });
    expect((await alone.grad.data()).some((value) => value !== 0)).toBe(true);
    tf.dispose([y, own, x, ...Object.values(layers), ...Object.values(alone)]);
  });

  it('makes compile and fit do the steps of createTrainer', async () => {
    const [rate, steps] = [0.05, 4];
    const images = randomImages(3, [8, 2, 2, 1]);
    const [own, theirs] = [smallModel(), smallModel()];
    const trainer = createTrainer(own, { loss: odm, learningRate: rate, weightDecay: 0, seed: 1 });
    const expected: number[] = [];
    for (let step = 0; step < steps; step++) expected.push((await trainer.step(images, LABELS, step)).loss);

    const labels = asLayersLabels(LABELS, 2);
    const optimizer = tf.train.adam(rate, 0.9, 0.999, 1e-8);
    theirs.compile({ optimizer, loss: asLayersLoss(odm) });
    const { history } = await theirs.fit(images, labels, { batchSize: 8, epochs: steps, shuffle: false, verbose: 0 });
    expectClose(history.loss as number[], expected, { relative: 1e-5 });
    expect(expected[steps - 1]!).toBeLessThan(expected[0]!);
    // but the last bias, which moves all embeddings alike: no loss of distances has a gradient there, and Adam makes
    // whole steps of what rounding leaves
    const start = smallModel();
    const [reached, wanted, first] = (await Promise.all([theirs, own, start].map(weightsOf))).map((all) =>
      all.slice(0, -1),
    );
    reached!.forEach((values, at) => expectClose(values, wanted![at]!, { absolute: 5e-4 }));
    first!.forEach((values, at) => {
      expect(values.some((value, i) => Math.abs(value - wanted![at]![i]!) > 0.1)).toBe(true);
    });
    start.dispose();
    tf.dispose([images, labels]);
    optimizer.dispose();
    trainer.dispose();
    own.dispose();
    theirs.dispose();
  });

  it('learns from several batches in any order, the last one smaller', async () => {
    const images = randomImages(4, [8, 2, 2, 1]);
    const model = smallModel();
    const labels = asLayersLabels(LABELS, 2);
    const whole = () => odmLoss(LABELS, model.apply(images) as tf.Tensor2D, { pairs: 'all' }).dataSync()[0]!;
    const before = tf.tidy(whole);
    const optimizer = tf.train.sgd(0.5);
    model.compile({ optimizer, loss: asLayersLoss(odm) });
    await model.fit(images, labels, { batchSize: 5, epochs: 60, shuffle: true, verbose: 0 });
    expect(tf.tidy(whole)).toBeLessThan(0.97 * before);
    tf.dispose([images, labels]);
    optimizer.dispose();
    model.dispose();
  });

  it('refuses what tfjs-layers refuses for another reason, by name', () => {
    expect(() => asLayersLabels([0.5], 2)).toThrow(ArgumentError);
    expect(() => asLayersLabels([0, 1], 0)).toThrow(/embeddingSize must be a whole number from 1, got 0/);
    expect(() => asLayersLoss(undefined as never)).toThrow(ArgumentError);
    const [column, x] = [tf.ones([2, 1], 'int32'), tf.ones([2, 3])];
    expect(() => asLayersLoss(odm)(column, x)).toThrow(ShapeError);
    expect(() => asLayersLoss(odm)(column, x)).toThrow(/labels must be \[2, 3\], as asLayersLabels\(labels, 3\) makes/);
    tf.dispose([column, x]);
  });
});
