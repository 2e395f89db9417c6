import { io } from '@tensorflow/tfjs-core';
import { artifactsOf, bytesOf } from './detector-artifacts';
import { ArgumentError, FormatError } from '../core/errors';

/** Where a detector is kept: a URL that tfjs knows, or a handler of one's own. */
export type DetectorTarget = string | io.IOHandler;

function handlerOf(where: string, target: DetectorTarget, kind: 'save' | 'load'): io.IOHandler {
  if (typeof target !== 'string') return target;
  const [handler] = kind === 'save' ? io.getSaveHandlers(target) : io.getLoadHandlers(target);
  if (handler) return handler;
  const expected =
    'a URL that this runtime can store at (in Node without tfjs-node: take detectorFile of tfjs-ood/node)';
  throw new ArgumentError(where, kind === 'save' ? 'target' : 'source', expected, target);
}

/** Saves bytes through a tfjs handler. @throws ArgumentError where there is none, or it cannot save */
export async function saveBytes(where: string, bytes: Uint8Array, target: DetectorTarget): Promise<void> {
  const handler = handlerOf(where, target, 'save');
  if (!handler.save) {
    throw new ArgumentError(where, 'target', 'a handler that saves', 'one without save()');
  }
  await handler.save(artifactsOf(bytes));
}

/** The bytes that {@link saveBytes} saved. @throws ArgumentError, FormatError where something else is there */
export async function bytesFrom(where: string, source: DetectorTarget): Promise<Uint8Array> {
  const handler = handlerOf(where, source, 'load');
  if (!handler.load) {
    throw new ArgumentError(where, 'source', 'a handler that loads', 'one without load()');
  }
  const bytes = bytesOf(await handler.load());
  if (bytes) return bytes;
  throw new FormatError(where, 'source', 'a saved detector', 'something else');
}
