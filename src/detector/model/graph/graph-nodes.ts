import type * as tf from '@tensorflow/tfjs-core';
import type { GraphModelLike } from '../graph-model-like';
import { missing } from '../named-outputs';

/** Lengths of a tensor's sides; undefined where the graph leaves one open. */
type Sides = readonly (number | undefined)[];
/** A shape as TensorFlow writes it; an open side is -1. */
type WrittenShape = { dim?: readonly { size?: string | number }[] } | undefined;

/** What is used of a node as tfjs-converter keeps it in a GraphModel's executor. */
interface GraphNode {
  op: string;
  /** Which of tfjs-converter's executors runs it. */
  category?: string;
  inputNames?: readonly string[];
  attrParams?: Readonly<Record<string, { value?: unknown } | undefined>>;
  rawAttrs?: { _output_shapes?: { list?: { shape?: readonly WrittenShape[] } } };
}

/** An input or output: the name that the model's signature gives it, and its tensor. */
interface GraphPort {
  name: string;
  tensor: string;
  sides?: Sides | undefined;
  dtype?: string | undefined;
}

/** A GraphModel as a graph. A tensor is called as its node; `:1`, `:2`, ... follow where it is a later output of it. */
export interface Graph {
  /** None where the model does not show them. */
  nodes: Readonly<Record<string, GraphNode>>;
  weights: GraphModelLike['weights'];
  /** Without those that have a value of their own where none is given. */
  inputs: readonly GraphPort[];
  outputs: readonly GraphPort[];
}

/** The name of a tensor without what says nothing: `^` of an order, `:0`, the name of a node's output. */
export function tensorNamed(name: string): string {
  const [node, ...rest] = name.replace(/^\^/, '').split(':') as [string, ...string[]];
  const index = Number(rest.at(-1) ?? 0);
  return index > 0 ? `${node}:${index}` : node;
}

export function nodeAt({ nodes }: Pick<Graph, 'nodes'>, tensor: string): GraphNode | undefined {
  const [name] = tensor.split(':') as [string];
  return Object.hasOwn(nodes, name) ? nodes[name] : undefined;
}

const sidesOf = (written: WrittenShape): Sides | undefined =>
  written?.dim?.map(({ size }) => (Number(size) >= 0 ? Number(size) : undefined));

interface Signature {
  outputs?: Record<string, { name: string; tensorShape?: WrittenShape }>;
}

/** What a GraphModel of tfjs-converter shows of its graph. */
export function graphOf(model: GraphModelLike): Graph {
  const { executor, modelSignature, inputs, weights } = model as GraphModelLike & {
    executor?: { graph?: { nodes?: Graph['nodes'] } };
    modelSignature?: Signature;
    inputs?: readonly { name: string; shape?: readonly number[]; dtype?: string | null }[];
  };
  const nodes = executor?.graph?.nodes ?? {};
  // The signature says which output of a node it is; `model.outputs` names the node alone.
  const declared = Object.entries(modelSignature?.outputs ?? {}).map(([name, { name: tensor, tensorShape }]) => ({
    name,
    tensor: tensorNamed(tensor),
    sides: sidesOf(tensorShape),
  }));
  const listed = model.outputs.map(({ name }) => ({ name, tensor: tensorNamed(name) }));
  // Without a signature tfjs takes whatever nothing follows for an output, stray constants too.
  const isStray = ({ tensor }: GraphPort) => {
    const op = nodeAt({ nodes }, tensor)?.op;
    return op === 'Const' || op === 'NoOp';
  };
  return {
    nodes,
    weights,
    inputs: (inputs ?? [])
      .filter(({ name, dtype }) => nodes[name]?.op !== 'PlaceholderWithDefault' && dtype !== null)
      .map(({ name, shape, dtype }) => ({
        name,
        tensor: name,
        sides: shape?.map((side) => (side < 0 ? undefined : side)),
        dtype: dtype ?? undefined,
      })),
    outputs: (declared.length > 0 ? declared : listed).filter((port) => !isStray(port)),
  };
}

const SAME = ['Identity', 'IdentityN', 'StopGradient', 'Snapshot', 'EnsureShape', 'FakeQuantWithMinMaxVars'];
const RESHAPES = ['Reshape', 'Squeeze', 'ExpandDims'];

/** The input that a node gives on, as it is or, if `reshaped`, in another shape or precision. */
function givenOn(graph: Graph, tensor: string, reshaped: boolean): string | undefined {
  const node = nodeAt(graph, tensor);
  if (!node) return undefined;
  const isCast = node.op === 'Cast' && node.attrParams?.['dtype']?.value === 'float32';
  if (!SAME.includes(node.op) && !(reshaped && (isCast || RESHAPES.includes(node.op)))) return undefined;
  const at = node.op === 'IdentityN' ? Number(tensor.split(':')[1] ?? 0) : 0;
  const input = node.inputNames?.[at];
  return input === undefined ? undefined : tensorNamed(input);
}

function follow(graph: Graph, tensor: string, reshaped: boolean): string {
  let at = tensorNamed(tensor);
  for (let input = givenOn(graph, at, reshaped); input !== undefined; input = givenOn(graph, at, reshaped)) at = input;
  return at;
}

