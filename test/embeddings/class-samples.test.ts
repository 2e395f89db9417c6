import { describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { atOnce } from '../../src/core/steps';
import { ClassSamples } from '../../src/embeddings/class-samples';
import { expectClose } from '../expect-close';

const SIZE = 5;
const rowsOf = (count: number, seed: number): Float32Array => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count * SIZE }, (_, at) => 100 + random.normal() * (1 + (at % SIZE)));
};

/** By the definitions, in two passes. */
function naive(rows: Float32Array) {
  const count = rows.length / SIZE;
  const mean = new Float64Array(SIZE);
  rows.forEach((value, at) => (mean[at % SIZE]! += value / count));
  const [scatter, third] = [new Float64Array(SIZE * SIZE), new Float64Array(SIZE)];
  let fourth = 0;
  for (let row = 0; row < count; row++) {
    const z = Array.from(mean, (value, i) => rows[row * SIZE + i]! - value);
    const square = z.reduce((sum, value) => sum + value * value, 0);
    fourth += square * square;
    z.forEach((a, i) => {
      third[i]! += square * a;
      for (let j = i; j < SIZE; j++) scatter[i * SIZE + j]! += a * z[j]!;
    });
  }
  return { count, mean, scatter, third, fourth };
}

function expectSame(samples: ClassSamples, rows: Float32Array): void {
  const { count, mean, scatter, third, fourth } = naive(rows);
  expect(samples.count).toBe(count);
  expectClose(samples.mean, mean, { relative: 1e-13 });
  const own = atOnce(samples.own());
  const added = new Float64Array(SIZE * SIZE);
  atOnce(samples.addScatter(added));
  for (const one of [own.scatter, added]) expectClose(one, scatter, { absolute: 1e-8 * count });
  expectClose(own.third, third, { absolute: 1e-7 * count });
  expectClose(own.fourth, fourth, { relative: 1e-9 });
}

// 64 rows are joined; more than 512 in parts.
describe.each([1, 2, 63, 64, 65, 127, 128, 513, 1200])('%d rows', (count) => {
  const rows = rowsOf(count, count);
  test.each([1, 7, 63, 64, 100, 2000])('%d at a time', (step) => {
    const samples = new ClassSamples(SIZE);
    for (let at = 0; at < rows.length; at += step * SIZE) samples.addRows(rows.slice(at, at + step * SIZE));
    expectSame(samples, rows);
    expectSame(samples, rows); // looking changes nothing
    samples.join();
    expectSame(samples, rows);
  });
  test.each([1, 63, 64, 200])('merged with %d others, which stay as they are', (more) => {
    const others = rowsOf(more, 1000 + more);
    const [samples, further] = [new ClassSamples(SIZE), new ClassSamples(SIZE)];
    samples.addRows(rows);
    further.addRows(others);
    const all = new ClassSamples(SIZE);
    all.merge(samples);
    all.merge(further);
    const both = new Float32Array(rows.length + others.length);
    both.set(rows);
    both.set(others, rows.length);
    expectSame(all, both);
    expectSame(further, others);
    expectSame(samples, rows);
  });
});
