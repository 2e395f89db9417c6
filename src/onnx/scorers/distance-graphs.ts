import { inverseOf, whiten, whiteningFrom, type Whitening } from '../../linalg/whitening';
import { inverseLengths } from '../../scorers/neighbors/neighbor-bank';
import type { OnnxGraph, Value } from '../graph/onnx-graph';
import {
  asDouble,
  nearestSquares,
  negated,
  productsWith,
  squareOfRow,
  sumOfRow,
  unitRowsOf,
} from '../graph/row-arithmetic';
import { ELEMENT } from '../protobuf/onnx-fields';
import { energyOf } from './logit-graphs';
import type { ScorerGraph, ScorerParts } from './scorer-graph';

/** The mean of rows [M, D], each scaled, so that all can be moved to the origin. */
function middleOf(rows: Float32Array | Float64Array, size: number, scales?: Float64Array): Float64Array {
  const count = rows.length / size;
  const middle = new Float64Array(size);
  for (let row = 0; row < count; row++) {
    const scale = (scales?.[row] ?? 1) / count;
    for (let i = 0; i < size; i++) middle[i]! += rows[row * size + i]! * scale;
  }
  return middle;
}

/** ||m||^2 / 2 of rows [M, D], each scaled and without the middle. */
function halfSquaresOf(rows: Float32Array | Float64Array, middle: Float64Array, scales?: Float64Array): Float64Array {
  const size = middle.length;
  return Float64Array.from({ length: rows.length / size }, (_, row) => {
    const scale = scales?.[row] ?? 1;
    let sum = 0;
    for (let i = 0; i < size; i++) sum += (rows[row * size + i]! * scale - middle[i]!) ** 2;
    return sum / 2;
  });
}

/** Squared distance [N, 1] to the nearest of a few rows [M, D] of float64; both are moved to their middle first. */
function toNearest(g: OnnxGraph, name: string, rows: Value, others: Float64Array, size: number): Value {
  const middle = middleOf(others, size);
  const moved = others.map((value, at) => value - middle[at % size]!);
  const own = g.node('Sub', [rows, g.doubles(`${name}_middle`, middle, [size])]);
  const count = others.length / size;
  const halfSquares = g.doubles(`${name}_half_squares`, halfSquaresOf(others, middle), [count]);
  return nearestSquares(g, own, { others: g.doubles(name, moved, [count, size]), halfSquares, size }, 1);
}

/** Means [C, D], each of length 1. */
function unitMeans(means: Float64Array, size: number): Float64Array {
  const unit = means.slice();
  for (let from = 0; from < unit.length; from += size) {
    const own = unit.subarray(from, from + size);
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    own.forEach((value, i) => (own[i] = value / length));
  }
  return unit;
}

const nearestClassMeanGraph: ScorerGraph = (g, { arrays, options, features }) => {
  const { data, shape } = arrays.F64('means');
  const size = shape[1]!;
  if (options.text('distance') !== 'cosine') return toNearest(g, 'means', features(), data, size);
  const { unit, isZero } = unitRowsOf(g, features());
  const half = g.node('Mul', [toNearest(g, 'means', unit, unitMeans(data, size), size), g.scalar(1 / 2)]);
  return g.node('Where', [isZero, g.scalar(1), g.node('Min', [half, g.scalar(2)])]);
};

/** Rows without `origin`, of a distribution whose covariance L L^T is then 1: L^-1 (x - o). */
function whitened(g: OnnxGraph, name: string, rows: Value, origin: Float64Array, whitening: Whitening): Value {
  const { size } = whitening;
  const moved = g.node('Sub', [rows, g.doubles(`${name}_origin`, origin, [size])]);
  return productsWith(g, moved, g.doubles(`${name}_whitening`, inverseOf(whitening), [size, size]));
}

/** Squared Mahalanobis distance [N, 1] to the nearest of means [C, D]. */
function toNearestMean(g: OnnxGraph, name: string, rows: Value, means: Float64Array, whitening: Whitening): Value {
  const { size } = whitening;
  const middle = middleOf(means, size);
  const own = whitened(g, name, rows, middle, whitening);
  if (means.length === size) return squareOfRow(g, own);
  const ways = whiten(
    whitening,
    means.map((value, at) => value - middle[at % size]!),
  );
  const count = means.length / size;
  const halfSquares = g.doubles(`${name}_half_squares`, halfSquaresOf(ways, new Float64Array(size)), [count]);
  return nearestSquares(g, own, { others: g.doubles(`${name}_means`, ways, [count, size]), halfSquares, size }, 1);
}

/** Features as a Gaussian scorer takes them: of length 1, rounded to float32 as there, where its fit asked for that. */
function gaussianRows(g: OnnxGraph, { state, features }: ScorerParts): Value {
  if (state.options.normalize !== 'length') return features();
  return asDouble(g, g.node('Cast', [unitRowsOf(g, features()).unit], { to: ELEMENT.float }));
}

