import { AddN } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { webgpuKernels } from 'tfjs-ood/webgpu';
import { onEachBackend } from '../on-each-backend';
import { total } from './launched';
import { kernelsOfStep } from './paper-network';
import { withStock } from './stock-kernels';

onEachBackend("a step of the paper's network with batch norm", () => {
  test('launches a third of the kernels of tfjs, or fewer', async () => {
    const ours = await kernelsOfStep(true);
    // Without its mended AddN tfjs's own step is an error
    const others = webgpuKernels.filter((name) => name !== AddN);
    const stock = await withStock(others, () => kernelsOfStep(true));
    expect(stock.get('Conv2DDerFilterProgram')).toBe(10); // they were tfjs's own
    expect(ours.has('Conv2DDerFilterProgram')).toBe(false);
    expect(total(ours)).toBeLessThanOrEqual(total(stock) / 3);
  });
});
