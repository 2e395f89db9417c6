import { ArgumentError } from '../../core/errors';
import { ATTRIBUTE, ELEMENT, ENTRY, TENSOR } from '../protobuf/onnx-fields';
import {
  eachInt,
  fieldsOf,
  intOfField,
  messageOf,
  refuseBytes,
  textOfField,
  type Message,
  type WireField,
} from '../protobuf/wire-reader';
import type { ModelGraph, ModelNode } from './read-onnx-model';

/** Files beside a model that hold its large tensors, by the names that it calls them. */
export type ExternalData = Readonly<Record<string, Uint8Array>>;

/** Numbers of a model, row by row. */
export interface Constant {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Bytes of an element, and how it is read. */
const READERS: Readonly<Record<number, readonly [width: number, read: (view: DataView, at: number) => number]>> = {
  [ELEMENT.float]: [4, (view, at) => view.getFloat32(at, true)],
  [ELEMENT.double]: [8, (view, at) => view.getFloat64(at, true)],
  [ELEMENT.float16]: [2, (view, at) => halfOf(view.getUint16(at, true))],
  [ELEMENT.bfloat16]: [2, (view, at) => bfloatOf(view.getUint16(at, true))],
};

/** A number of 16 bits as IEEE 754 says it. */
function halfOf(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bfloatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
}

/** The attribute of a node by its name; undefined where it has none. */
export function attributeOf(node: ModelNode, name: string): ReadonlyMap<number, WireField[]> | undefined {
  for (const message of node.attributes) {
    const fields = new Map<number, WireField[]>();
    for (const field of fieldsOf(message)) fields.set(field.number, [...(fields.get(field.number) ?? []), field]);
    const [own] = fields.get(ATTRIBUTE.name) ?? [];
    if (own && textOfField(own) === name) return fields;
  }
  return undefined;
}

/** A whole number of a node, or what holds where it says none. */
export function intAttribute(node: ModelNode, name: string, or: number): number {
  const [field] = attributeOf(node, name)?.get(ATTRIBUTE.i) ?? [];
  return field ? intOfField(field) : or;
}

export function floatAttribute(node: ModelNode, name: string, or: number): number {
  const [field] = attributeOf(node, name)?.get(ATTRIBUTE.f) ?? [];
  if (!field) return or;
  const { bytes } = field.content;
  if (bytes.length !== 4) refuseBytes(field.content, 0, 'a float of 4 bytes', bytes.length);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}

/** Whether a node holds a graph of its own: a branch or a loop. */
export const hasSubgraph = (node: ModelNode): boolean =>
  node.attributes.some((message) =>
    Array.from(fieldsOf(message)).some(({ number }) => number === ATTRIBUTE.g || number === ATTRIBUTE.graphs),
  );

/** Where the numbers of an external tensor are. */
function externalBytes(message: Message, entries: readonly Message[], files: ExternalData, name: string): Uint8Array {
  const said = new Map<string, string>();
  for (const entry of entries) {
    let [key, value] = ['', ''];
    for (const field of fieldsOf(entry)) {
      if (field.number === ENTRY.key) key = textOfField(field);
      else if (field.number === ENTRY.value) value = textOfField(field);
    }
    said.set(key, value);
  }
  const location = said.get('location') ?? '';
  const file = Object.hasOwn(files, location) ? files[location] : undefined;
  const { where } = message.reading;
  if (file === undefined) {
    const expected = `a file for '${location}', in which the tensor '${name}' lies: { externalData: { '${location}': bytes } }`;
    throw new ArgumentError(where, 'externalData', expected, Object.keys(files).join(', ') || 'none');
  }
  const numberOf = (key: string, or: number) => {
    const text = said.get(key);
    const value = text === undefined ? or : Number(text);
    return Number.isSafeInteger(value) && value >= 0
      ? value
      : refuseBytes(message, 0, `a whole number as ${key}`, text);
  };
  const offset = numberOf('offset', 0);
  const length = numberOf('length', Math.max(0, file.length - offset));
  if (offset + length > file.length) {
    const expected = `as long as the tensor '${name}' says: ${offset + length} bytes`;
    throw new ArgumentError(where, `externalData['${location}']`, expected, `${file.length} bytes`);
  }
  return file.subarray(offset, offset + length);
}

/** Numbers that stand in a field of their own type, not as raw bytes; one of them, or packed. */
function typedNumbers(field: WireField, width: number, values: number[]): void {
  const { bytes } = field.content;
  if (bytes.length % width !== 0) refuseBytes(field.content, 0, `numbers of ${width} bytes`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += width) {
    values.push(width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true));
  }
}

