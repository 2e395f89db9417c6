import { BYTES, check } from '../../core/check';
import { FormatError } from '../../core/errors';
import {
  DIM,
  ENTRY,
  GRAPH,
  MODEL,
  NODE,
  OPSET,
  SHAPE,
  TENSOR,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from '../protobuf/onnx-fields';
import { fieldsOf, intOfField, messageOf, refuseBytes, textOfField, type Message } from '../protobuf/wire-reader';

/** So many nodes, initializers and values are read; a model of today has some thousands. */
const MOST_PARTS = 2 ** 20;

/** An operation of a model that was read; its attributes are read where they are asked for. */
export interface ModelNode {
  readonly name: string;
  readonly type: string;
  /** Empty: the standard operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Message[];
}

/** What is known of a tensor at the border of a graph, or inside. */
export interface ModelValue {
  readonly name: string;
  /** Undefined where it is no tensor, or nothing is said. */
  readonly element: number | undefined;
  /** Undefined where nothing is said of it; a side is a number, a name, or undefined. */
  readonly dims: readonly (number | string | undefined)[] | undefined;
}

/** The main graph of a model; the parts that are not read here stay in the message. */
export interface ModelGraph {
  readonly message: Message;
  readonly nodes: readonly ModelNode[];
  readonly initializers: ReadonlyMap<string, Message>;
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  readonly values: ReadonlyMap<string, ModelValue>;
  /** The node that makes a tensor. */
  readonly makers: ReadonlyMap<string, ModelNode>;
}

/** A model as far as it is read; nothing of its bytes is copied. */
export interface ReadModel {
  readonly message: Message;
  readonly irVersion: number;
  /** Version of the standard operators. */
  readonly opset: number;
  readonly graph: ModelGraph;
  readonly metadataKeys: ReadonlySet<string>;
}

function readNode(message: Message): ModelNode {
  const node = { name: '', type: '', domain: '', inputs: [] as string[], outputs: [] as string[] };
  const attributes: Message[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === NODE.input) node.inputs.push(textOfField(field));
    else if (field.number === NODE.output) node.outputs.push(textOfField(field));
    else if (field.number === NODE.name) node.name = textOfField(field);
    else if (field.number === NODE.opType) node.type = textOfField(field);
    else if (field.number === NODE.domain) node.domain = textOfField(field);
    else if (field.number === NODE.attribute) attributes.push(messageOf(field));
  }
  if (node.type === '') refuseBytes(message, 0, 'a node with a type', 'none');
  return { ...node, domain: node.domain === 'ai.onnx' ? '' : node.domain, attributes };
}

function readDim(message: Message): number | string | undefined {
  let side: number | string | undefined;
  for (const field of fieldsOf(message)) {
    if (field.number === DIM.value) side = intOfField(field);
    else if (field.number === DIM.param) side = textOfField(field);
  }
  return side;
}

function readValue(message: Message): ModelValue {
  let [name, element]: [string, number | undefined] = ['', undefined];
  let dims: (number | string | undefined)[] | undefined;
  const readTensorType = (type: Message) => {
    for (const field of fieldsOf(type)) {
      if (field.number === TENSOR_TYPE.elemType) element = intOfField(field);
      else if (field.number === TENSOR_TYPE.shape) {
        dims = [];
        for (const own of fieldsOf(messageOf(field))) if (own.number === SHAPE.dim) dims.push(readDim(messageOf(own)));
      }
    }
  };
  for (const field of fieldsOf(message)) {
    if (field.number === VALUE_INFO.name) name = textOfField(field);
    else if (field.number === VALUE_INFO.type) {
      for (const own of fieldsOf(messageOf(field))) if (own.number === TYPE.tensorType) readTensorType(messageOf(own));
    }
  }
  return { name, element, dims };
}

/** The name of a tensor with numbers. */
function nameOfTensor(message: Message): string {
  let name = '';
  for (const field of fieldsOf(message)) if (field.number === TENSOR.name) name = textOfField(field);
  return name;
}

function readGraph(message: Message): ModelGraph {
  const [nodes, inputs, outputs]: [ModelNode[], ModelValue[], ModelValue[]] = [[], [], []];
  const initializers = new Map<string, Message>();
  const values = new Map<string, ModelValue>();
  let parts = 0;
  for (const field of fieldsOf(message)) {
    const { number, content } = field;
    if (number === GRAPH.node) nodes.push(readNode(messageOf(field)));
    else if (number === GRAPH.initializer) initializers.set(nameOfTensor(messageOf(field)), content);
    else if (number === GRAPH.input) inputs.push(readValue(messageOf(field)));
    else if (number === GRAPH.output) outputs.push(readValue(messageOf(field)));
    else if (number === GRAPH.valueInfo) {
      const value = readValue(messageOf(field));
      values.set(value.name, value);
    }
    if (++parts > MOST_PARTS) refuseBytes(content, 0, `a graph of at most ${MOST_PARTS} parts`, 'more');
  }
  for (const value of [...inputs, ...outputs]) values.set(value.name, value);
  if (outputs.length === 0) refuseBytes(message, 0, 'a graph with an output', 'none');
  const makers = new Map<string, ModelNode>();
  for (const node of nodes) {
    for (const output of node.outputs) {
      if (output === '') continue; // one that is left out
      if (makers.has(output)) refuseBytes(message, 0, 'a graph whose tensors are made once each', `'${output}' twice`);
      makers.set(output, node);
    }
  }
  return { message, nodes, initializers, inputs, outputs, values, makers };
}

/** The version of the standard operators; undefined where an import is of others. */
function standardOpset(message: Message): number | undefined {
  let [domain, version]: [string, number | undefined] = ['', undefined];
  for (const field of fieldsOf(message)) {
    if (field.number === OPSET.domain) domain = textOfField(field);
    else if (field.number === OPSET.version) version = intOfField(field);
  }
  return domain === '' || domain === 'ai.onnx' ? version : undefined;
}

function keyOfEntry(message: Message): string {
  let key = '';
  for (const field of fieldsOf(message)) if (field.number === ENTRY.key) key = textOfField(field);
  return key;
}

/**
 * An ONNX model: its main graph with nodes, borders and names of initializers. What else is in it is passed over, and
 * the bytes stay where they are.
 *
 * @throws FormatError naming the byte at which it shows that they are no ONNX model
 */
export function readOnnxModel(where: string, given: Uint8Array, what = 'model'): ReadModel {
  check(where, what, given, BYTES);
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength); // a Node Buffer slices otherwise
  const message: Message = { reading: { where, what }, bytes, at: 0 };
  let [irVersion, opset]: [number | undefined, number | undefined] = [undefined, undefined];
  let graph: Message | undefined;
  const metadataKeys = new Set<string>();
  for (const field of fieldsOf(message)) {
    if (field.number === MODEL.irVersion) irVersion = intOfField(field);
    else if (field.number === MODEL.opsetImport) opset = standardOpset(messageOf(field)) ?? opset;
    else if (field.number === MODEL.metadataProps) metadataKeys.add(keyOfEntry(messageOf(field)));
    else if (field.number === MODEL.graph) {
      if (graph) refuseBytes(field.content, 0, 'an ONNX model with one graph', 'a second one');
      graph = messageOf(field);
    }
  }
  const missing = (part: string): never => {
    throw new FormatError(where, what, `an ONNX model (protobuf) with ${part}`, 'none', bytes.length);
  };
  if (irVersion === undefined || irVersion < 1) return missing('an ir_version');
  if (opset === undefined || opset < 1) return missing('a version of the standard operators (opset_import)');
  return { message, irVersion, opset, graph: readGraph(graph ?? missing('a graph')), metadataKeys };
}
