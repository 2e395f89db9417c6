import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { expect, test } from 'vitest';
import { nearestNeighbors } from 'tfjs-ood/scorers';

const [ROWS, SIZE, BLOCK] = [1_100_000, 512, 20_000];
const HEAP = 2 ** 32;

/** Row `row` of the bank, by itself: numbers of a hash, so that none need be kept. */
function fillRow(into: Float32Array, at: number, row: number): void {
  let state = (row + 1) * 2654435761;
  for (let i = 0; i < SIZE; i++) {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) | 0;
    into[at + i] = state / 2 ** 31;
  }
}

function* blocks() {
  for (let first = 0; first < ROWS; first += BLOCK) {
    const data = new Float32Array(BLOCK * SIZE);
    for (let row = 0; row < BLOCK; row++) fillRow(data, row * SIZE, first + row);
    yield { features: { data, shape: [BLOCK, SIZE] as const } };
  }
}

test('a bank of 2.25 GB on wasm: every row finds itself, and what is near it', async () => {
  await tf.setBackend('wasm');
  const started = performance.now();
  const scorer = await nearestNeighbors({ k: 1 }).fit(blocks(), {});
  const fitted = performance.now();
  const places = [0, 5, 1_023, 1_024, 520_000, 524_288, 900_000, 1_000_000, 1_050_000, ROWS - 1];
  const data = new Float32Array(places.length * 2 * SIZE);
  places.forEach((place, i) => {
    fillRow(data, 2 * i * SIZE, place);
    fillRow(data, (2 * i + 1) * SIZE, place);
    for (let j = 0; j < SIZE; j += 7) data[(2 * i + 1) * SIZE + j]! += 0.125;
  });
  const scores = await scorer.score({ features: { data, shape: [places.length * 2, SIZE] } });
  const scored = performance.now();
  const unit = (row: number) => {
    const own = Float64Array.from(data.subarray(row * SIZE, (row + 1) * SIZE));
    const length = Math.hypot(...own);
    return own.map((value) => value / length);
  };
  places.forEach((place, i) => {
    const [own, moved] = [unit(2 * i), unit(2 * i + 1)];
    expect(scores[2 * i], `row ${place}`).toBeLessThan(1e-7);
    const expected = Math.hypot(...own.map((value, j) => value - moved[j]!));
    expect(Math.abs(scores[2 * i + 1]! - expected), `near row ${place}`).toBeLessThan(1e-6);
  });
  const heap = (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length;
  expect(heap).toBeLessThan(HEAP);
  const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(1);
  console.log(
    `fit ${seconds(started, fitted)} s, ${places.length * 2} queries ${seconds(fitted, scored)} s, ` +
      `heap ${(heap / 2 ** 30).toFixed(2)} GiB, process ${(process.memoryUsage().rss / 2 ** 30).toFixed(1)} GiB`,
  );
  scorer.dispose();
});
