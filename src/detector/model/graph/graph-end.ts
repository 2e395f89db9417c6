import { ArgumentError } from '../../../core/errors';
import { fusedSigmoidAt, type GraphDense } from './graph-head';
import {
  behind,
  behindShape,
  constantAt,
  described,
  isOfImages,
  namesOf,
  nodeAt,
  sidesAt,
  tensorCalled,
  tensorNamed,
} from './graph-nodes';
import type { Graph } from './graph-nodes';
import { readsAtOnce } from '../../../tensors/precision';
import { listed } from '../named-outputs';
import type { OutputNames } from '../model-reader';

/** Where a graph's logits are, and what it makes of them. */
export interface GraphEnd {
  logits: string;
  /** `'share'`: shares of their sum, of what is no softmax that is known here. */
  activation?: 'softmax' | 'sigmoid' | 'share';
  /** The dense layer that makes the logits, where the graph has no tensor of them: its sigmoid is in the same node. */
  hidden?: GraphDense;
  /** Of a sigmoid, where they are known. */
  columns?: number | undefined;
}

/** The inputs of the node that makes a tensor, if it is one of these, behind what only reshapes. */
function inputsOf(graph: Graph, tensor: string | undefined, ...ops: string[]): readonly string[] | undefined {
  if (tensor === undefined) return undefined;
  const node = nodeAt(graph, behindShape(graph, tensor));
  return node && ops.includes(node.op) ? (node.inputNames ?? []).map(tensorNamed) : undefined;
}

const areSame = (graph: Graph, a: string | undefined, b: string | undefined) =>
  a !== undefined && b !== undefined && behindShape(graph, a) === behindShape(graph, b);

/** The two sides of a difference in which what is taken off depends on the images. */
function differenceOf(graph: Graph, tensor: string | undefined): readonly string[] {
  const sides = inputsOf(graph, tensor, 'Sub') ?? [];
  return constantAt(graph, sides[1]) ? [] : sides;
}

/** What was exponentiated, before its maximum was taken off; nothing where something else of the images was. */
function beforeMax(graph: Graph, tensor: string | undefined): string | undefined {
  const [z, shift] = differenceOf(graph, tensor);
  // A scale between the difference and the exponential: it would be wanted on what has no tensor.
  const scaled = inputsOf(graph, tensor, 'Mul', 'RealDiv', 'Div')?.find((input) => !constantAt(graph, input));
  if (differenceOf(graph, scaled).length > 0) return undefined;
  if (shift === undefined) return tensor;
  const [of] = inputsOf(graph, shift, 'Max') ?? [];
  return areSame(graph, of, z) ? z : undefined;
}

/** Numerator of shares x / sum(x), written as a quotient or as a product. */
function sharesOf(graph: Graph, tensor: string): string | undefined {
  const [x, sum] = inputsOf(graph, tensor, 'RealDiv', 'Div', 'DivNoNan') ?? [];
  const [of] = inputsOf(graph, sum, 'Sum') ?? [];
  if (areSame(graph, of, x)) return x;
  const [a, b] = inputsOf(graph, tensor, 'Mul') ?? [];
  const isInverse = (x: string | undefined, inverse: string | undefined) => {
    const [sum] = inputsOf(graph, inverse, 'Reciprocal', 'Inv') ?? [];
    return areSame(graph, inputsOf(graph, sum, 'Sum')?.[0], x);
  };
  return isInverse(a, b) ? a : isInverse(b, a) ? b : undefined;
}

/** What a tensor is the logarithm of the softmax of. */
function insideLogSoftmax(graph: Graph, tensor: string): string | undefined {
  const [z] = inputsOf(graph, tensor, 'LogSoftmax') ?? [];
  if (z !== undefined) return z;
  const [shares] = inputsOf(graph, tensor, 'Log') ?? [];
  if (shares !== undefined) return insideSoftmax(graph, shares);
  // d - log(sum(exp(d)))
  const [d, log] = inputsOf(graph, tensor, 'Sub') ?? [];
  const [sum] = inputsOf(graph, log, 'Log') ?? [];
  const [exp] = inputsOf(graph, sum, 'Sum') ?? [];
  const [of] = inputsOf(graph, exp, 'Exp') ?? [];
  return areSame(graph, of, d) ? beforeMax(graph, d) : undefined;
}

/** What a tensor is the softmax of, as one node or spelled out. */
function insideSoftmax(graph: Graph, tensor: string): string | undefined {
  const [z] = inputsOf(graph, tensor, 'Softmax') ?? [];
  if (z !== undefined) return z;
  const [log] = inputsOf(graph, tensor, 'Exp') ?? [];
  if (log !== undefined) return insideLogSoftmax(graph, log);
  const shares = sharesOf(graph, tensor);
  return shares === undefined ? undefined : beforeMax(graph, inputsOf(graph, shares, 'Exp')?.[0]);
}

/** Whether a tensor is the constant 1, as far as it can be read at once. */
function isOne(graph: Graph, tensor: string | undefined): boolean {
  const constant = constantAt(graph, tensor);
  return constant?.size === 1 && (!readsAtOnce() || constant.dataSync()[0] === 1);
}

