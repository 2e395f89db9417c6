import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // gradients
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { seededRandom, ShapeError, type NamedArray } from 'tfjs-ood';
import { scorerMethods } from 'tfjs-ood/detector';
import * as scorers from 'tfjs-ood/scorers';
import type { Blocks, NeighborIndexMaker, ScorerMethod, ScorerState } from 'tfjs-ood/scorers';
import { testDamages } from '../damage';

await tf.setBackend('cpu');
const { ensemble, energy, mahalanobis, nearestClassMean, nearestNeighbors, vim } = scorers;
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
const images = tf.keep<tf.Tensor4D>(tf.tensor4d(logits, [ROWS, 1, 1, CLASSES]));
const logitsOf = (all: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(all, [all.shape[0], -1]);
const parts = { head, logitsOf };
const blocks = [{ ...outputs, labels, images }] as unknown as Blocks;
afterAll(() => tf.dispose(images));

/** Finds by looking at every row; what it saves is their number alone. */
const index: NeighborIndexMaker = {
  kind: 'all',
  settings: { trees: 1 },
  build: (rows, size) => ({
    search(queries, k) {
      const squares = (row: number, query: number) =>
        Array.from({ length: size }, (_, i) => (rows[row * size + i]! - queries[query * size + i]!) ** 2);
      const far = (row: number, query: number) => squares(row, query).reduce((sum, square) => sum + square, 0);
      const places = Array.from({ length: rows.length / size }, (_, row) => row);
      const nearestOf = (query: number) => [...places].sort((a, b) => far(a, query) - far(b, query)).slice(0, k);
      return Int32Array.from(Array.from({ length: queries.length / size }, (_, query) => nearestOf(query)).flat());
    },
    dispose: () => undefined,
  }),
};

/** Every kind, and what decides what it saves. */
const methods: Record<string, () => ScorerMethod> = {
  ...scorerMethods,
  vim: () => vim({ dimension: 2 }),
  'nearest-neighbors': () => nearestNeighbors({ k: 2 }),
  'nearest-neighbors with an index': () => nearestNeighbors({ k: 2, index }),
  'nearest-class-mean by directions': () => nearestClassMean({ distance: 'cosine' }),
  'energy, fitted': () => energy(),
  'an ensemble': () => ensemble([mahalanobis(), nearestNeighbors({ k: 2 }), vim({ dimension: 2 })]),
  'an ensemble in an ensemble': () => ensemble([ensemble([energy()]), nearestClassMean()]),
};

/**
 * What leaves a whole state: axes whose length no other array has, as of a fit on other data (whoever scores rows of
 * another width gets a ShapeError), and the number of classes, which an unfitted scorer of logits lacks.
 */
const FREE: Record<string, RegExp> = {
  ash: /^weights axis 0/,
  react: /^weights axis 0/,
  scale: /^weights axis 0/,
  'nearest-class-mean': /^means axis 1/,
  'nearest-class-mean by directions': /^means axis 1/,
  // Of rows of a bank too: it is one of as many rows.
  'nearest-neighbors': /^bank axis [01]/,
  'nearest-neighbors with an index': /^bank axis [01]/,
  'nn-guide': /^bank axis [01]/,
  'an ensemble': /^1\.bank axis [01]/,
  'an ensemble in an ensemble':
    /^0\.calibration axis 1|^1\.means axis 1|^options\.members\.0\.options\.members\.0\.options\.classes dropped/,
};
for (const kind of ['energy', 'energy, fitted', 'entropy', 'gen', 'joint-energy', 'max-logit', 'msp'])
  FREE[kind] = /^options\.classes dropped/;

describe('a damaged state of a scorer is a FormatError', () => {
  for (const [name, method] of Object.entries(methods)) {
    testDamages({
      name,
      async make() {
        const scorer = await method().fit(blocks, parts);
        const state = scorer.state();
        scorer.dispose();
        return state;
      },
      async restore(state: ScorerState) {
        const scorer = method().restore(state, parts);
        // A score for each row, or none for what the state does not fit.
        const scored = await scorer.score({ ...outputs, images }).catch((error: unknown) => error as Error);
        if (scored instanceof Float32Array)
          expect([scored.length, scored.every(Number.isFinite)]).toEqual([ROWS, true]);
        else expect(scored).toBeInstanceOf(ShapeError);
        const again = scorer.state();
        scorer.dispose();
        return again;
      },
      ...(FREE[name] && { free: FREE[name] }),
    });
  }
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
