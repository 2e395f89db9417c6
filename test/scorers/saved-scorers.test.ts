import '@tensorflow/tfjs-backend-cpu';
import { encodeSafetensors, FormatError, type NamedArray } from 'tfjs-ood';
import {
  decodeScorer,
  energy,
  fdbd,
  klMatching,
  mahalanobis,
  nearestClassMean,
  type ScorerState,
} from 'tfjs-ood/scorers';
import { expect, test } from 'vitest';

// Found by test/fuzz: states that decode well, and are no scorer's.
const i32 = (...data: number[]): NamedArray => ({ dtype: 'I32', shape: [data.length], data: Int32Array.from(data) });
const f64 = (shape: number[], ...data: number[]): NamedArray => ({
  dtype: 'F64',
  shape,
  data: Float64Array.from(data),
});
const f32 = (shape: number[], ...data: number[]): NamedArray => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from(data),
});
const state = (kind: string, tensors: ScorerState['tensors'], options: ScorerState['options'] = {}): ScorerState => ({
  kind,
  options,
  tensors,
});
const euclidean = { distance: 'euclidean' };
const means = f64([2, 1], 1, 2);

test.each<[string, () => unknown, string]>([
  [
    'a class below 0',
    () => nearestClassMean().restore(state('nearest-class-mean', { labels: i32(0, -4), means }, euclidean), {}),
    'nearestClassMean.restore: state.tensors.labels must be class indices from 0, once each, got -4 at index 1',
  ],
  [
    'a class twice',
    () => mahalanobis().restore(state('mahalanobis', { labels: i32(1, 1), means, factor: f64([1, 1, 1], 1) }), {}),
    'mahalanobis.restore: state.tensors.labels must be class indices from 0, once each, got 1 at index 1',
  ],
  [
    'a mean without a direction',
    () => {
      const tensors = { labels: i32(0, 1), means: f64([2, 1], 1, 0) };
      return nearestClassMean().restore(state('nearest-class-mean', tensors, { distance: 'cosine' }), {});
    },
    'state.tensors.means must be means with a direction, got one of 0 at index 1',
  ],
  [
    'two classes with the same weights',
    () => fdbd().restore(state('fdbd', { weights: f32([1, 2], 3, 3), bias: f32([2], 0, 1), mean: f64([1], 0) }), {}),
    'fdbd.restore: state.tensors.weights must be other weights for each class, got the same for classes 0 and 1',
  ],
  [
    'no class at all',
    () => klMatching().restore(state('kl-matching', { classes: i32(), logTemplates: f64([0, 3]) }), {}),
    'klMatching.restore: state.tensors.classes must be I32 [K], got I32 [0]',
  ],
  [
    'an option of many levels',
    () => {
      const options = `{"temperature":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
      const bytes = encodeSafetensors({}, { format: 'tfjs-ood/scorer', version: '1', kind: 'energy', options });
      return energy().restore(decodeScorer(bytes), {});
    },
    'decodeScorer: metadata.options must be a JSON object of at most 32 levels',
  ],
])('%s is refused', (_, restore, message) => {
  expect(restore).toThrow(FormatError);
  expect(restore).toThrow(message);
});
