import {
  ATTRIBUTE,
  ATTRIBUTE_TYPE,
  DIM,
  ELEMENT,
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
  type Element,
} from './onnx-fields';
import {
  bytesOfChunks,
  chunksOf,
  floatField,
  intField,
  intsField,
  joinedChunks,
  messageField,
  textField,
  type Chunks,
} from './wire-writer';

/** Numbers of an initializer. */
export type TensorData = Float32Array | Float64Array | BigInt64Array;

/** What an attribute can be: a whole number, a list of them, or `{ float }`. */
export type AttributeValue = number | readonly number[] | { readonly float: number };

/** A tensor of a graph's border: a side is a number, or a name for what is not known. */
export interface ValueInfo {
  readonly name: string;
  readonly element: Element;
  /** Undefined: nothing is known of it. */
  readonly shape: readonly (number | string)[] | undefined;
}

const isLittleEndian = (): boolean => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The numbers as a file has them, little-endian; without a copy where they lie so in memory. */
function rawBytes({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: width }: TensorData): Uint8Array {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  if (isLittleEndian()) return bytes;
  const turned = bytes.slice();
  for (let i = 0; i < turned.length; i += width) turned.subarray(i, i + width).reverse();
  return turned;
}

const elementOf = (data: TensorData): Element =>
  data instanceof Float32Array ? 'float' : data instanceof Float64Array ? 'double' : 'int64';

/** An initializer, as a field of a graph. */
export const initializerField = (name: string, data: TensorData, shape: readonly number[]): Chunks =>
  messageField(
    GRAPH.initializer,
    joinedChunks([
      intsField(TENSOR.dims, shape),
      intField(TENSOR.dataType, ELEMENT[elementOf(data)]),
      textField(TENSOR.name, name),
      messageField(TENSOR.rawData, chunksOf(rawBytes(data))),
    ]),
  );

function attributeField(name: string, value: AttributeValue): Chunks {
  const typed = (type: keyof typeof ATTRIBUTE_TYPE, own: Chunks) => [
    own,
    intField(ATTRIBUTE.type, ATTRIBUTE_TYPE[type]),
  ];
  const parts =
    typeof value === 'number'
      ? typed('int', intField(ATTRIBUTE.i, value))
      : 'float' in value
        ? typed('float', floatField(ATTRIBUTE.f, value.float))
        : typed('ints', joinedChunks(value.map((one) => intField(ATTRIBUTE.ints, one))));
  return messageField(NODE.attribute, joinedChunks([textField(ATTRIBUTE.name, name), ...parts]));
}

/** A node, as a field of a graph. */
export const nodeField = (
  name: string,
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Chunks =>
  messageField(
    GRAPH.node,
    joinedChunks([
      ...inputs.map((input) => textField(NODE.input, input)),
      ...outputs.map((output) => textField(NODE.output, output)),
      textField(NODE.name, name),
      textField(NODE.opType, opType),
      ...Object.entries(attributes).map(([key, value]) => attributeField(key, value)),
    ]),
  );

/** An input or output, as a field of a graph. */
export function valueInfoField(field: number, { name, element, shape }: ValueInfo): Chunks {
  const dims = shape?.map((side) =>
    messageField(SHAPE.dim, typeof side === 'number' ? intField(DIM.value, side) : textField(DIM.param, side)),
  );
  const tensorType = joinedChunks([
    intField(TENSOR_TYPE.elemType, ELEMENT[element]),
    ...(dims ? [messageField(TENSOR_TYPE.shape, joinedChunks(dims))] : []),
  ]);
  return messageField(
    field,
    joinedChunks([
      textField(VALUE_INFO.name, name),
      messageField(VALUE_INFO.type, messageField(TYPE.tensorType, tensorType)),
    ]),
  );
}

/** Text by name, as fields of a model. */
export const metadataFields = (texts: Readonly<Record<string, string>>): Chunks =>
  joinedChunks(
    Object.entries(texts).map(([key, value]) =>
      messageField(MODEL.metadataProps, joinedChunks([textField(ENTRY.key, key), textField(ENTRY.value, value)])),
    ),
  );

/** A model of its own. */
export interface WrittenModel {
  readonly irVersion: number;
  readonly opset: number;
  readonly producer: readonly [name: string, version: string];
  readonly docString: string;
  readonly graphName: string;
  /** Nodes, initializers, inputs and outputs. */
  readonly graph: Chunks;
  readonly metadata: Readonly<Record<string, string>>;
}

export const writtenModel = (model: WrittenModel): Uint8Array =>
  bytesOfChunks(
    joinedChunks([
      intField(MODEL.irVersion, model.irVersion),
      textField(MODEL.producerName, model.producer[0]),
      textField(MODEL.producerVersion, model.producer[1]),
      textField(MODEL.docString, model.docString),
      messageField(MODEL.graph, joinedChunks([textField(GRAPH.name, model.graphName), model.graph])),
      messageField(
        MODEL.opsetImport,
        joinedChunks([textField(OPSET.domain, ''), intField(OPSET.version, model.opset)]),
      ),
      metadataFields(model.metadata),
    ]),
  );
