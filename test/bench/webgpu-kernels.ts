import { withStock } from '../webgpu/stock-kernels'; // first: the door brings ours
import { AddN } from '@tensorflow/tfjs-core';
import { startWebgpu } from 'tfjs-ood/node';
import { total } from '../webgpu/launched';
import { kernelsOfStep } from '../webgpu/paper-network';

export const title = "kernels that a step of the paper's network launches on WebGPU, by tfjs's own and by ours";

/** How many, and which most often; all of them with FULL=1. */
function described(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([, a], [, b]) => b - a).slice(0, process.env.FULL ? Infinity : 6);
  return `${total(counts)} (${sorted.map(([name, count]) => `${name} ${count}`).join(', ')})`;
}

export async function run(): Promise<string[]> {
  await startWebgpu();
  const { webgpuKernels } = await import('tfjs-ood/webgpu');
  const lines: string[] = [];
  for (const batchNorm of [false, true]) {
    const name = batchNorm ? 'with batch norm' : 'as in the paper';
    // Without its mended AddN tfjs's own step is an error
    const others = webgpuKernels.filter((kernel) => kernel !== AddN);
    const stock = await withStock(others, () => kernelsOfStep(batchNorm));
    const ours = await kernelsOfStep(batchNorm);
    lines.push(`${name}, tfjs's own: ${described(stock)}`, `${name}, ours: ${described(ours)}`);
    lines.push(`${name}: ${((100 * total(ours)) / total(stock)).toFixed(0)} %`);
  }
  return lines;
}