/** The first tensor at or before this one that a node made which does something of its own. */
export const behind = (graph: Graph, tensor: string): string => follow(graph, tensor, false);

/** The same, where another shape or precision is nothing of its own. */
export const behindShape = (graph: Graph, tensor: string): string => follow(graph, tensor, true);

/** The numbers that a tensor is, if it is a constant. */
export const constantAt = (graph: Graph, tensor: string | undefined): tf.Tensor | undefined =>
  tensor === undefined ? undefined : graph.weights[behind(graph, tensor)]?.[0];

export const PRODUCTS = ['MatMul', '_FusedMatMul', 'BatchMatMul', 'BatchMatMulV2'];
export const CONVOLUTIONS = ['Conv2D', '_FusedConv2D'];
export const SUMS = ['BiasAdd', 'Add', 'AddV2'];
const ELEMENTWISE = /^(Relu6?|Elu|Selu|LeakyRelu|Sigmoid|Tanh|Softmax|LogSoftmax|Softplus|Exp|Log|Cast)$/;

/** The shape of a tensor, as far as the graph says it. */
export function sidesAt(graph: Graph, tensor: string): Sides | undefined {
  const port = [...graph.inputs, ...graph.outputs].find((one) => one.sides && one.tensor === tensor);
  if (port) return port.sides;
  const node = nodeAt(graph, tensor);
  const written = node?.rawAttrs?._output_shapes?.list?.shape?.[Number(tensor.split(':')[1] ?? 0)];
  if (!node || written) return sidesOf(written);
  const [first, second] = node.inputNames ?? [];
  if (first === undefined) return undefined;
  if (SUMS.includes(node.op)) {
    const [addend] = [first, second].filter((one) => !constantAt(graph, one));
    return addend === undefined || !constantAt(graph, addend === first ? second : first)
      ? undefined
      : sidesAt(graph, tensorNamed(addend));
  }
  if (ELEMENTWISE.test(node.op)) return sidesAt(graph, tensorNamed(first));
  const same = givenOn(graph, tensor, false);
  if (same !== undefined) return sidesAt(graph, same);
  const kernel = constantAt(graph, second)?.shape;
  if (kernel?.length === 2 && PRODUCTS.includes(node.op)) {
    return [undefined, kernel[node.attrParams?.['transposeB']?.value ? 0 : 1]];
  }
  if (kernel?.length !== 4 || !CONVOLUTIONS.includes(node.op)) return undefined;
  return [undefined, undefined, undefined, kernel[3]];
}

/** A tensor and its shape, as errors list them. */
export function described(graph: Graph, tensor: string, name = tensor): string {
  const sides = sidesAt(graph, tensor);
  return sides ? `${name} [${sides.map((side, i) => (i === 0 ? 'N' : (side ?? '?'))).join(', ')}]` : name;
}

const NOTHING = /^(Const|NoOp|Placeholder.*)$/;

/** Whether a node is there, and makes something of images. */
export function isOfImages(graph: Graph, tensor: string): boolean {
  const node = nodeAt(graph, tensor);
  return node !== undefined && !NOTHING.test(node.op) && !constantAt(graph, tensor);
}

/** Nodes that make something of images, with their shapes. */
export const namesOf = (graph: Graph): string[] =>
  Object.keys(graph.nodes)
    .filter((name) => isOfImages(graph, name))
    .map((name) => described(graph, name));

/** The tensor that a user calls by its node, or by the name of an output. @throws ArgumentError for an unknown one */
export function tensorCalled(where: string, graph: Graph, what: string, name: string): string {
  const tensor = tensorNamed(name);
  if (isOfImages(graph, tensor) || Object.keys(graph.nodes).length === 0) return tensor;
  const output = graph.outputs.find((port) => port.name === name);
  if (output) return output.tensor;
  throw missing(where, what, namesOf(graph), name);
}

/** The nodes at and before these tensors, and whether each depends on the images. */
function nodesBefore(graph: Graph, tensors: readonly string[]): Map<string, boolean> {
  const fromImages = new Map<string, boolean>();
  const visit = (tensor: string): boolean => {
    const name = tensorNamed(tensor).split(':')[0]!;
    const known = fromImages.get(name);
    if (known !== undefined) return known;
    fromImages.set(name, false); // a circle ends here
    const inputs = (graph.nodes[name]?.inputNames ?? []).map(visit);
    const follows = graph.nodes[name]?.op === 'Placeholder' || inputs.includes(true);
    fromImages.set(name, follows);
    return follows;
  };
  tensors.forEach(visit);
  return fromImages;
}

/** Nodes between the images and these tensors, without both. */
export const nodesBetween = (graph: Graph, tensors: readonly string[]): string[] =>
  [...nodesBefore(graph, tensors)]
    .filter(([name, follows]) => follows && graph.nodes[name]?.op !== 'Placeholder' && !tensors.includes(name))
    .map(([name]) => name);

/** The op of a node at or before these tensors that tfjs runs by `executeAsync` alone: a loop, a branch, a table. */
export const waitingOp = (graph: Graph, tensors: readonly string[]): string | undefined =>
  [...nodesBefore(graph, tensors).keys()]
    .map((name) => graph.nodes[name])
    .find((node) => ['control', 'dynamic', 'hash_table'].includes(node?.category ?? ''))?.op;
