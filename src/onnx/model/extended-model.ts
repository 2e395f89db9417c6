import { MODEL } from '../protobuf/onnx-fields';
import { metadataFields } from '../protobuf/write-messages';
import { fieldsOf } from '../protobuf/wire-reader';
import { bytesOfChunks, chunksOf, intField, joinedChunks, messageField, type Chunks } from '../protobuf/wire-writer';
import type { ReadModel } from './read-onnx-model';

/** From this version of the format on, initializers need not be inputs too. */
const IR_OF_INITIALIZERS = 4;

/**
 * A model with more in its graph: nodes, initializers, outputs. All that was in it stays byte for byte, also what is
 * unknown here; an IR version below 4 becomes 4, which allows initializers that are no inputs.
 */
export function extendedModel(
  model: ReadModel,
  added: Chunks,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const others = Array.from(fieldsOf(model.message)).filter(
    ({ number }) => number !== MODEL.graph && number !== MODEL.irVersion,
  );
  const news = Object.entries(metadata).filter(([key]) => !model.metadataKeys.has(key));
  return bytesOfChunks(
    joinedChunks([
      intField(MODEL.irVersion, Math.max(model.irVersion, IR_OF_INITIALIZERS)),
      ...others.map(({ whole }) => chunksOf(whole)),
      messageField(MODEL.graph, joinedChunks([chunksOf(model.graph.message.bytes), added])),
      metadataFields(Object.fromEntries(news)),
    ]),
  );
}

/** Every name of a tensor of the main graph. */
export const tensorNames = ({ graph }: ReadModel): Set<string> =>
  new Set([
    ...graph.makers.keys(),
    ...graph.initializers.keys(),
    ...graph.values.keys(),
    ...graph.nodes.map(({ name }) => name),
  ]);

/** A beginning of names that no name has, in the subgraphs neither: no text of the graph contains it. */
export function freePrefix({ graph }: ReadModel): string {
  const { bytes } = graph.message;
  for (let at = 0; ; at++) {
    const prefix = `tfjs_ood${at || ''}/`;
    if (!containsText(bytes, prefix)) return prefix;
  }
}

function containsText(bytes: Uint8Array, text: string): boolean {
  const wanted = new TextEncoder().encode(text);
  for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}

/** The name, or it with a number, so that no tensor has it. */
export function freeName(taken: ReadonlySet<string>, name: string): string {
  for (let at = 0; ; at++) if (!taken.has(`${name}${at || ''}`)) return `${name}${at || ''}`;
}
