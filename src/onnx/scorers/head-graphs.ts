import { keptCount } from '../../scorers/head/largest-features';
import type { OnnxGraph, Value } from '../graph/onnx-graph';
import { negated, squareOfRow, sumOfRow } from '../graph/row-arithmetic';
import { energyOf, maxLogitOf, mspOf } from './logit-graphs';
import type { ScorerGraph, ScorerParts } from './scorer-graph';

/** The lowest float32, the score of a row at the mean itself. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

/** scale X W + b [N, C] of rows; a scale for each row, 1 without. */
function headLogitsOf(
  g: OnnxGraph,
  { arrays }: ScorerParts,
  rows: Value,
  scales?: Value,
): { logits: Value; classes: number } {
  const { data, shape } = arrays.F32('weights');
  const products = g.node('MatMul', [rows, g.floats('head_weights', data, shape)]);
  const bias = g.floats('head_bias', arrays.F32('bias').data, [shape[1]!]);
  const scaled = scales === undefined ? products : g.node('Mul', [scales, products]);
  return { logits: g.node('Add', [scaled, bias]), classes: shape[1]! };
}

/** The k largest features of each row [N, k], and their places. */
function largestFeatures(g: OnnxGraph, { arrays, options }: ScorerParts, rows: Value): [values: Value, places: Value] {
  const kept = keptCount(arrays.F32('weights').shape[0]!, options.number('percentile'));
  const [values, places] = g.nodes('TopK', [rows, g.ints([kept])], 2, { axis: 1 });
  return [values!, places!];
}

/**
 * exp(sum of all / sum of the largest) [N, 1]; 1 for a row of zeros; NaN where the largest add up to 0 or less, as such
 * features come from no ReLU.
 */
function sharpeningOf(g: OnnxGraph, rows: Value, largest: Value): Value {
  const [all, top] = [sumOfRow(g, rows), sumOfRow(g, largest)];
  const isZero = g.node('And', [g.node('Equal', [all, g.scalar(0)]), g.node('Equal', [top, g.scalar(0)])]);
  const isPositive = g.node('Less', [g.scalar(0), top]);
  const ratio = g.node('Exp', [g.node('Div', [all, g.node('Where', [isPositive, top, g.scalar(1)])])]);
  return g.node('Where', [isPositive, ratio, g.node('Where', [isZero, g.scalar(1), g.scalar(NaN)])]);
}

const ashGraph: ScorerGraph = (g, parts) => {
  const rows = parts.features();
  const variant = parts.options.text('variant', ['s', 'b', 'p']);
  const [values, places] = largestFeatures(g, parts, rows);
  let kept = values;
  if (variant === 'b') {
    // Those kept that are not 0 share the sum of all.
    const isZero = g.node('Equal', [values, g.scalar(0)]);
    const ones = g.node('Where', [isZero, g.scalar(0), g.scalar(1)]);
    const count = g.node('Max', [sumOfRow(g, ones), g.scalar(1)]);
    kept = g.node('Mul', [ones, g.node('Div', [sumOfRow(g, rows), count])]);
  }
  const zeros = g.node('Sub', [rows, rows]);
  const shaped = g.node('ScatterElements', [zeros, places, kept], { axis: 1 });
  const scales = variant === 's' ? sharpeningOf(g, rows, values) : undefined;
  const { logits, classes } = headLogitsOf(g, parts, shaped, scales);
  return energyOf(g, logits, classes);
};

const scaleGraph: ScorerGraph = (g, parts) => {
  const rows = parts.features();
  const [values] = largestFeatures(g, parts, rows);
  const { logits, classes } = headLogitsOf(g, parts, rows, sharpeningOf(g, rows, values));
  return energyOf(g, logits, classes);
};

const reactGraph: ScorerGraph = (g, parts) => {
  const clipped = g.node('Min', [parts.features(), g.scalar(parts.options.number('threshold'))]);
  const { logits, classes } = headLogitsOf(g, parts, clipped);
  const then = parts.options.text('then', ['energy', 'msp', 'max-logit']);
  return { energy: energyOf, msp: mspOf, 'max-logit': maxLogitOf }[then](g, logits, classes);
};

