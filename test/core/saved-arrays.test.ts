import { expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors';
import { CLASS_LABELS, COUNTS, firstWrong, readArrays, writeArrays } from '../../src/core/saved/saved-arrays';

const DECLARED = {
  labels: { dtype: 'I32', shape: ['C'], rule: CLASS_LABELS },
  counts: { dtype: 'F64', shape: ['C'], rule: COUNTS },
  means: { dtype: 'F64', shape: ['C', 'D'] },
  scatter: { dtype: 'F64', shape: ['C', 'D', 'D'] },
  more: { dtype: 'F32', shape: ['N'], empty: true },
  bits: { dtype: 'U8', shape: [2], optional: true },
} as const;
const arrays = {
  labels: Int32Array.of(7, 0),
  counts: Float64Array.of(3, 1),
  means: Float64Array.of(1, 2, 3, 4, 5, 6),
  scatter: Float64Array.from({ length: 18 }, (_, i) => i),
  more: new Float32Array(),
  bits: undefined,
};
const state = writeArrays(DECLARED, arrays);
const read = (given: unknown) => readArrays('Store.from', given as typeof state, DECLARED, 'state');

test('shapes follow from the lengths, and all comes back', () => {
  expect(Object.entries(state).map(([name, { shape }]) => [name, ...shape])).toEqual([
    ['labels', 2],
    ['counts', 2],
    ['means', 2, 3],
    ['scatter', 2, 3, 3],
    ['more', 0],
  ]);
  expect(read(state)).toEqual({ ...arrays, bits: undefined });
  expect(read({ ...state, stray: undefined })).toEqual(read(state));
});

test.each([
  [undefined, 'state must be named arrays, got undefined'],
  [[1], 'state must be named arrays, got [1]'],
  [{ ...state, stray: state.more }, 'state must be without stray, got { labels, counts, means, scatter, more, stray }'],
  [Object.create(state), 'state.labels must be I32 [C], got none'],
  [{ ...state, counts: { ...state.counts, dtype: 'F32' } }, 'state.counts must be F64 [2], got F32 [2]'],
  [{ ...state, counts: { ...state.counts, data: Float32Array.of(3, 1) } }, 'state.counts must be F64 [2], got F64 [2]'],
  [{ ...state, counts: { ...state.counts, data: Float64Array.of(3) } }, 'state.counts must be F64 [2], got F64 [2]'],
  [{ ...state, labels: { ...state.labels, data: Int32Array.of(7, 7) } }, 'once each, got 7 at index 1'],
  [{ ...state, labels: { ...state.labels, data: Int32Array.of(7, -1) } }, 'class indices from 0, once each, got -1 at'],
  [
    { ...state, labels: { ...state.labels, shape: [0], data: new Int32Array() } },
    'state.labels must be I32 [C], got I32',
  ],
])('damage %#', (given: unknown, message) => {
  expect(() => read(given)).toThrow(FormatError);
  expect(() => read(given)).toThrow(message);
});

test('labels of a hundred thousand classes are looked at once', () => {
  const labels = Int32Array.from({ length: 1e5 }, (_, i) => i);
  const counts = new Float64Array(1e5).fill(1);
  const declared = { labels: DECLARED.labels, counts: DECLARED.counts };
  expect(readArrays('Store.from', writeArrays(declared, { labels, counts }), declared).labels).toBe(labels);
  expect(firstWrong((value, at, all) => value > (all[at - 1] ?? -1))([0, 2, 2])).toBe('2 at index 2');
});
