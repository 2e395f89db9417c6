import { util, type TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch, forEach, forEachGroups, registered, numbersIn, type GpuKernel, type GpuProgram } from './dispatch';
import type { WebgpuKernel, WebgpuKernelCall } from './kernel-call';
import { inParts } from './tiled-product';

const PROGRAM: GpuProgram = {
  name: 'Sum columns',
  writes: ['result: array<f32>'],
  reads: ['x: array<f32>'],
  sizes: ['count', 'columns', 'rows', 'rowsOfPart'],
  code: forEach(`fn each(i: i32) {
  let first = (i / given.columns) * given.rowsOfPart;
  let end = min(given.rows, first + given.rowsOfPart);
  var sum = 0.0;
  for (var row = first; row < end; row++) { sum += x[row * given.columns + i % given.columns]; }
  result[i] = sum;
}`),
};

/** Parts of so many rows, whose number about equals them: the error of a sum grows with both. */
const rowsOfPart = (rows: number): number => Math.ceil(Math.sqrt(rows));

const columnSums: GpuKernel = ({ inputs, backend, attrs }) => {
  const x = inputs.x as TensorInfo;
  const { axis, keepDims } = attrs as { axis: number | number[]; keepDims?: boolean };
  const reduced = util.parseAxisParam(axis, x.shape).length;
  const kept = x.shape.slice(reduced);
  const columns = kept.reduce((size, length) => size * length, 1);
  const rows = numbersIn(x) / columns;
  const own = rowsOfPart(rows);
  const parts = Math.ceil(rows / own);
  const shape = [...(keepDims ? x.shape.slice(0, reduced).map(() => 1) : []), ...kept];
  return inParts(backend, shape, parts, (into) =>
    dispatch(backend, PROGRAM, [into, x], [parts * columns, columns, rows, own], forEachGroups(parts * columns)),
  );
};

/**
 * A sum over the first axes (the gradient of a bias). The backend's own turns the tensor around first, and fails where
 * it is large.
 */
export const sumKernel = (stock: WebgpuKernel) => {
  const own = registered(columnSums)(stock);
  return (call: WebgpuKernelCall) => {
    const { shape } = call.inputs.x!;
    const axes = util.parseAxisParam(call.attrs.axis as number | number[], shape);
    const isFirst = axes.length < shape.length && axes.every((_, i) => axes.includes(i));
    return isFirst && shape[0]! > 1 ? own(call) : stock(call);
  };
};
