import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { nearestNeighbors } from 'tfjs-ood/scorers';
import { onEachBackend } from '../on-each-backend';
import { normal } from '../against-cpu';

/** Distance to the k-th nearest, in float64. */
function naive(bank: Float32Array, queries: Float32Array, size: number, k: number): number[] {
  return Array.from({ length: queries.length / size }, (_, q) => {
    const distances = Array.from({ length: bank.length / size }, (__, row) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (queries[q * size + i]! - bank[row * size + i]!) ** 2;
      return Math.sqrt(sum);
    });
    return distances.sort((a, b) => a - b)[k - 1]!;
  });
}

onEachBackend('nearest neighbors by products that stay on the device', () => {
  test.each<[string, number, number, number, number]>([
    ['queries in blocks', 300, 20, 7, 8],
    ['k is the bank', 12, 5, 12, 512],
    ['a bank of two blocks', 16_384 + 900, 6, 10, 512],
  ])('%s', async (_, rows, count, k, blockSize) => {
    const size = 5;
    const [bank, queries] = await Promise.all(
      [rows, count].map(async (n, i) => {
        const tensor = tf.tidy(() => tf.add(normal([n, size], i + 1), 3));
        const values = (await tensor.data<'float32'>()).slice();
        tensor.dispose();
        return values;
      }),
    );
    queries!.set(bank!.subarray(0, size)); // a query that is in the bank
    const method = nearestNeighbors({ k, normalize: 'none', blockSize });
    const scorer = await method.fit([{ features: { data: bank!, shape: [rows, size] } }], {});
    const scores = await scorer.score({ features: { data: queries!, shape: [count, size] } });
    const expected = naive(bank!, queries!, size, k);
    scores.forEach((score, i) => expect(Math.abs(score - expected[i]!)).toBeLessThan(1e-6 * expected[i]! + 1e-12));
    scorer.dispose();
  });
});

test.each([0, 1])('a product that was not made is an error: block %i of the bank', async (failing) => {
  await tf.setBackend('webgpu');
  const [rows, size] = [16_384 + 200, 4];
  const data = Float32Array.from({ length: rows * size }, (_, i) => Math.sin(i) + 2);
  const method = nearestNeighbors({ k: 3, normalize: 'none' });
  const scorer = await method.fit([{ features: { data, shape: [rows, size] } }], {});
  const stock = tf.getKernel(tf.BatchMatMul, 'webgpu');
  let calls = 0;
  tf.unregisterKernel(tf.BatchMatMul, 'webgpu');
  tf.registerKernel({
    ...stock,
    kernelFunc: (call) => {
      const made = stock.kernelFunc(call) as tf.TensorInfo;
      if (calls++ !== failing) return made;
      const backend = call.backend as tf.KernelBackend;
      backend.disposeData(made.dataId);
      const zeros = new Float32Array(made.shape.reduce((count, length) => count * length, 1));
      return { ...made, dataId: backend.write(zeros, made.shape, 'float32') };
    },
  });
  const before = tf.memory().numTensors;
  try {
    const query = { features: { data: data.slice(0, size), shape: [1, size] as const } };
    await expect(scorer.score(query)).rejects.toThrow(/failed to make a matrix product/);
    expect(calls).toBe(2);
  } finally {
    tf.unregisterKernel(tf.BatchMatMul, 'webgpu');
    tf.registerKernel(stock);
  }
  expect(tf.memory().numTensors - before).toBe(2); // the bank, which stays
  scorer.dispose();
});
