import { io } from '@tensorflow/tfjs-core';
import { ArgumentError, FormatError } from '../errors';

/** Where a detector is kept: a URL that tfjs knows, or a handler of one's own. */
export type DetectorTarget = string | io.IOHandler;

/** How the file stands in what tfjs calls a model: one uint8 weight, and a topology that says what it is. */
const NAME = 'tfjs-ood-detector';
const TOPOLOGY = { format: NAME };

function handlerOf(where: string, target: DetectorTarget, kind: 'save' | 'load'): io.IOHandler {
  if (typeof target !== 'string') return target;
  const [handler] = kind === 'save' ? io.getSaveHandlers(target) : io.getLoadHandlers(target);
  if (handler) return handler;
  const expected =
    'a URL that this runtime can store at (in Node without tfjs-node: take detectorFile of tfjs-ood/node)';
  throw new ArgumentError({ where, what: kind === 'save' ? 'target' : 'source', expected, received: target });
}

/** The file as what tfjs calls a model. */
export const artifactsOf = (bytes: Uint8Array): io.ModelArtifacts => ({
  modelTopology: TOPOLOGY,
  format: NAME,
  weightSpecs: [
    { name: NAME, shape: [bytes.length], dtype: 'int32', quantization: { dtype: 'uint8', scale: 1, min: 0 } },
  ],
  weightData: bytes.slice().buffer,
});

/** The file that {@link artifactsOf} wrapped; undefined where it is something else. */
export function bytesOf({ modelTopology, weightData }: io.ModelArtifacts): Uint8Array | undefined {
  if ((modelTopology as { format?: unknown } | undefined)?.format !== NAME || weightData === undefined)
    return undefined;
  const parts = Array.isArray(weightData) ? weightData : [weightData];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return bytes;
}

/** Saves bytes through a tfjs handler. @throws ArgumentError where there is none, or it cannot save */
export async function saveBytes(where: string, bytes: Uint8Array, target: DetectorTarget): Promise<void> {
  const handler = handlerOf(where, target, 'save');
  if (!handler.save) {
    throw new ArgumentError({
      where,
      what: 'target',
      expected: 'a handler that saves',
      received: 'one without save()',
    });
  }
  await handler.save(artifactsOf(bytes));
}

/** The bytes that {@link saveBytes} saved. @throws ArgumentError, FormatError where something else is there */
export async function bytesFrom(where: string, source: DetectorTarget): Promise<Uint8Array> {
  const handler = handlerOf(where, source, 'load');
  if (!handler.load) {
    throw new ArgumentError({
      where,
      what: 'source',
      expected: 'a handler that loads',
      received: 'one without load()',
    });
  }
  const bytes = bytesOf(await handler.load());
  if (bytes) return bytes;
  throw new FormatError({ where, what: 'source', expected: 'a saved detector', received: 'something else' });
}
