import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ArgumentError, NotFiniteError } from 'tfjs-ood';
import { createTrainer, fit, type Trainer, type TrainerState } from 'tfjs-ood/training';
import { onEachBackend } from '../on-each-backend';
import { pairwiseLoss, smallModel } from './small-model';

const LABELS = [1, 0, 1, -1, 0, 1, 0];
const images = Uint8Array.from({ length: 7 * 4 }, (_, i) => (i * 37) % 256);
const set = { images, shape: [7, 2, 2, 1] as const };
const rows = { set, indices: [0, 1, 2, 3, 4, 5, 6] };

onEachBackend('steps that begin ahead', () => {
  /** A trainer whose loss is NaN at one call, counted from 0, and its model. */
  function made(stepsAhead: number, badCall = -1) {
    const model = smallModel({ batchNorm: true, dropout: 0.3 });
    let calls = 0;
    const loss = (y: tf.Tensor1D, x: tf.Tensor2D) =>
      tf.tidy(() => tf.mul<tf.Scalar>(pairwiseLoss(y, x), calls++ === badCall ? NaN : 1));
    const trainer = createTrainer(model, { loss, seed: 1, learningRate: 0.05, stepsAhead });
    const free = () => {
      trainer.dispose();
      model.dispose();
    };
    return { trainer, free };
  }
  const step = (trainer: Trainer) => trainer.step(rows, LABELS, 0);

  /** Losses and state of some steps, one after the other. */
  async function inTurn(count: number): Promise<{ losses: number[]; state: TrainerState }> {
    const { trainer, free } = made(0);
    const losses: number[] = [];
    for (let i = 0; i < count; i++) losses.push((await step(trainer)).loss);
    const state = await trainer.state();
    free();
    return { losses, state };
  }

  it('give the same losses and state, bit for bit', async () => {
    const expected = await inTurn(4);
    const { trainer, free } = made(3);
    const given = await Promise.all([0, 1, 2, 3].map(() => step(trainer)));
    expect(given.map(({ loss }) => loss)).toEqual(expected.losses);
    expect(await trainer.state()).toEqual(expected.state);
    expect(trainer.steps).toBe(4);
    free();
  });

  it('are no more than allowed', async () => {
    const { trainer, free } = made(1);
    const allowed = [step(trainer), step(trainer)];
    await expect(step(trainer)).rejects.toThrow(/at most stepsAhead = 1, got 2/);
    expect(() => trainer.restore({ tensors: {}, metadata: {} })).toThrow(/steps/);
    await Promise.all(allowed);
    await step(trainer);
    expect(trainer.steps).toBe(3);
    free();
  });

  it('a step that is not finite counts for nothing, nor do those behind it; the next goes on', async () => {
    const [two, five] = [await inTurn(2), await inTurn(5)];
    const { trainer, free } = made(4, 2);
    const results = await Promise.allSettled([0, 1, 2, 3, 4].map(() => step(trainer)));
    expect(results.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled'],
      ...['rejected', 'rejected', 'rejected'],
    ]);
    const reasons = results.map((result) => (result.status === 'rejected' ? (result.reason as Error) : undefined));
    expect(reasons[2]).toBeInstanceOf(NotFiniteError);
    expect(reasons[2]!.message).toMatch(/step 2\).*loss/);
    for (const reason of reasons.slice(3)) {
      expect(reason).toBeInstanceOf(ArgumentError);
      expect(reason!.message).toMatch(/step before it/);
    }
    expect(await trainer.state()).toEqual(two.state);
    const more = [await step(trainer), await step(trainer), await step(trainer)];
    expect(more.map(({ loss }) => loss)).toEqual(five.losses.slice(2));
    expect(await trainer.state()).toEqual(five.state);
    free();
  });

  it('a state asked for meanwhile is that of steps that are known to be well', async () => {
    const { state } = await inTurn(1);
    const { trainer, free } = made(2, 1);
    const steps = Promise.allSettled([step(trainer), step(trainer), step(trainer)]);
    expect(await trainer.state()).toEqual(state);
    await steps;
    free();
  });

  const batches = () => {
    let step = 0;
    return {
      stepsPerEpoch: 3,
      next: () => ({
        indices: Int32Array.from(rows.indices),
        labels: Int32Array.from(LABELS),
        epoch: Math.floor(step / 3),
        step: step++ % 3,
      }),
    };
  };

  it('fit reports each in its turn, and an epoch once all its steps are known', async () => {
    const expected = await inTurn(6);
    const { trainer, free } = made(2);
    const seen: (number | string)[] = [];
    await fit(trainer, {
      set,
      batches: batches(),
      epochs: 2,
      onStep: ({ loss }) => seen.push(loss),
      onEpoch: ({ epoch, steps }) => void seen.push(`epoch ${epoch}: ${steps}`),
    });
    const { losses } = expected;
    expect(seen).toEqual([...losses.slice(0, 3), 'epoch 0: 3', ...losses.slice(3), 'epoch 1: 3']);
    expect(await trainer.state()).toEqual(expected.state);
    free();
  });

  it('fit refuses a loss that is not finite before the epoch is over, and leaves no step under way', async () => {
    const { trainer, free } = made(2, 2);
    const epochs: number[] = [];
    const run = fit(trainer, {
      set,
      batches: batches(),
      epochs: 1,
      onEpoch: ({ epoch }) => void epochs.push(epoch),
    });
    await expect(run).rejects.toThrow(NotFiniteError);
    expect(epochs).toEqual([]);
    expect(trainer.steps).toBe(2);
    await step(trainer);
    free();
  });
});
