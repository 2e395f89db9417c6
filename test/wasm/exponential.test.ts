import * as tf from '@tensorflow/tfjs-core';
import 'tfjs-ood/wasm';
import { beforeAll, expect, test } from 'vitest';
import { assembleModule } from '../../src/core/simd/assembler';
import { backendModules } from '../../src/wasm/simd';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

/** By the kernel, at every place of a group of four. */
async function exponentials(values: readonly number[]): Promise<Float32Array> {
  const x = tf.tensor1d([...values]);
  const y = tf.exp(x);
  const found = await y.data<'float32'>();
  tf.dispose([x, y]);
  return found;
}

test('within 1.2e-7 of float64 from the smallest to the largest power that float32 has', async () => {
  const values: number[] = [];
  for (let at = 0; at <= 400_003; at++) values.push(Math.fround(-87.33 + (at / 400_003) * (88.72 + 87.33)));
  for (let exponent = -30; exponent < 6; exponent++) values.push(2 ** exponent, -(2 ** exponent));
  const found = await exponentials(values);
  let worst = 0;
  values.forEach((value, at) => (worst = Math.max(worst, Math.abs(found[at]! / Math.exp(value) - 1))));
  expect(worst).toBeLessThan(1.2e-7);
});

test('halves of log 2, where the next whole number begins', async () => {
  const values: number[] = [];
  for (let k = -125; k < 127; k++) for (const off of [-1e-6, 0, 1e-6]) values.push(Math.fround((k + 0.5) * Math.LN2 + off)); // prettier-ignore
  const found = await exponentials(values);
  values.forEach((value, at) => expect(Math.abs(found[at]! / Math.exp(value) - 1)).toBeLessThan(1.2e-7));
});

test('below 2^-126 as near as float32 is there; beyond float32 infinity and 0', async () => {
  const values = Array.from({ length: 400 }, (_, at) => Math.fround(-87 - at / 20)); // to -107
  const found = await exponentials(values);
  values.forEach((value, at) => expect(Math.abs(found[at]! - Math.exp(value))).toBeLessThanOrEqual(1.5 * 2 ** -149 + 1.2e-7 * Math.exp(value))); // prettier-ignore
  expect([...(await exponentials([88.8, 89, 1e5, Infinity]))]).toEqual(Array(4).fill(Infinity));
  expect([...(await exponentials([-104, -200, -3e38, -Infinity]))]).toEqual([0, 0, 0, 0]);
  expect([...(await exponentials([0, -0, 0, -0, 0]))]).toEqual([1, 1, 1, 1, 1]);
});

test('NaN stays and takes nothing from its neighbors', async () => {
  const found = await exponentials([NaN, 1, 2, NaN, 3, NaN]);
  expect([...found].map((value) => Number.isNaN(value))).toEqual([true, false, false, true, false, true]);
  expect(found[1]! / Math.E).toBeCloseTo(1, 6);
});

test('any shape, none too small; numbers of other types as shipped', async () => {
  for (const shape of [[], [0], [3], [1, 5], [2, 3, 4]]) {
    const x = tf.zeros(shape);
    const y = tf.exp(x);
    expect(y.shape).toEqual(shape);
    expect([...(await y.data())]).toEqual(Array(x.size).fill(1));
    tf.dispose([x, y]);
  }
  const whole = tf.tensor1d([0, 1], 'int32');
  const y = tf.exp(whole);
  expect((await y.data())[1]! / Math.E).toBeCloseTo(1, 6);
  tf.dispose([whole, y]);
});

test('each module is below 4 KiB: some browsers compile no more at once on the main thread', () => {
  for (const functions of backendModules) expect(assembleModule(functions).length).toBeLessThan(4096);
});
