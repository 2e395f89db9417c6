import { AddN } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { webgpuKernels } from 'tfjs-ood/webgpu';
import { dispatch, type GpuBackend } from '../../src/webgpu/dispatch';
import { onEachBackend } from '../on-each-backend';
import { total } from './launched';
import { kernelsOfStep } from './paper-network';
import { withStock } from './stock-kernels';

onEachBackend("a step of the paper's network", () => {
  test.each([
    ['with batch norm', true],
    ['as in the paper', false],
  ])('%s launches a third of the kernels of tfjs, or fewer', async (_, batchNorm) => {
    const ours = await kernelsOfStep(batchNorm);
    // Without its mended AddN tfjs's own step is an error
    const others = webgpuKernels.filter((name) => name !== AddN);
    const stock = await withStock(others, () => kernelsOfStep(batchNorm));
    expect(stock.get('Conv2DDerFilterProgram')).toBe(10); // they were tfjs's own
    expect(ours.has('Conv2DDerFilterProgram')).toBe(false);
    expect(total(ours)).toBeLessThanOrEqual(total(stock) / 3);
  });
});

test('another version of the backend, which would pass other numbers to our programs, is an error', () => {
  const scratch = { dataId: {}, shape: [1], dtype: 'float32' as const };
  class Other {
    readonly device = {};
    uploadToGPU() {}
    recordAndSubmit() {}
  }
  const program = { name: 'any', writes: ['x: array<f32>'], reads: [], sizes: [], code: '' };
  expect(() => dispatch(new Other() as unknown as GpuBackend, program, [scratch], [], [1, 1, 1])).toThrow(
    /backend-webgpu.*\^4\.22/,
  );
});
