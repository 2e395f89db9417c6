import { readOptions } from '../core/read-options';
import type { Head } from '../scorers/contract/scorer';
import { extendedModel, freeName, tensorNames } from './model/extended-model';
import { endOf, MODEL_TENSORS, type ModelTensors } from './model/model-end';
import { readOnnxModel, type ReadModel } from './model/read-onnx-model';
import { ELEMENT, GRAPH } from './protobuf/onnx-fields';
import { nodeField, valueInfoField } from './protobuf/write-messages';
import { joinedChunks, type Chunks } from './protobuf/wire-writer';

/** Options of {@link exposeFeatures}. */
export type ExposeFeaturesOptions = ModelTensors;

/** A model that gives its features, and its last layer. */
export interface ExposedFeatures {
  /** The model, with two more outputs, or those that it lacked. */
  bytes: Uint8Array;
  /** Name of the output of the features [N, D]. */
  features: string;
  /** Name of the output of the logits [N, C]; undefined where features were named and no last layer is to be seen. */
  logits: string | undefined;
  /** The last layer, for scorers that need it; undefined where the features named are not what goes into it. */
  head: Head | undefined;
  /** What stands after the logits, from the output back: `["Softmax 'probabilities'"]`. */
  skipped: readonly string[];
}

/** The first side of the model's output: the number of rows, or its name. */
function rowsOf({ graph }: ReadModel): number | string {
  return graph.outputs.map(({ dims }) => dims?.[0]).find((side) => side !== undefined) ?? 'N';
}

/**
 * An ONNX model that gives the input of its last layer too: what no runtime lets one ask for.
 *
 * The layer is the last Gemm, or MatMul and Add, with constant weights before an output; a Softmax, LogSoftmax, Sigmoid
 * or ArgMax after it is passed over, and said. New outputs are float32 whatever the model computes in. All else of the
 * model stays byte for byte; weights elsewhere may lie in files beside it. Nothing is run.
 *
 * Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 *
 * @param model the bytes of an .onnx file
 * @param options `features`, `logits`: names of tensors, where they cannot be found; `externalData`: files in which
 *   the last layer's weights lie
 * @throws FormatError where the bytes are no ONNX model; ArgumentError where no last layer is found, with the last
 *   nodes, or several, or it lies in a file that is not given
 * @example
 * const { bytes, features, logits, head, skipped } = exposeFeatures(model);
 * [features, logits, head?.shape]; // ['features', 'logits', [4, 3]]
 * skipped.length; // 1: the Softmax after the logits
 */
export function exposeFeatures(model: Uint8Array, options?: ExposeFeaturesOptions): ExposedFeatures {
  const where = 'exposeFeatures';
  const read = readOnnxModel(where, model);
  const end = endOf(where, read, readOptions<ModelTensors, typeof MODEL_TENSORS>(where, options, MODEL_TENSORS));
  const taken = tensorNames(read);
  const [rows, added]: [number | string, Chunks[]] = [rowsOf(read), []];
  const exposed = (what: 'features' | 'logits', tensor: string, width: number | undefined): string => {
    const isOutput = read.graph.outputs.some(({ name, element }) => name === tensor && element === ELEMENT.float);
    if (isOutput) return tensor;
    const name = freeName(taken, what);
    taken.add(name);
    added.push(
      nodeField(name, 'Cast', [tensor], [name], { to: ELEMENT.float }),
      valueInfoField(GRAPH.output, { name, element: 'float', shape: width === undefined ? undefined : [rows, width] }),
    );
    return name;
  };
  const { head, skipped } = end;
  const features = exposed('features', end.features, head?.shape[0]);
  const logits = end.logits === undefined ? undefined : exposed('logits', end.logits, head?.shape[1]);
  return { bytes: extendedModel(read, joinedChunks(added)), features, logits, head, skipped };
}
