import { loadGraphModel, type GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';

type DType = 'float32' | 'int32' | 'bool';
export interface Constant {
  shape: number[];
  values: ArrayLike<number>;
  dtype?: DType;
}
export interface GraphParts {
  constants: Readonly<Record<string, Constant>>;
  /** Placeholders too. */
  nodes: readonly object[];
  /** Outputs of the signature by name: the tensor, with its shape where it says it. */
  outputs?: Readonly<Record<string, { name: string; shape?: readonly number[] }>>;
  /** Functions of loops and branches. */
  functions?: readonly object[];
}

export const T = { type: 'DT_FLOAT' };
export const text = (word: string) => ({ s: btoa(word) });
const DT: Record<DType, string> = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' };
const dims = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: String(size) })) });

export const node = (name: string, op: string, input: string[] = [], attr: object = { T }) => ({
  name,
  op,
  input,
  attr,
});
export const placeholder = (name: string, shape: readonly number[], dtype: DType = 'float32') =>
  node(name, 'Placeholder', [], { dtype: { type: DT[dtype] }, shape: { shape: dims(shape) } });
export const fused = (...ops: string[]) => ({
  fused_ops: { list: { s: ops.map((op) => btoa(op)) } },
  num_args: { i: '1' },
});
/** Attributes of a product; the kernel is [C, D] where it is transposed. */
export const product = (transposed = false) => ({ T, transpose_a: { b: false }, transpose_b: { b: transposed } });
const ones = { list: { i: ['1', '1', '1', '1'] } };
export const conv = (padding = 'SAME') => ({
  T,
  strides: ones,
  dilations: ones,
  padding: text(padding),
  data_format: text('NHWC'),
});
export const keepDims = (keeps: boolean) => ({ T, Tidx: { type: DT.int32 }, keep_dims: { b: keeps } });

/** A GraphModel as tfjs-converter writes it, loaded by tfjs-converter. */
export async function tfjsGraph({ constants, nodes, outputs, functions }: GraphParts): Promise<GraphModel> {
  const entries = Object.entries(constants);
  const weightSpecs = entries.map(([name, { shape, dtype = 'float32' }]) => ({ name, shape, dtype }));
  const parts = entries.map(([, { values, dtype }]) => {
    const Numbers = dtype === 'int32' ? Int32Array : dtype === 'bool' ? Uint8Array : Float32Array;
    return new Uint8Array(Numbers.from(values).buffer);
  });
  const weightData = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    weightData.set(part, at);
    at += part.length;
  }
  const written = weightSpecs.map(({ name, shape, dtype }) =>
    node(name, 'Const', [], {
      dtype: { type: DT[dtype] },
      value: { tensor: { dtype: DT[dtype], tensorShape: dims(shape) } },
    }),
  );
  const signature = outputs && {
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([key, { name, shape }]) => [
        key,
        { name, dtype: DT.float32, ...(shape && { tensorShape: dims(shape) }) },
      ]),
    ),
  };
  const artifacts = {
    modelTopology: {
      node: [...nodes, ...written],
      versions: { producer: 1 },
      ...(functions && { library: { function: functions } }),
    },
    weightSpecs: weightSpecs as tf.io.WeightsManifestEntry[],
    weightData: weightData.buffer,
    format: 'graph-model',
    ...(signature && { signature }),
  };
  return loadGraphModel(tf.io.fromMemory(artifacts));
}