const mahalanobisGraph: ScorerGraph = (g, parts) => {
  const { arrays } = parts;
  const { data, shape } = arrays.F64('means');
  const whitening = whiteningFrom(arrays.F64('factor').data, shape[1]!);
  return toNearestMean(g, 'class', gaussianRows(g, parts), data, whitening);
};

const relativeMahalanobisGraph: ScorerGraph = (g, parts) => {
  const { arrays } = parts;
  const { data, shape } = arrays.F64('means');
  const size = shape[1]!;
  const factors = arrays.F64('factors').data;
  const [within, all] = [0, 1].map((at) => whiteningFrom(factors.subarray(at * size ** 2, (at + 1) * size ** 2), size));
  const rows = gaussianRows(g, parts);
  const near = toNearestMean(g, 'class', rows, data, within!);
  const far = squareOfRow(g, whitened(g, 'all', rows, arrays.F64('mean').data, all!));
  return g.node('Sub', [near, far]);
};

/** -log of a sum of normal densities, by the largest of them. */
const classGaussiansGraph: ScorerGraph = (g, parts) => {
  const { arrays } = parts;
  const { data: means, shape } = arrays.F64('means');
  const [classes, size] = shape as readonly [number, number];
  const [factors, counts] = [arrays.F64('factors').data, arrays.F64('counts').data];
  const total = counts.reduce((sum, count) => sum + count, 0);
  const columns = new Float64Array(factors.length); // L^-1 turned, as products take it
  const constants = new Float64Array(classes);
  for (let c = 0; c < classes; c++) {
    const from = c * size ** 2;
    const whitening = whiteningFrom(factors.subarray(from, from + size ** 2), size);
    const inverse = inverseOf(whitening);
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) columns[from + j * size + i] = inverse[i * size + j]!;
    constants[c] = Math.log(counts[c]! / total) - (whitening.logDeterminant + size * Math.log(2 * Math.PI)) / 2;
  }
  const rows = gaussianRows(g, parts);
  const moved = g.node('Sub', [rows, g.doubles('class_means', means, [classes, 1, size])]); // [C, N, D]
  const own = g.node('MatMul', [moved, g.doubles('class_whitenings', columns, [classes, size, size])]);
  const halves = g.node('Mul', [squareOfRow(g, own), g.scalar(1 / 2)]);
  const logs = g.node('Sub', [g.doubles('class_constants', constants, [classes, 1, 1]), halves]);
  const most = g.reduce('ReduceMax', logs, 0);
  const sum = g.reduce('ReduceSum', g.node('Exp', [g.node('Sub', [logs, most])]), 0);
  return g.node('Reshape', [negated(g, g.node('Add', [most, g.node('Log', [sum])])), g.ints([-1, 1])]);
};

const nearestNeighborsGraph: ScorerGraph = (g, { arrays, options, features }) => {
  const { data, shape } = arrays.F32('bank');
  const [count, size] = shape as readonly [number, number];
  const k = options.number('k');
  const scales = options.text('normalize') === 'length' ? inverseLengths(data, size) : undefined;
  const middle = middleOf(data, size, scales);
  const origin = g.doubles('bank_middle', middle, [size]);
  let bank = g.floats('bank', data, shape); // as it came: half the bytes of what is multiplied
  if (scales) bank = g.node('Mul', [bank, g.doubles('bank_scales', scales, [count, 1])]);
  const others = g.node('Sub', [bank, origin]);
  const rows = scales ? unitRowsOf(g, features()).unit : features();
  const halfSquares = g.doubles('bank_half_squares', halfSquaresOf(data, middle, scales), [count]);
  const squares = nearestSquares(g, g.node('Sub', [rows, origin]), { others, halfSquares, size }, k);
  if (options.text('use') === 'kth') return g.node('Sqrt', [g.reduce('ReduceMax', squares, -1)]);
  return g.node('Div', [sumOfRow(g, g.node('Sqrt', [squares])), g.scalar(k)]);
};

const nnGuideGraph: ScorerGraph = (g, { arrays, options, features, logits, classes }) => {
  const { data, shape } = arrays.F32('bank');
  const k = options.number('k');
  const products = productsWith(g, unitRowsOf(g, features()).unit, g.floats('bank', data, shape));
  const [largest] = g.nodes('TopK', [products, g.ints([k])], 2, { axis: 1 });
  const guidance = g.node('Div', [sumOfRow(g, largest!), g.scalar(k)]);
  return g.node('Mul', [energyOf(g, logits(), classes()), guidance]);
};

/** The graphs of the scorers of features. */
export const distanceGraphs = {
  'class-gaussians': classGaussiansGraph,
  mahalanobis: mahalanobisGraph,
  'nearest-class-mean': nearestClassMeanGraph,
  'nearest-neighbors': nearestNeighborsGraph,
  'nn-guide': nnGuideGraph,
  'relative-mahalanobis': relativeMahalanobisGraph,
} satisfies Record<string, ScorerGraph>;
