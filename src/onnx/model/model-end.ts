import { OBJECT, TEXT } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import type { Read } from '../../core/read-options';
import type { Head } from '../../scorers/contract/scorer';
import { headBefore, refuseHead, type FoundHead } from './find-head';
import type { ExternalData } from './read-constant';
import type { ModelGraph, ReadModel } from './read-onnx-model';

/** Which tensors of a model are meant. */
export interface ModelTensors {
  /** Name of the tensor that goes into the last layer, or of another one [N, D]; by default the former is found. */
  features?: string;
  /** Name of the tensor of the logits, or of one after them; needed where several outputs have a last layer. */
  logits?: string;
  /** Files beside the model in which its last layer's weights lie, by the names that the model calls them. */
  externalData?: ExternalData;
}

export const MODEL_TENSORS = { features: [TEXT], logits: [TEXT], externalData: [OBJECT, {} as ExternalData] } as const;

/** Those options as they were read. */
export type ReadTensors = Read<ModelTensors, typeof MODEL_TENSORS>;

/** What a model makes of its input, by the names of tensors inside it. */
export interface ModelEnd {
  readonly features: string;
  /** Undefined where features were named, in a model without a last layer to be seen. */
  readonly logits: string | undefined;
  /** Undefined where the features named are not what goes into the last layer. */
  readonly head: Head | undefined;
  readonly skipped: readonly string[];
}

/** Throws unless the graph has a tensor of this name. */
function checkTensor(where: string, what: string, name: string, { makers, inputs }: ModelGraph): void {
  if (makers.has(name) || inputs.some((input) => input.name === name)) return;
  const last = [...makers.keys()].slice(-10).join(', ');
  throw new ArgumentError(where, what, `the name of a tensor of the model (the last ones are ${last})`, name);
}

/** Throws where the graph says of a tensor that it is none of rows. */
function checkRows(where: string, what: string, name: string, width: 'C' | 'D', { values }: ModelGraph): void {
  const { dims } = values.get(name) ?? {};
  if (!dims || dims.length === 2) return;
  throw new ArgumentError(where, what, `a tensor of rows [N, ${width}]`, `'${name}' of ${dims.length} sides`);
}

/** The one head that the outputs have. @throws ArgumentError where they have several */
function onlyHead(where: string, graph: ModelGraph, files: ExternalData): FoundHead | undefined {
  const found = new Map<string, FoundHead>();
  for (const { name } of graph.outputs) {
    const head = headBefore(graph, name, files);
    if (head) found.set(head.logits, head);
  }
  if (found.size <= 1) return [...found.values()][0];
  const expected = `given, as several outputs come of a last layer: one of ${[...found.keys()].join(', ')}`;
  throw new ArgumentError(where, 'logits', expected, 'none');
}

/** The end of a model, as found or named. @throws ArgumentError where there is none, listing the last nodes */
export function endOf(where: string, { graph }: ReadModel, options: ReadTensors): ModelEnd {
  const { features, logits, externalData } = options;
  if (features !== undefined) checkTensor(where, 'features', features, graph);
  if (logits !== undefined) checkTensor(where, 'logits', logits, graph);
  const found = logits === undefined ? onlyHead(where, graph, externalData) : headBefore(graph, logits, externalData);
  if (found === undefined) {
    if (features === undefined) refuseHead(where, graph);
    return { features, logits, head: undefined, skipped: [] };
  }
  const isOther = features !== undefined && features !== found.features;
  checkRows(where, 'features', features ?? found.features, 'D', graph);
  checkRows(where, 'logits', found.logits, 'C', graph);
  return { ...found, features: features ?? found.features, head: isOther ? undefined : found.head };
}