/** 1 / ||w_a - w_b|| of all pairs of classes [C, C]; 0 of a class with itself, which does not count. */
function inverseSeparations({ data, shape }: { data: Float32Array; shape: readonly number[] }): Float64Array {
  const [size, classes] = shape as readonly [number, number];
  const inverse = new Float64Array(classes * classes);
  for (let a = 0; a < classes; a++) {
    for (let b = 0; b < a; b++) {
      let square = 0;
      for (let i = 0; i < size; i++) square += (data[i * classes + a]! - data[i * classes + b]!) ** 2;
      inverse[a * classes + b] = inverse[b * classes + a] = 1 / Math.sqrt(square);
    }
  }
  return inverse;
}

const fdbdGraph: ScorerGraph = (g, parts) => {
  const rows = parts.features();
  const { logits, classes } = headLogitsOf(g, parts, rows);
  const [top, predicted] = g.nodes('TopK', [logits, g.ints([1])], 2, { axis: 1 });
  const table = g.doubles('inverse_separations', inverseSeparations(parts.arrays.F32('weights')), [classes, classes]);
  const places = g.node('Reshape', [predicted!, g.ints([-1])]);
  const inverse = g.node('Gather', [table, places], { axis: 0 }); // [N, C]
  const sum = sumOfRow(g, g.node('Mul', [g.node('Sub', [top!, logits]), inverse]));
  const { data, shape } = parts.arrays.F64('mean');
  const apart = g.node('Sqrt', [squareOfRow(g, g.node('Sub', [rows, g.doubles('mean', data, shape)]))]);
  const distance = g.node('Div', [sum, g.scalar(classes - 1)]);
  const isMiddle = g.node('Equal', [distance, g.scalar(0)]);
  const score = g.node('Max', [negated(g, g.node('Div', [distance, apart])), g.scalar(LOWEST)]);
  return g.node('Where', [isMiddle, g.scalar(0), score]);
};

const sheGraph: ScorerGraph = (g, parts) => {
  const rows = parts.features();
  const { logits } = headLogitsOf(g, parts, rows);
  const { data, shape } = parts.arrays.F64('patterns');
  const stored = parts.arrays.I32('classes').data;
  const own = g.node('Gather', [logits, g.ints(Array.from(stored))], { axis: 1 });
  const predicted = g.node('ArgMax', [own], { axis: 1, keepdims: 0 });
  const pattern = g.node('Gather', [g.doubles('patterns', data, shape), predicted], { axis: 0 });
  return negated(g, sumOfRow(g, g.node('Mul', [rows, pattern])));
};

/** ||V^T (x - o)|| [N, 1]. */
function residualOf(g: OnnxGraph, { arrays, features }: ScorerParts): Value {
  const [origin, basis] = [arrays.F64('origin'), arrays.F64('basis')];
  const moved = g.node('Sub', [features(), g.doubles('origin', origin.data, origin.shape)]);
  const parts = g.node('MatMul', [moved, g.doubles('basis', basis.data, basis.shape)]);
  return g.node('Sqrt', [squareOfRow(g, parts)]);
}

const vimGraph: ScorerGraph = (g, parts) => {
  const length = g.node('Mul', [residualOf(g, parts), g.scalar(parts.options.number('alpha'))]);
  const { logits, classes } = headLogitsOf(g, parts, parts.features());
  return g.node('Add', [length, energyOf(g, logits, classes)]);
};

/** The graphs of the scorers by the model's head. */
export const headGraphs = {
  ash: ashGraph,
  fdbd: fdbdGraph,
  react: reactGraph,
  residual: residualOf,
  scale: scaleGraph,
  she: sheGraph,
  vim: vimGraph,
} satisfies Record<string, ScorerGraph>;