/** What a tensor is the sigmoid of, as one node or as 1 / (1 + exp(-z)). */
function insideSigmoid(graph: Graph, tensor: string): string | undefined {
  const [z] = inputsOf(graph, tensor, 'Sigmoid') ?? [];
  if (z !== undefined) return z;
  const [one, quotient] = inputsOf(graph, tensor, 'RealDiv', 'Div') ?? [];
  const [inverse] = inputsOf(graph, tensor, 'Reciprocal', 'Inv') ?? [];
  const below = isOne(graph, one) ? quotient : inverse;
  const sum = inputsOf(graph, below, 'Add', 'AddV2')?.slice(0, 2) ?? [];
  const [exp] = sum.filter((addend) => !isOne(graph, addend));
  if (sum.length !== 2 || areSame(graph, ...(sum as [string, string]))) return undefined;
  return inputsOf(graph, inputsOf(graph, exp, 'Exp')?.[0], 'Neg')?.[0];
}

/** What leaves shares next to each other, cuts or shifts them, or takes their mean. */
const OF_SHARES =
  /^(ClipByValue|Minimum|Maximum|Mul|RealDiv|Div|Add|AddV2|AddN|Sub|Mean|ConcatV2|Pack|Slice|StridedSlice|GatherV2)$/;

/** Whether a tensor is made of softmaxes and sigmoids alone, by what makes no logits of them. */
function isOfShares(graph: Graph, tensor: string): boolean {
  if ((insideSoftmax(graph, tensor) ?? insideSigmoid(graph, tensor) ?? sharesOf(graph, tensor)) !== undefined)
    return true;
  const node = nodeAt(graph, behindShape(graph, tensor));
  if (!node || !OF_SHARES.test(node.op)) return false;
  const inputs = (node.inputNames ?? []).map(tensorNamed).filter((input) => !constantAt(graph, input));
  return inputs.length > 0 && inputs.every((input) => isOfShares(graph, input));
}

/** How many columns a sigmoid has, as far as the graph says it. */
function columnsOf(graph: Graph, sigmoid: string, logits: string): number | undefined {
  const sides = [sigmoid, logits, behindShape(graph, logits)].map((tensor) => sidesAt(graph, tensor));
  const known = sides.find((one) => one && (one.length === 1 || one.at(-1) !== undefined));
  return known?.length === 1 ? 1 : known?.at(-1);
}

/** How a graph ends at a tensor. */
export function graphEndAt(graph: Graph, tensor: string): GraphEnd {
  let softmax = insideSoftmax(graph, tensor) ?? insideLogSoftmax(graph, tensor);
  // The logarithm of a softmax has the same softmax, and no size of its own.
  for (let z = softmax; z !== undefined; z = insideLogSoftmax(graph, z)) softmax = z;
  if (softmax !== undefined) return { logits: behind(graph, softmax), activation: 'softmax' };
  const sigmoid = insideSigmoid(graph, tensor);
  if (sigmoid !== undefined) {
    const logits = behind(graph, sigmoid);
    return { logits, activation: 'sigmoid', columns: columnsOf(graph, tensor, logits) };
  }
  const hidden = fusedSigmoidAt(graph, tensor);
  if (hidden) return { logits: tensor, activation: 'sigmoid', columns: hidden.shape[1], hidden };
  return { logits: tensor, ...(sharesOf(graph, tensor) !== undefined && { activation: 'share' as const }) };
}

const listOf = (graph: Graph) => graph.outputs.map(({ name, tensor }) => described(graph, tensor, name)).join(', ');

/** The end at the output that is asked for, or at the only one; several may end with the same logits. */
function endOfOutput(where: string, graph: Graph, output: string | undefined): GraphEnd {
  const { outputs } = graph;
  if (output !== undefined) {
    const chosen = outputs.find(({ name }) => name === output)?.tensor ?? tensorNamed(output);
    if (outputs.some(({ tensor }) => tensor === chosen) || isOfImages(graph, chosen)) return graphEndAt(graph, chosen);
    throw new ArgumentError(where, 'output', `one of ${listOf(graph)}`, output);
  }
  const ends = outputs.map(({ tensor }) => graphEndAt(graph, tensor));
  const first = ends.find(({ activation }) => activation !== undefined) ?? ends[0];
  if (!first) throw new ArgumentError(where, 'model', 'a graph with an output', 'one without');
  if (ends.every(({ logits }) => areSame(graph, logits, first.logits))) return first;
  const likely = outputs[ends.indexOf(first)]!.name;
  throw new ArgumentError(where, 'output', `one of ${listOf(graph)}, as in output: '${likely}'`, 'none');
}

/** Where the logits are that an output or a node by name asks for: what its softmax or sigmoid is of. */
export function chosenEnd(where: string, graph: Graph, { logits, output }: OutputNames): GraphEnd {
  const named = logits === undefined ? undefined : tensorCalled(where, graph, 'logits', logits);
  const ofOutput = named === undefined || output !== undefined ? endOfOutput(where, graph, output) : undefined;
  const end = named === undefined ? ofOutput! : graphEndAt(graph, named);
  const isUnnamed = named === undefined && end.activation === undefined;
  if (end.activation === 'share' || (isUnnamed && isOfShares(graph, end.logits))) {
    const names = listed(namesOf(graph), end.logits);
    const expected = `a softmax whose logits are a node (or name the node of the logits: one of ${names})`;
    throw new ArgumentError(where, named === undefined ? 'model' : 'logits', expected, `shares '${end.logits}'`);
  }
  if (end.activation !== undefined) return end;
  // What an output makes of a node by name says what it means.
  const ends = graph.outputs.map(({ tensor }) => graphEndAt(graph, tensor));
  const after = ends.find(({ activation, logits: z }) => activation !== undefined && areSame(graph, z, end.logits));
  return { ...after, logits: end.logits };
}
