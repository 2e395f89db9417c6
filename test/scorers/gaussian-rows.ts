/** What makes the rows of a case in test/fixtures/gaussian-scorers.py. */
export type Settings = [
  seed: number,
  rows: number,
  size: number,
  classes: number,
  apart: number,
  chain: number,
  offset: number,
];

/** Rows at the end that are for scoring; the second half of them is strange. */
export const TEST = 12;

/** Training rows with labels and rows to score, the same as the script's. */
export function gaussianRows([seed, count, size, classes, apart, chain, offset]: Settings) {
  let state = seed;
  const data = new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    let before = 0;
    for (let i = 0; i < size; i++) {
      state = (Math.imul(1664525, state) + 1013904223) >>> 0;
      before = chain * before + (state / 2 ** 32 - 0.5);
      data[row * size + i] = before + (i % classes === row % classes ? apart : 0) + offset;
    }
  }
  const rows = count - 2 * TEST;
  const test = data.slice(rows * size);
  for (let i = TEST * size; i < test.length; i++) test[i] = test[i]! + 2.5;
  return {
    train: { data: data.slice(0, rows * size), shape: [rows, size] as const },
    labels: Int32Array.from({ length: rows }, (_, row) => row % classes),
    test: { data: test, shape: [2 * TEST, size] as const },
  };
}
