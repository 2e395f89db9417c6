import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ArgumentError, OodError } from 'tfjs-ood';
import { energy, react, type ScorerMethod } from 'tfjs-ood/scorers';
import { fitDetector, fitOutputDetector, type FunctionModel } from 'tfjs-ood/detector';
import { onEachBackend } from '../on-each-backend';
import { inputs } from './layers-models';

const COUNT = 40;

/** The first pixels of each image, as logits. */
const logitsOf = (x: tf.Tensor) => tf.tidy(() => tf.slice(tf.reshape(x, [x.shape[0], -1]), [0, 0], [-1, 3]));

/** Fits around a function and predicts. */
async function use(model: unknown, scorer: ScorerMethod = energy()): Promise<void> {
  const [known, fresh] = [inputs([COUNT, 4, 4, 1], 1), inputs([3, 4, 4, 1], 2)];
  try {
    const detector = await fitDetector(model as FunctionModel, { images: known }, { scorer, alpha: 0.2 });
    expect(await detector.predict(fresh)).toHaveLength(3);
    detector.dispose();
  } finally {
    tf.dispose([known, fresh]);
  }
}

// That no tensor is left behind, each test is asked.
onEachBackend('what a function returns besides', () => {
  test('tensors that nobody asked for are freed', async () => {
    await use({
      run: (x: tf.Tensor) => ({ logits: logitsOf(x), images: x, shares: tf.tidy(() => tf.softmax(logitsOf(x))) }),
    });
    await use({ run: (x: tf.Tensor) => ({ logits: logitsOf(x), steps: [tf.zeros([2]), tf.ones([1])] }) });
    await use({
      run: (x: tf.Tensor) => {
        const logits = logitsOf(x);
        return { logits, again: logits, all: [logits] };
      },
    });
  });

  test('objects that hold tensors of their own are left alone', async () => {
    const kept = tf.zeros([2]);
    await use({ run: (x: tf.Tensor) => ({ logits: logitsOf(x), model: { weights: kept, list: [kept] } }) });
    expect(kept.isDisposed).toBe(false);
    kept.dispose();
  });

  test('neither of the two is an error that names what came, and is freed', async () => {
    const cases: [FunctionModel['run'] | ((x: tf.Tensor) => unknown), string][] = [
      [logitsOf, 'a tensor'],
      [(x) => [logitsOf(x)], 'a list'],
      [(x) => Promise.resolve([logitsOf(x)]), 'a list'],
      [(x) => ({ logit: logitsOf(x) }), '{ logit }'],
      [() => ({ logits: null }), '{ logits }'],
      [() => ({}), '{  }'],
    ];
    for (const [run, received] of cases) {
      await expect(use({ run })).rejects.toThrow(ArgumentError);
      await expect(use({ run })).rejects.toThrow(
        `fitDetector: model.run must be a function that returns { features, logits }, got ${received}`,
      );
    }
  });

  test('a head that is none', async () => {
    const run = (x: tf.Tensor) => ({ logits: logitsOf(x), features: logitsOf(x) });
    await expect(use({ run, head: {} })).rejects.toThrow('fitDetector: model.head must be a function, got {');
    const logits = { data: Float32Array.from({ length: 120 }, (_, i) => Math.sin(i)), shape: [COUNT, 3] as const };
    for (const head of [5, 'x', {}, { weights: [1] }, { weights: [1], bias: [1], shape: 3 }, { shape: [1, 2, 3] }]) {
      await expect(use({ run, head: () => head }, react() as ScorerMethod)).rejects.toThrow(OodError);
      const given = { scorer: react(), head: head as never, alpha: 0.2 };
      await expect(fitOutputDetector({ features: logits, logits }, given)).rejects.toThrow(OodError);
    }
  });
});
