import type * as tf from '@tensorflow/tfjs-core';
import type { Head } from '../../scorers/contract/scorer';
import type { GraphModelLike } from './graph-model-like';

/** What is used of a node as tfjs-converter keeps it in a GraphModel's executor. */
interface GraphNode {
  op: string;
  inputNames: readonly string[];
  attrParams?: Readonly<Record<string, { value?: unknown } | undefined>>;
}

const PASSES_ON = ['Identity', 'NoOp', 'StopGradient'];
const nodeOf = (name: string) => name.replace(/^\^/, '').replace(/:\d+$/, '');

/** All nodes by name; none where the model does not show them. */
export function graphNodes(model: GraphModelLike): Readonly<Record<string, GraphNode>> {
  const { executor } = model as { executor?: { graph?: { nodes?: Record<string, GraphNode> } } };
  return executor?.graph?.nodes ?? {};
}

/** The first node at or before `name` that does something of its own. */
function behind(nodes: Readonly<Record<string, GraphNode>>, name: string): string {
  let at = nodeOf(name);
  for (let node = nodes[at]; node && PASSES_ON.includes(node.op) && node.inputNames[0]; node = nodes[at]) {
    at = nodeOf(node.inputNames[0]);
  }
  return at;
}

/** The node of the logits: the first output, or what its softmax is of. */
export function logitsNode(model: GraphModelLike): string {
  const nodes = graphNodes(model);
  const output = model.outputs[0]?.name.replace(/:0$/, '') ?? '';
  const last = behind(nodes, output);
  const node = nodes[last];
  return node?.op === 'Softmax' && node.inputNames[0] ? behind(nodes, node.inputNames[0]) : output;
}

const CONTROL_FLOW =
  /^(Switch|Merge|Enter|Exit|NextIteration|LoopCond|While|If|Stateless(While|If)|Tensor(Array|List).*)$/;

/**
 * Nodes between the images and these, whose values can be had in one run; none where the graph has loops or branches.
 */
export function nodesBefore(model: GraphModelLike, names: readonly string[]): string[] {
  const nodes = graphNodes(model);
  const fromImages = new Map<string, boolean>();
  const visit = (name: string): boolean => {
    const known = fromImages.get(name);
    if (known !== undefined) return known;
    fromImages.set(name, false); // a circle ends here
    const inputs = (nodes[name]?.inputNames ?? []).map((input) => visit(nodeOf(input)));
    const follows = nodes[name]?.op === 'Placeholder' || inputs.includes(true);
    fromImages.set(name, follows);
    return follows;
  };
  names.forEach((name) => visit(nodeOf(name)));
  const visited = [...fromImages].filter(([name, follows]) => follows && nodes[name]?.op !== 'Placeholder');
  if (visited.some(([name]) => CONTROL_FLOW.test(nodes[name]!.op))) return [];
  return visited.map(([name]) => name).filter((name) => !names.includes(name));
}

/** A product of features and a kernel of constants, plus perhaps a bias. */
interface DenseNode {
  features: string;
  kernel: tf.Tensor2D;
  bias?: tf.Tensor;
}

const value = (node: GraphNode, name: string) => node.attrParams?.[name]?.value;

/** The dense layer that ends at a node, if one does. */
export function denseAt(model: GraphModelLike, name: string): DenseNode | undefined {
  const nodes = graphNodes(model);
  const constant = (input: string | undefined) =>
    input === undefined ? undefined : model.weights[behind(nodes, input)]?.[0];
  const product = (at: string): DenseNode | undefined => {
    const node = nodes[at];
    if (!node || (node.op !== 'MatMul' && node.op !== '_FusedMatMul') || value(node, 'transposeA')) return undefined;
    const [features, weights, addend] = node.inputNames;
    const kernel = constant(weights);
    if (features === undefined || kernel?.rank !== 2 || value(node, 'transposeB')) return undefined;
    const fused = (value(node, 'fusedOps') ?? []) as readonly string[];
    const bias = fused.length > 0 ? constant(addend) : undefined;
    // An activation, or a sum with something that is no constant: not the logits of a dense layer.
    if (fused.length > 0 && (fused.length > 1 || fused[0] !== 'biasadd' || !bias)) return undefined;
    return { features: nodeOf(features), kernel: kernel as tf.Tensor2D, ...(bias && { bias }) };
  };
  const last = behind(nodes, name);
  const node = nodes[last];
  if (!node || !['BiasAdd', 'Add', 'AddV2'].includes(node.op)) return product(last);
  const found = product(behind(nodes, node.inputNames[0] ?? ''));
  const bias = constant(node.inputNames[1]);
  return found && bias && !found.bias ? { ...found, bias } : undefined;
}

/** W and b of a dense layer of a GraphModel as numbers. */
export async function headAt(model: GraphModelLike, name: string): Promise<Head | undefined> {
  const dense = denseAt(model, name);
  if (!dense) return undefined;
  const { kernel, bias } = dense;
  const [size, classes] = kernel.shape;
  if (bias && bias.size !== classes) return undefined;
  const numbers = async (tensor: tf.Tensor) => Float32Array.from(await tensor.data());
  return {
    weights: await numbers(kernel),
    bias: bias ? await numbers(bias) : new Float32Array(classes),
    shape: [size, classes],
  };
}
