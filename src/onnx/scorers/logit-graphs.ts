import { largestGen, largestMsp } from '../../scorers/contract/logit-scores';
import type { OnnxGraph, Value } from '../graph/onnx-graph';
import { log1pOf, negated, sumOfRow } from '../graph/row-arithmetic';
import type { ScorerGraph } from './scorer-graph';

/** Logits by falling size: the largest [N, 1], and the others [N, C - 1]; of one class there are none. */
interface Sorted {
  top: Value;
  rest: Value | undefined;
  all: Value;
}

export function sortedLogits(g: OnnxGraph, logits: Value, classes: number): Sorted {
  const [all] = g.nodes('TopK', [logits, g.ints([classes])], 2, { axis: 1 });
  const from = (first: number, end: number) =>
    classes === 1 ? all! : g.node('Slice', [all!, g.ints([first]), g.ints([end]), g.ints([1])]);
  return { top: from(0, 1), rest: classes === 1 ? undefined : from(1, classes), all: all! };
}

/** Sum over j != top of exp((x_j - x_top) / T) [N, 1]: nothing of it is lost beside the 1 of the largest. */
function othersOf(g: OnnxGraph, { top, rest }: Sorted, temperature: number): Value {
  if (rest === undefined) return g.node('Sub', [top, top]);
  const apart = g.node('Sub', [rest, top]);
  const exponent = temperature === 1 ? apart : g.node('Div', [apart, g.scalar(temperature)]);
  return sumOfRow(g, g.node('Exp', [exponent]));
}

/** -T logsumexp(x / T) [N, 1]. */
export function energyOf(g: OnnxGraph, logits: Value, classes: number, temperature = 1): Value {
  const sorted = sortedLogits(g, logits, classes);
  const log = log1pOf(g, othersOf(g, sorted, temperature));
  return negated(g, g.node('Add', [sorted.top, g.node('Mul', [log, g.scalar(temperature)])]));
}

/** -log of the largest softmax probability [N, 1]. */
export function mspOf(g: OnnxGraph, logits: Value, classes: number, temperature = 1): Value {
  const score = log1pOf(g, othersOf(g, sortedLogits(g, logits, classes), temperature));
  return g.node('Min', [score, g.scalar(largestMsp(classes))]);
}

export const maxLogitOf = (g: OnnxGraph, logits: Value, classes: number): Value =>
  negated(g, sortedLogits(g, logits, classes).top);

/** log of the softmax of some of the logits. */
function logShares(g: OnnxGraph, sorted: Sorted, of: Value): Value {
  const logSum = log1pOf(g, othersOf(g, sorted, 1));
  return g.node('Sub', [g.node('Sub', [of, sorted.top]), logSum]);
}

/** - sum of p log p [N, 1]. */
function entropyOf(g: OnnxGraph, logits: Value, classes: number): Value {
  const sorted = sortedLogits(g, logits, classes);
  const logP = logShares(g, sorted, sorted.all);
  const score = negated(g, sumOfRow(g, g.node('Mul', [g.node('Exp', [logP]), logP])));
  return g.node('Min', [score, g.scalar(largestMsp(classes))]);
}

/** Sum over the m largest p of p^g (1 - p)^g [N, 1]. */
function genOf(g: OnnxGraph, logits: Value, classes: number, gamma: number, m: number): Value {
  const sorted = sortedLogits(g, logits, classes);
  const { top, rest } = sorted;
  if (rest === undefined) return g.node('Sub', [top, top]);
  const power = (logs: Value) => g.node('Exp', [g.node('Mul', [logs, g.scalar(gamma)])]);
  // 1 - p of the largest is what the others have together, in log space: exp(x_j - x_second) is at least 1 in sum.
  const second = g.node('Slice', [rest, g.ints([0]), g.ints([1]), g.ints([1])]);
  const ofOthers = g.node('Log', [sumOfRow(g, g.node('Exp', [g.node('Sub', [rest, second])]))]);
  const logSum = log1pOf(g, othersOf(g, sorted, 1));
  const leftOver = g.node('Sub', [g.node('Add', [g.node('Sub', [second, top]), ofOthers]), logSum]);
  const first = power(g.node('Sub', [leftOver, logSum])); // log p of the largest is -logSum
  const kept = Math.min(m, classes) - 1;
  if (kept === 0) return g.node('Min', [first, g.scalar(largestGen(classes, gamma, m))]);
  const counted = g.node('Slice', [rest, g.ints([0]), g.ints([kept]), g.ints([1])]);
  const logP = g.node('Sub', [g.node('Sub', [counted, top]), logSum]);
  const logQ = g.node('Log', [g.node('Sub', [g.scalar(1), g.node('Exp', [logP])])]); // p is at most 1/2
  const others = sumOfRow(g, power(g.node('Add', [logP, logQ])));
  return g.node('Min', [g.node('Add', [first, others]), g.scalar(largestGen(classes, gamma, m))]);
}

/** -sum of log(1 + e^z) [N, 1]. */
function jointEnergyOf(g: OnnxGraph, logits: Value): Value {
  const small = log1pOf(g, g.node('Exp', [negated(g, g.node('Abs', [logits]))]));
  return negated(g, sumOfRow(g, g.node('Add', [g.node('Max', [logits, g.scalar(0)]), small])));
}

/** min over k of KL(p || d_k) [N, 1] = sum of p log p - p log d_k. */
const klMatchingGraph: ScorerGraph = (g, { arrays, logits, classes }) => {
  const { data, shape } = arrays.F64('logTemplates');
  const logP = logShares(g, sortedLogits(g, logits(), classes()), logits());
  const p = g.node('Exp', [logP]);
  const own = sumOfRow(g, g.node('Mul', [p, logP]));
  const crossed = g.nodes('Gemm', [p, g.doubles('log_templates', data, shape)], 1, { transB: 1 })[0]!;
  const largest = g.reduce('ReduceMax', crossed, -1);
  return g.node('Max', [g.node('Sub', [own, largest]), g.scalar(0)]);
};

/** The graphs of the scorers of logits. */
export const logitGraphs = {
  msp: (g, { options, logits, classes }) => mspOf(g, logits(), classes(), options.number('temperature')),
  energy: (g, { options, logits, classes }) => energyOf(g, logits(), classes(), options.number('temperature')),
  'max-logit': (g, { logits, classes }) => maxLogitOf(g, logits(), classes()),
  entropy: (g, { logits, classes }) => entropyOf(g, logits(), classes()),
  gen: (g, { options, logits, classes }) => genOf(g, logits(), classes(), options.number('gamma'), options.number('m')),
  'joint-energy': (g, { logits }) => jointEnergyOf(g, logits()),
  'kl-matching': klMatchingGraph,
} satisfies Record<string, ScorerGraph>;