/**
 * The numbers of a tensor of a model, as float32: float32, float64, float16 and bfloat16, in any of the places in which
 * ONNX keeps them. Memory stays below a few times that of its bytes.
 *
 * @throws FormatError where it does not hold what its shape says, or other numbers; ArgumentError where it lies in
 *   a file that was not given
 */
export function readConstant(message: Message, name: string, files: ExternalData): Constant {
  const [dims, values, halves, entries]: [number[], number[], number[], Message[]] = [[], [], [], []];
  let [element, isExternal] = [0, false];
  let raw: Uint8Array | undefined;
  for (const field of fieldsOf(message)) {
    if (field.number === TENSOR.dims) eachInt(field, (side) => dims.push(side));
    else if (field.number === TENSOR.dataType) element = intOfField(field);
    else if (field.number === TENSOR.rawData) raw = messageOf(field).bytes;
    else if (field.number === TENSOR.floatData) typedNumbers(field, 4, values);
    else if (field.number === TENSOR.doubleData) typedNumbers(field, 8, values);
    else if (field.number === TENSOR.int32Data) eachInt(field, (bits) => halves.push(bits));
    else if (field.number === TENSOR.externalData) entries.push(messageOf(field));
    else if (field.number === TENSOR.dataLocation) isExternal = intOfField(field) === 1;
  }
  const [width, read] =
    READERS[element] ?? refuseBytes(message, 0, `floats in tensor '${name}'`, `numbers of type ${element}`);
  if (isExternal) raw = externalBytes(message, entries, files, name);
  const count = dims.reduce((product, side) => product * side, 1);
  const held = raw ? raw.length / width : values.length || halves.length;
  if (!(dims.every((side) => side >= 0) && count === held)) {
    refuseBytes(message, 0, `${count} numbers [${dims.join(', ')}] in tensor '${name}'`, held);
  }
  const data = new Float32Array(count);
  const view = raw && new DataView(raw.buffer, raw.byteOffset, raw.length);
  for (let at = 0; at < count; at++) {
    if (view) data[at] = read(view, at * width);
    else if (values.length > 0) data[at] = values[at]!;
    else data[at] = element === ELEMENT.float16 ? halfOf(halves[at]! & 0xffff) : bfloatOf(halves[at]! & 0xffff);
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) refuseBytes(message, 0, `finite numbers in tensor '${name}'`, `${data[bad]} at index ${bad}`);
  return { data, dims };
}

/** Of a weight that is made by a chain of nodes. */
const MOST_STEPS = 8;

/** The matrix with rows and columns exchanged. */
function transposed({ data, dims }: Constant): Constant {
  const [rows, columns] = dims as readonly [number, number];
  return { data: data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)]!), dims: [columns, rows] };
}

/**
 * A tensor that is the same whatever goes into the model: an initializer, a `Constant`, or one of these turned, cast or
 * passed on. Undefined where it is none.
 */
export function constantOf(
  graph: ModelGraph,
  name: string,
  files: ExternalData,
  steps = MOST_STEPS,
): Constant | undefined {
  const message = graph.initializers.get(name);
  if (message) return readConstant(message, name, files);
  const node = graph.makers.get(name);
  if (!node || node.domain !== '' || steps === 0) return undefined;
  if (node.type === 'Constant') {
    const [field] = attributeOf(node, 'value')?.get(ATTRIBUTE.t) ?? [];
    return field && readConstant(messageOf(field), name, files);
  }
  if (!['Identity', 'Cast', 'Transpose'].includes(node.type) || node.inputs.length !== 1) return undefined;
  const before = constantOf(graph, node.inputs[0]!, files, steps - 1);
  if (node.type !== 'Transpose' || before?.dims.length !== 2) return node.type === 'Transpose' ? undefined : before;
  const order: number[] = [];
  for (const field of attributeOf(node, 'perm')?.get(ATTRIBUTE.ints) ?? []) eachInt(field, (axis) => order.push(axis));
  return order.join() === '0,1' ? before : transposed(before);
}
