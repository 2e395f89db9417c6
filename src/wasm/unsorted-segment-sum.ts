import type { TensorInfo } from '@tensorflow/tfjs-core';
import { floats, makeOutput, type WasmKernel } from './heap';

/**
 * Sums rows of one segment, which the backend lacks (it is the gradient of gather). Ids outside are left out, as in TF.
 */
export const unsortedSegmentSum: WasmKernel = ({ inputs, backend, attrs }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const numSegments = attrs.numSegments as number;
  const rowShape = x.shape.slice(1);
  const rowSize = rowShape.reduce((product, side) => product * side, 1);
  const out = makeOutput(backend, [numSegments, ...rowShape], x.dtype);
  const [rows, ids, sums] = [floats(backend, x), floats(backend, segmentIds), floats(backend, out)];
  sums.fill(0);
  for (let row = 0; row < x.shape[0]!; row++) {
    const segment = ids[row]!;
    if (segment < 0 || segment >= numSegments) continue;
    for (let i = 0; i < rowSize; i++) sums[segment * rowSize + i]! += rows[row * rowSize + i]!;
  }
  return out;
};
