import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { classBalancedBatches, FormatError, odmBatches } from 'tfjs-ood';
import { createTrainer } from 'tfjs-ood/training';
import type { RestorableState, StateArray, TrainerState } from 'tfjs-ood/training';
import { pairwiseLoss, randomImages, smallModel } from './small-model';

type Damage<T> = readonly [what: string, damaged: T];
const without = <T>(all: Readonly<Record<string, T>>, name: string): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([other]) => other !== name));

/** Each array with a side more or less, a dimension more or less, other numbers, another type, or none of it. */
function* damagedArrays(all: Readonly<Record<string, StateArray>>): Generator<Damage<RestorableState['tensors']>> {
  for (const [name, array] of Object.entries(all)) {
    const { shape, data } = array;
    const changed: Record<string, object> = {
      'a dimension more': { shape: [...shape, 1] },
      'a dimension less': { shape: shape.slice(1) },
      'a dimension of 1 before': { shape: [1, ...shape] },
      'a number less': { data: data.slice(1) },
      'a number more': { data: Float32Array.of(...data, 1) },
      'NaN at the end': { data: data.map((value, i) => (i === data.length - 1 ? NaN : value)) },
      'infinity at the start': { data: data.map((value, i) => (i === 0 ? Infinity : value)) },
      float64: { dtype: 'F64', data: Float64Array.from(data) },
      int32: { dtype: 'I32', data: Int32Array.from(data) },
    };
    if (shape.length > 1) changed['all in one dimension'] = { shape: [data.length] };
    for (const [axis, side] of shape.entries()) {
      for (const other of [side - 1, side + 1, 0]) {
        const sides = shape.map((length, i) => (i === axis ? other : length));
        const length = sides.reduce((product, one) => product * one, 1);
        changed[`side ${axis} of ${other}`] = {
          shape: sides,
          data: Float32Array.from({ length }, (_, i) => data[i] ?? 1),
        };
      }
    }
    for (const [what, change] of Object.entries(changed))
      yield [`${name}: ${what}`, { ...all, [name]: { ...array, ...change } }];
    yield [`${name}: dropped`, without(all, name)];
    yield [`${name}: twice`, { ...all, [`${name}2`]: array }];
  }
}

/** Each field of an object, and of those within, dropped, of another type; and a field more. */
function* damagedFields(all: Readonly<Record<string, unknown>>): Generator<Damage<Record<string, unknown>>> {
  for (const [name, value] of Object.entries(all)) {
    yield [`${name}: dropped`, without(all, name)];
    const others = [null, true, 'text', '', -1, 0.5, NaN, [value], { [name]: value }, `${JSON.stringify(value)}0`];
    for (const other of others) yield [`${name}: ${JSON.stringify(other)}`, { ...all, [name]: other }];
    if (typeof value !== 'object' || value === null) continue;
    for (const [what, inner] of damagedFields(value as Record<string, unknown>)) {
      yield [`${name}.${what}`, { ...all, [name]: inner }];
    }
  }
  yield ['a field more', { ...all, stray: 1 }];
}

/** Throws for none of the damages: lists those that were taken. */
function taken<T>(damages: Iterable<Damage<T>>, restore: (damaged: T) => void): string[] {
  const passed: string[] = [];
  for (const [what, damaged] of damages) {
    try {
      restore(damaged);
      passed.push(what);
    } catch (error) {
      expect(error, what).toBeInstanceOf(FormatError);
      expect((error as FormatError).details.what, what).toMatch(/^state/);
    }
  }
  return passed;
}

describe('batches', () => {
  const LABELS = [0, 0, 1, 1, 2, 2, -1, -1];
  const made = {
    odmBatches: () => odmBatches(LABELS, { seed: 1, batchSize: 4 }),
    classBalancedBatches: () => classBalancedBatches(LABELS, { seed: 1, classesPerBatch: 2, rowsPerClass: 2 }),
  };
  test.each(Object.entries(made))('%s', (_, make) => {
    const batches = make();
    const restore = (state: unknown) => batches.restore(state as never);
    batches.next();
    const state = batches.state();
    batches.next();
    const now = batches.state();
    expect(taken(damagedFields(state as never), restore)).toEqual([]);
    expect(
      taken(
        [undefined, null, 5, 'text', []].map((other) => [String(other), other]),
        restore,
      ),
    ).toEqual([]);
    expect(batches.state()).toEqual(now);
    restore(JSON.parse(JSON.stringify(state)));
    expect(batches.state()).toEqual(state);
  });
  test('one sort of batches is not the other, and another version is none of these', () => {
    const [odm, balanced] = [made.odmBatches(), made.classBalancedBatches()];
    expect(() => odm.restore(balanced.state() as never)).toThrow(
      'state.made.batchSize must be 4, as in these batches, got nothing',
    );
    expect(() => odm.restore({ ...odm.state(), version: 2, more: 1 } as never)).toThrow(
      'state.version must be 1, got 2',
    );
  });
});

test('a trainer', async () => {
  await tf.setBackend('cpu');
  const model = smallModel({ batchNorm: true });
  const trainer = createTrainer(model, { loss: pairwiseLoss, seed: 3 });
  const images = randomImages(1, [4, 2, 2, 1]);
  await trainer.step(images, [0, 1, 0, 1], 0);
  const { tensors, metadata } = await trainer.state();
  await trainer.step(images, [0, 1, 0, 1], 0);
  const now = await trainer.state();
  const restore = (state: unknown) => trainer.restore(state as TrainerState);

  expect(taken(damagedArrays(tensors), (damaged) => restore({ tensors: damaged, metadata }))).toEqual([]);
  const fields = damagedFields(metadata);
  // What is not the trainer's is left alone: a file may hold more.
  expect(taken(fields, (damaged) => restore({ tensors, metadata: damaged }))).toEqual(['a field more']);
  restore(now);
  const others: Record<string, unknown> = {
    nothing: undefined,
    null: null,
    'no tensors': { metadata },
    'no metadata': { tensors },
    'a list': { tensors: [], metadata },
    'a counter more': { tensors, metadata: { ...metadata, 'trainer.more': '1' } },
    'a second moment below 0': {
      tensors: { ...tensors, 'adam.v/out/bias': { dtype: 'F32', shape: [2], data: Float32Array.of(1, -1) } },
      metadata,
    },
  };
  expect(taken(Object.entries(others), restore)).toEqual([]);
  expect(await trainer.state()).toEqual(now);
  restore({ tensors, metadata });
  expect(await trainer.state()).toEqual({ tensors, metadata });
  tf.dispose(images);
  trainer.dispose();
  model.dispose();
});
