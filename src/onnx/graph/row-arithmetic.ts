import { ELEMENT } from '../protobuf/onnx-fields';
import type { OnnxGraph, Value } from './onnx-graph';

/** Sum over the last axis, which stays as one of 1. */
export const sumOfRow = (g: OnnxGraph, value: Value): Value => g.reduce('ReduceSum', value, -1);

export const asDouble = (g: OnnxGraph, value: Value): Value => g.node('Cast', [value], { to: ELEMENT.double });

export const negated = (g: OnnxGraph, value: Value): Value => g.node('Neg', [value]);

/** Below it log(1 + u) is a series, whose first term that is left out is u^4 / 4. */
const SERIES = 1e-4;

/** log(1 + u) for u from 0 on, without the loss of a small u beside 1. */
export function log1pOf(g: OnnxGraph, u: Value): Value {
  const plain = g.node('Log', [g.node('Add', [u, g.scalar(1)])]);
  const second = g.node('Sub', [g.scalar(1 / 2), g.node('Mul', [u, g.scalar(1 / 3)])]);
  const series = g.node('Mul', [u, g.node('Sub', [g.scalar(1), g.node('Mul', [u, second])])]);
  return g.node('Where', [g.node('Less', [u, g.scalar(SERIES)]), series, plain]);
}

/** 1 where no rows come in, else 0 [1]. */
export function isEmptyOf(g: OnnxGraph, rows: Value): Value {
  const count = g.node('Slice', [g.node('Shape', [rows]), g.ints([0]), g.ints([1])]);
  return g.node('Cast', [g.node('Equal', [count, g.ints([0])])], { to: ELEMENT.int64 });
}

/**
 * Rows [N, width], as which other shapes end the run, where broadcasting would let them pass. Of none it makes one of
 * zeros, for {@link withoutFilling} to take away: TopK of ONNX Runtime divides by the number of rows.
 */
export function filledRows(g: OnnxGraph, rows: Value, width: number, isEmpty: Value): Value {
  const own = g.node('Reshape', [rows, g.ints([0, width])]);
  const pads = g.node('Concat', [isEmpty, g.ints([0, 0, 0])], { axis: 0 });
  return g.node('Reshape', [g.node('Pad', [own, pads]), g.ints([-1, width])]);
}

/** Inputs of the Slice that takes the filling away. */
export const withoutFilling = (g: OnnxGraph, value: Value, isEmpty: Value): Value[] => [
  value,
  isEmpty,
  g.ints([2 ** 31 - 1]),
  g.ints([0]),
];

/** ||x||^2 of each row [N, 1]. */
export const squareOfRow = (g: OnnxGraph, rows: Value): Value => sumOfRow(g, g.node('Mul', [rows, rows]));

/** Rows of length 1, and whether each is one of zeros [N, 1], which has no direction and stays as it is. */
export function unitRowsOf(g: OnnxGraph, rows: Value): { unit: Value; isZero: Value } {
  const length = g.node('Sqrt', [squareOfRow(g, rows)]);
  const isZero = g.node('Equal', [length, g.scalar(0)]);
  return { unit: g.node('Div', [rows, g.node('Where', [isZero, g.scalar(1), length])]), isZero };
}

/** X W^T + c: the rows of W [M, D] by the rows of X [N, D]. */
export const productsWith = (g: OnnxGraph, rows: Value, others: Value, plus?: Value): Value =>
  g.node('Gemm', plus === undefined ? [rows, others] : [rows, others, plus], { transB: 1 });

/**
 * Squared distances [N, k] to the k nearest of rows [M, D], by falling closeness: products choose, and the differences
 * to those that were chosen are squared and summed, so that nothing cancels near a row.
 */
export function nearestSquares(
  g: OnnxGraph,
  rows: Value,
  { others, halfSquares, size }: { others: Value; halfSquares: Value; size: number },
  k: number,
): Value {
  const closeness = productsWith(g, rows, others, negated(g, halfSquares));
  const [, places] = g.nodes('TopK', [closeness, g.ints([k])], 2, { axis: 1 });
  const chosen = g.node('Gather', [others, places!], { axis: 0 }); // [N, k, D]
  const apart = g.node('Sub', [chosen, g.node('Reshape', [rows, g.ints([-1, 1, size])])]);
  return g.node('Reshape', [squareOfRow(g, apart), g.ints([-1, k])]);
}

/**
 * Whether all numbers of each row are finite [N, 1], of one kind of rows or two. A sum of float32 numbers never leaves
 * float64; and unlike other operators Concat takes no two that differ in N.
 */
export function areFiniteRows(g: OnnxGraph, kinds: readonly Value[]): Value {
  const sums = kinds.map((rows) => sumOfRow(g, g.node('Abs', [rows])));
  const sum = sums.length === 1 ? sums[0]! : sumOfRow(g, g.node('Concat', sums, { axis: 1 }));
  return g.node('Less', [sum, g.scalar(1e300)]);
}
