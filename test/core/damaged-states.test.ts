import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  OodError,
  seededRandom,
  ShapeError,
  type NamedArray,
} from 'tfjs-ood';
import { damagedArrays, type NamedArrays as Tensors } from '../damage';
import { pairwiseLoss } from '../training/small-model';
import { fitOutputDetector, loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import { createTrainer } from 'tfjs-ood/training';
import {
  ensemble,
  mahalanobis,
  nearestNeighbors,
  vim,
  type Batch,
  type Blocks,
  type ScorerMethod,
} from 'tfjs-ood/scorers';

const random = seededRandom(3);
const [ROWS, SIZE, CLASSES] = [90, 6, 3];
const normal = (count: number, shift: (i: number) => number) =>
  Float32Array.from({ length: count }, (_, i) => shift(i) + random.normal());
const head = {
  weights: normal(SIZE * CLASSES, (i) => (Math.floor(i / CLASSES) % CLASSES === i % CLASSES ? 3 : 0)),
  bias: Float32Array.of(0.1, -0.2, 0.3),
  shape: [SIZE, CLASSES] as const,
};
const labels = Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES);
const features = normal(ROWS * SIZE, (i) => 2 + ((i % SIZE) % CLASSES === labels[Math.floor(i / SIZE)] ? 3 : 0)).map(
  (value) => Math.max(value, 0.01),
);
const logits = Float32Array.from({ length: ROWS * CLASSES }, (_, at) => {
  const [row, c] = [Math.floor(at / CLASSES), at % CLASSES];
  return features
    .subarray(row * SIZE, (row + 1) * SIZE)
    .reduce((sum, value, i) => sum + value * head.weights[i * CLASSES + c]!, head.bias[c]!);
});
const outputs = {
  features: { data: features, shape: [ROWS, SIZE] as const },
  logits: { data: logits, shape: [ROWS, CLASSES] as const },
};
const logitsOf = (images: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(images, [images.shape[0], -1]);
const parts = { head, logitsOf };

/** Axes whose length no other tensor has: what is left is a whole state of another size, as of a fit on other data. */
const FREE: Record<string, readonly string[]> = {
  // Of features or logits: whoever scores others gets a ShapeError.
  ash: ['weights axis 0'],
  react: ['weights axis 0'],
  scale: ['weights axis 0'],
  'nearest-class-mean': ['means axis 1'],
  // Of rows of a bank too: it is one of as many rows.
  'nearest-neighbors': ['bank axis 0', 'bank axis 1'],
  'nn-guide': ['bank axis 0', 'bank axis 1'],
  ensemble: ['1.bank axis 0', '1.bank axis 1'],
};

const methods: Record<string, () => ScorerMethod> = {
  ...scorerMethods,
  ensemble: () => ensemble([mahalanobis(), nearestNeighbors({ k: 2 }), vim({ dimension: 2 })]),
};
const fitting: Record<string, () => ScorerMethod> = {
  ...methods,
  vim: () => vim({ dimension: 2 }),
  'nearest-neighbors': () => nearestNeighbors({ k: 2 }),
};
const blocks = [{ ...outputs, labels }] as unknown as Blocks;

describe('a damaged state of a scorer is a FormatError', () => {
  test.each(Object.keys(methods))('%s', async (kind) => {
    const scorer = await fitting[kind]!().fit(blocks, parts);
    const state = scorer.state();
    const restore = (tensors: Tensors) => methods[kind]!().restore({ ...state, tensors }, parts);
    restore(state.tensors).dispose();
    const free = new Set<string>();
    let refused = 0;
    for (const [what, tensors] of damagedArrays(state.tensors)) {
      let restored: ReturnType<typeof restore>;
      try {
        restored = restore(tensors);
      } catch (error) {
        expect(error, what).toBeInstanceOf(FormatError);
        refused++;
        continue;
      }
      const axis = what.replace(/ -?1$/, '');
      expect(FREE[kind] ?? [], what).toContain(axis);
      free.add(axis);
      // Never a score for what the state does not fit, and one for each row where it does.
      const scored = await restored.score(outputs as unknown as Batch).catch((error: unknown) => error);
      if (scored instanceof Float32Array) {
        expect(axis).toMatch(/bank axis 0$/);
        expect([scored.length, scored.every(Number.isFinite)]).toEqual([ROWS, true]);
      } else expect(scored, what).toBeInstanceOf(ShapeError);
      restored.dispose();
    }
    expect([...free].sort()).toEqual([...(FREE[kind] ?? [])].sort());
    expect(refused).toBeGreaterThan(0);
    scorer.dispose();
  });
});

test('vim: weights and basis of different sizes', async () => {
  const state = (await vim({ dimension: 2 }).fit(blocks, parts)).state();
  const { weights } = state.tensors;
  const half = {
    dtype: 'F32',
    shape: [SIZE / 2, CLASSES],
    data: weights!.data.slice(0, (SIZE / 2) * CLASSES),
  } as NamedArray;
  expect(() => vim().restore({ ...state, tensors: { ...state.tensors, weights: half } }, {})).toThrow(
    'vim.restore: state.tensors.origin must be F64 [3], got F64 [6]',
  );
});

test('a detector', async () => {
  const scorer = vim({ dimension: 2 });
  const options = { scorer, head, alpha: 0.1 };
  const detector = await fitOutputDetector({ ...outputs, labels }, options);
  const { tensors, metadata } = decodeSafetensors(detector.toBytes());
  loadOutputDetector(encodeSafetensors(tensors, metadata), { scorer, ...parts }).dispose();
  for (const [what, damaged] of damagedArrays(tensors)) {
    // Fewer calibration scores are those of a smaller calibration.
    if (/^calibration axis 0/.test(what)) continue;
    expect(() => loadOutputDetector(encodeSafetensors(damaged, metadata), { scorer, ...parts }), what).toThrow(
      FormatError,
    );
  }
});

describe('other saved states are refused by an error of this package', () => {
  test('Trainer', async () => {
    const model = tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [4], units: 2 })] });
    const trainer = createTrainer(model, { loss: pairwiseLoss, seed: 3 });
    const { tensors, metadata } = await trainer.state();
    trainer.restore({ tensors, metadata });
    for (const [what, damaged] of damagedArrays(tensors)) {
      if (/ NaN at /.test(what)) continue; // weights are what they are
      if (what === 'unknown') trainer.restore({ tensors: damaged, metadata });
      else expect(() => trainer.restore({ tensors: damaged, metadata }), what).toThrow(OodError);
    }
    trainer.dispose();
    model.dispose();
  });
});
