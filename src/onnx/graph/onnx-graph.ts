import { ELEMENT, GRAPH } from '../protobuf/onnx-fields';
import {
  initializerField,
  nodeField,
  valueInfoField,
  type AttributeValue,
  type TensorData,
  type ValueInfo,
} from '../protobuf/write-messages';
import { joinedChunks, type Chunks } from '../protobuf/wire-writer';

/** The name of a tensor of the graph. */
export type Value = string;

type Attributes = Readonly<Record<string, AttributeValue>>;

/** A graph that is being written: each call adds a node or an initializer. */
export interface OnnxGraph {
  /** One node with one output. */
  node(type: string, inputs: readonly Value[], attributes?: Attributes): Value;
  /** One node with as many outputs. */
  nodes(type: string, inputs: readonly Value[], outputs: number, attributes?: Attributes): Value[];
  /** One node whose output has this very name, that of an output of the graph. */
  output(type: string, inputs: readonly Value[], info: ValueInfo, attributes?: Attributes): void;
  /** An input of the graph. */
  input(info: ValueInfo): Value;
  /** Numbers as they are. */
  doubles(name: string, data: Float64Array, shape: readonly number[]): Value;
  /** Float32 numbers, kept as such and read as float64. */
  floats(name: string, data: Float32Array, shape: readonly number[]): Value;
  /** Whole numbers: sizes, places. */
  ints(values: readonly number[]): Value;
  scalar(value: number): Value;
  /** Reduces one axis, which stays as one of 1. The form of it depends on the opset. */
  reduce(type: 'ReduceSum' | 'ReduceMax', value: Value, axis: number): Value;
  readonly chunks: () => Chunks;
}

/** From this opset on the axes of a reduction are an input: of the sum, and of the others. */
const AXES_AS_INPUT = { ReduceSum: 13, ReduceMax: 18 } as const;

/**
 * An empty graph of standard operators. All that is in it has names that begin with the prefix, but inputs and outputs.
 *
 * Operators and their forms are those that opset 11 to 21 (at least) have alike; reductions alone differ.
 */
export function onnxGraph(prefix: string, opset: number): OnnxGraph {
  const [nodes, initializers, borders]: [Chunks[], Chunks[], Chunks[]] = [[], [], []];
  const known = new Map<string, Value>();
  let count = 0;
  const named = (what: string) => `${prefix}${what}_${count++}`;

  const initializer = (what: string, data: TensorData, shape: readonly number[]): Value => {
    const name = named(what);
    initializers.push(initializerField(name, data, shape));
    return name;
  };
  /** The same small constant once. */
  const once = (key: string, make: () => Value): Value => {
    const value = known.get(key) ?? make();
    known.set(key, value);
    return value;
  };
  const several = (type: string, inputs: readonly Value[], outputs: number, attributes?: Attributes): Value[] => {
    const name = named(type);
    const values = Array.from({ length: outputs }, (_, i) => (i === 0 ? name : `${name}_${i}`));
    nodes.push(nodeField(name, type, inputs, values, attributes));
    return values;
  };
  const node = (type: string, inputs: readonly Value[], attributes?: Attributes): Value =>
    several(type, inputs, 1, attributes)[0]!;
  const ints = (values: readonly number[]): Value =>
    once(`ints ${values.join()}`, () => initializer('ints', BigInt64Array.from(values, BigInt), [values.length]));

  return {
    node,
    nodes: several,
    output(type, inputs, info, attributes) {
      borders.push(valueInfoField(GRAPH.output, info));
      nodes.push(nodeField(named(type), type, inputs, [info.name], attributes));
    },
    input(info) {
      borders.push(valueInfoField(GRAPH.input, info));
      return info.name;
    },
    doubles: initializer,
    floats: (name, data, shape) => node('Cast', [initializer(name, data, shape)], { to: ELEMENT.double }),
    ints,
    scalar: (value) => once(`scalar ${value}`, () => initializer('scalar', Float64Array.of(value), [])),
    reduce: (type, value, axis) =>
      opset < AXES_AS_INPUT[type]
        ? node(type, [value], { axes: [axis], keepdims: 1 })
        : node(type, [value, ints([axis])], { keepdims: 1 }),
    chunks: () => joinedChunks([...nodes, ...initializers, ...borders]),
  };
}
