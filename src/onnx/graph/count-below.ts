import { ELEMENT } from '../protobuf/onnx-fields';
import { asDouble, sumOfRow } from './row-arithmetic';
import type { OnnxGraph, Value } from './onnx-graph';

/** Up to so many scores each row is compared with all of them. */
const FEW = 64;

/**
 * How many of ascending scores are below each of [N, 1].
 *
 * Of many, a row is compared with the last score of each block of sqrt(n), and then with those of the one block in
 * which it lies: 2 sqrt(n) comparisons, where all n would make a matrix of rows x n.
 */
export function countBelow(g: OnnxGraph, name: string, score: Value, ascending: Float64Array): Value {
  const count = ascending.length;
  const below = (others: Value) => sumOfRow(g, asDouble(g, g.node('Less', [others, score])));
  if (count <= FEW) return below(g.doubles(name, ascending, [1, count]));
  const width = Math.ceil(Math.sqrt(count));
  const blocks = Math.ceil(count / width);
  const table = new Float64Array(blocks * width).fill(Number.MAX_VALUE); // what fills up the last block is below none
  table.set(ascending);
  const lasts = Float64Array.from({ length: blocks }, (_, at) => ascending[Math.min(count, (at + 1) * width) - 1]!);
  const place = g.node('Min', [below(g.doubles(`${name}_blocks`, lasts, [1, blocks])), g.scalar(blocks - 1)]);
  const own = g.node(
    'Gather',
    [g.doubles(name, table, [blocks, width]), g.node('Cast', [place], { to: ELEMENT.int64 })],
    { axis: 0 },
  );
  const within = below(g.node('Reshape', [own, g.ints([-1, width])]));
  return g.node('Add', [g.node('Mul', [place, g.scalar(width)]), within]);
}
