import { ArgumentError } from '../../core/errors';
import type { Head } from '../../scorers/contract/scorer';
import {
  constantOf,
  floatAttribute,
  hasSubgraph,
  intAttribute,
  type Constant,
  type ExternalData,
} from './read-constant';
import type { ModelGraph, ModelNode } from './read-onnx-model';

/** What follows logits in models as people export them. */
const AFTER_LOGITS = ['Softmax', 'LogSoftmax', 'Sigmoid', 'ArgMax'];
/** What leaves the numbers of a row as they are. */
const PASSING = ['Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Dropout'];
/** So many nodes before an output an error lists. */
const LISTED = 5;

/** The last layer of a model, and what goes into it and comes out, by the names of tensors. */
export interface FoundHead {
  readonly features: string;
  readonly logits: string;
  readonly head: Head;
  /** What stands after the logits, from the output back: `Softmax 'probabilities'`. */
  readonly skipped: readonly string[];
}

/** A node as an error or a list names it. */
export const shownNode = ({ name, type, domain, outputs }: ModelNode): string =>
  `${domain ? `${domain}.` : ''}${type} '${name || (outputs[0] ?? '')}'`;

/** W [D, C] and b [C], multiplied by what the layer says, as float32. */
function headOf(weights: Constant, bias: Constant | undefined, alpha: number, beta: number): Head | undefined {
  const [size, classes] = weights.dims as readonly [number, number];
  if (!(size >= 1 && classes >= 1)) return undefined;
  const each = bias?.data.length === 1 ? 0 : 1; // one number for all classes
  if (bias && bias.data.length !== 1 && (bias.data.length !== classes || bias.dims.at(-1) !== classes))
    return undefined;
  return {
    weights: alpha === 1 ? weights.data : weights.data.map((value) => value * alpha),
    bias: Float32Array.from({ length: classes }, (_, c) => (bias ? bias.data[c * each]! * beta : 0)),
    shape: [size, classes],
  };
}

function headOfGemm(
  graph: ModelGraph,
  node: ModelNode,
  files: ExternalData,
): { features: string; head: Head } | undefined {
  const [features, w, c] = node.inputs;
  if (features === undefined || w === undefined || intAttribute(node, 'transA', 0) !== 0) return undefined;
  const weights = constantOf(graph, w, files);
  const bias = c ? constantOf(graph, c, files) : undefined;
  if (weights?.dims.length !== 2 || (c && !bias)) return undefined;
  const [rows, columns] = weights.dims as readonly [number, number];
  const turned: Constant =
    intAttribute(node, 'transB', 0) === 0
      ? weights
      : {
          data: weights.data.map((_, at) => weights.data[(at % rows) * columns + Math.floor(at / rows)]!),
          dims: [columns, rows],
        };
  const head = headOf(turned, bias, floatAttribute(node, 'alpha', 1), floatAttribute(node, 'beta', 1));
  return head && { features, head };
}

function headOfMatMul(
  graph: ModelGraph,
  { inputs }: ModelNode,
  bias: Constant | undefined,
  files: ExternalData,
): { features: string; head: Head } | undefined {
  const [features, w] = inputs;
  const weights = w === undefined ? undefined : constantOf(graph, w, files);
  const head = weights?.dims.length === 2 ? headOf(weights, bias, 1, 1) : undefined;
  return head && features !== undefined ? { features, head } : undefined;
}

/** The node before which nothing but passing on stands, from a tensor back; its own output is `name`. */
function behindPassing(graph: ModelGraph, from: string): { node: ModelNode; name: string } | undefined {
  let name = from;
  for (let steps = 0; steps <= graph.nodes.length; steps++) {
    const node = graph.makers.get(name);
    if (!node) return undefined;
    if (node.domain !== '' || !PASSING.includes(node.type) || !node.inputs[0]) return { node, name };
    name = node.inputs[0];
  }
  return undefined; // nodes in a circle
}

/** The last layer before a tensor; undefined where there is none to be seen. */
export function headBefore(graph: ModelGraph, output: string, files: ExternalData): FoundHead | undefined {
  const skipped: string[] = [];
  let from = output;
  while (skipped.length <= graph.nodes.length) {
    const found = behindPassing(graph, from);
    if (!found || found.node.domain !== '') return undefined;
    const { node, name } = found;
    if (AFTER_LOGITS.includes(node.type) && node.inputs[0]) {
      skipped.push(shownNode(node));
      from = node.inputs[0];
      continue;
    }
    const own = node.type === 'Gemm' ? headOfGemm(graph, node, files) : headOfSum(graph, node, files);
    return own && { ...own, logits: name, skipped };
  }
  return undefined;
}

/** The head of a product with the weights, or of that and a bias. */
function headOfSum(graph: ModelGraph, node: ModelNode, files: ExternalData) {
  if (node.type === 'MatMul') return headOfMatMul(graph, node, undefined, files);
  if (node.type !== 'Add' || node.inputs.length !== 2) return undefined;
  for (const [product, other] of [node.inputs, [...node.inputs].reverse()]) {
    const found = behindPassing(graph, product!);
    if (found?.node.type !== 'MatMul' || found.node.domain !== '') continue;
    const bias = constantOf(graph, other!, files);
    return bias && headOfMatMul(graph, found.node, bias, files);
  }
  return undefined;
}

/** The last nodes before each output, as an error lists them. */
function lastNodes({ outputs, makers }: ModelGraph): { list: string; withGraph: ModelNode | undefined } {
  let withGraph: ModelNode | undefined;
  const chains = outputs.map(({ name }) => {
    const chain: string[] = [];
    let node = makers.get(name);
    while (node && chain.length < LISTED) {
      if (hasSubgraph(node)) withGraph ??= node;
      chain.push(`${shownNode(node)} of (${node.inputs.join(', ')})`);
      node = makers.get(node.inputs[0] ?? '');
    }
    return `output '${name}' = ${chain.join(' <- ') || 'an input'}`;
  });
  return { list: chains.join('; '), withGraph };
}

/** Throws for a model without a last layer to be seen: with the last nodes, and the way out. */
export function refuseHead(where: string, graph: ModelGraph): never {
  const { list, withGraph } = lastNodes(graph);
  const why = withGraph
    ? ` in the main graph (${shownNode(withGraph)} has graphs of its own, which are not looked into)`
    : '';
  const expected =
    `one whose logits come of a Gemm, or MatMul and Add, with weights that are constants${why}; ` +
    `else name the tensors: { features: 'name', logits: 'name' }`;
  throw new ArgumentError(where, 'model', expected, list);
}
