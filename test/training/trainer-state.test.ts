import * as tfl from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, FormatError } from 'tfjs-ood';
import { batchNormLayer, createTrainer, vgg } from 'tfjs-ood/training';
import type { RestorableState, TrainerState } from 'tfjs-ood/training';
import { onEachBackend } from '../on-each-backend';
import { pairwiseLoss, randomImages, smallModel } from './small-model';

type Model = ReturnType<typeof smallModel>;
const LABELS = [1, 0, 1, 0, 1, 0];

/** The paper's kind of network, tiny: convolutions, batch norm, dropout. */
const tinyVgg = (seed: number) =>
  vgg({ width: 0.03, inputShape: [8, 8, 1], embeddingSize: 2, batchNorm: true, dropout: 0.3, seed });
const small = (seed: number) => smallModel({ batchNorm: true, dropout: 0.4, seed });

/** Layers that tfjs numbers through the process, more than ten, as a loop over methods and seeds makes them. */
function unnamed(seed: number): Model {
  const model = tfl.sequential();
  model.add(tfl.layers.flatten({ inputShape: [2, 2, 1] }));
  for (let i = 0; i < 11; i++) {
    const kernelInitializer = tfl.initializers.heNormal({ seed: 100 * seed + i });
    model.add(tfl.layers.dense({ units: 3, activation: 'tanh', kernelInitializer }));
    if (i % 5 === 0) model.add(batchNormLayer());
  }
  return model;
}

onEachBackend("a trainer's state", () => {
  const start = (model: Model, state?: RestorableState) => {
    const [, height, width] = model.inputs[0]!.shape as number[];
    const trainer = createTrainer(model, { loss: pairwiseLoss, seed: 3, learningRate: 0.01, partSize: 4 });
    if (state) trainer.restore(state);
    return {
      trainer,
      /** Batches follow from the step, so that a resumed run meets those of the uninterrupted one. */
      run: async (steps: number) => {
        for (let i = 0; i < steps; i++) {
          const images = randomImages(trainer.steps, [6, height!, width!, 1]);
          await trainer.step(images, LABELS, 0);
          images.dispose();
        }
      },
      end: () => {
        trainer.dispose();
        model.dispose();
      },
    };
  };

  it.each([
    ['dense layers', small, 2],
    ['a vgg', tinyVgg, 1], // its seed decides the dropout masks too
    ['layers without names', unnamed, 2],
  ])('resumes %s bit for bit', async (_, build, otherSeed) => {
    const one = start(build(1));
    await one.run(2);
    const { tensors, metadata } = await one.trainer.state();
    const saved = decodeSafetensors(encodeSafetensors(tensors, metadata), 'state');
    const copy = structuredClone(tensors);
    await one.run(2);
    const uninterrupted = await one.trainer.state();
    expect(tensors).toEqual(copy); // a state is a copy
    expect(uninterrupted.tensors).not.toEqual(tensors);
    one.end();

    const other = start(build(otherSeed), saved); // other weights, other names in tfjs
    expect(other.trainer.steps).toBe(2);
    await other.run(2);
    expect(await other.trainer.state()).toEqual(uninterrupted);
    other.end();
  });

  it('holds every weight, also moving statistics, and both moments', async () => {
    const one = start(small(1));
    await one.run(1);
    const { tensors, metadata } = await one.trainer.state();
    expect(Object.keys(tensors).filter((name) => name.startsWith('weights/'))).toEqual([
      'weights/hidden/bias',
      'weights/hidden/kernel',
      'weights/norm/beta',
      'weights/norm/gamma',
      'weights/norm/moving_mean',
      'weights/norm/moving_variance',
      'weights/out/bias',
      'weights/out/kernel',
    ]);
    expect(Object.keys(tensors).filter((name) => name.startsWith('adam.'))).toHaveLength(12);
    expect(metadata).toEqual({ 'trainer.steps': '1', 'trainer.beta1Product': '0.9', 'trainer.beta2Product': '0.999' });
    one.end();
  });

  it('is refused whole when anything differs, and says what', async () => {
    const one = start(small(1));
    await one.run(2);
    const good = await one.trainer.state();
    const broken = (change: (state: TrainerState) => void): TrainerState => {
      const state = structuredClone(good);
      for (const array of Object.values(state.tensors)) array.data.fill(9);
      change(state);
      return state;
    };
    const cases: [string, TrainerState][] = [
      ['adam.v/out/kernel', broken(({ tensors }) => delete tensors['adam.v/out/kernel'])],
      ['[5, 2]', broken(({ tensors }) => Object.assign(tensors['weights/out/kernel']!, { shape: [2, 5] }))],
      ['weights/more', broken(({ tensors }) => (tensors['weights/more'] = tensors['weights/out/bias']!))],
      ['F32', broken(({ tensors }) => Object.assign(tensors['weights/out/bias']!, { dtype: 'F64' }))],
      [
        'F32 [2] of 1 numbers',
        broken(({ tensors }) => Object.assign(tensors['adam.m/out/bias']!, { data: new Float32Array(1) })),
      ],
      ['trainer.steps', broken(({ metadata }) => (metadata['trainer.steps'] = '1.5'))],
      ['trainer.beta2Product', broken(({ metadata }) => delete metadata['trainer.beta2Product'])],
      ['trainer.beta1Product', broken(({ metadata }) => (metadata['trainer.beta1Product'] = 'NaN'))],
    ];
    for (const [message, state] of cases) {
      expect(() => one.trainer.restore(state)).toThrow(FormatError);
      expect(() => one.trainer.restore(state)).toThrow(message);
      expect(await one.trainer.state()).toEqual(good);
    }
    one.trainer.restore({
      tensors: { ...good.tensors, mine: good.tensors['weights/out/bias']! },
      metadata: good.metadata,
    });
    one.end();
  });
});
