import { io } from '@tensorflow/tfjs-core';
import { artifactsOf, bytesOf } from './detector-artifacts';
import { ArgumentError, FormatError } from '../core/errors';

/** Where a detector is kept: a URL that tfjs knows, or a handler of one's own. */
export type DetectorTarget = string | io.IOHandler;

/** What is used of Node's file system. */
interface NodeFiles {
  promises: {
    readFile(path: string): Promise<Uint8Array>;
    stat(path: string): Promise<{ isFile(): boolean }>;
  };
}

/** Node's file system, where this is Node; asked of the process, so that no bundler looks for it. */
function nodeFiles(): NodeFiles | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return process?.getBuiltinModule?.('node:fs') as NodeFiles | undefined;
}

/** The bytes of a file. @throws ArgumentError naming it */
async function bytesOfFile(where: string, { promises: files }: NodeFiles, path: string): Promise<Uint8Array> {
  const refuse = (received: string): never => {
    throw new ArgumentError(where, 'source', 'the path of a file that can be read', `'${path}' (${received})`);
  };
  try {
    // A pipe might never end.
    if (!(await files.stat(path)).isFile()) return refuse('a folder, pipe or device');
    return await files.readFile(path);
  } catch (error) {
    if (error instanceof ArgumentError) throw error;
    return refuse((error as Error).message);
  }
}

function handlerOf(where: string, target: DetectorTarget, kind: 'save' | 'load'): io.IOHandler {
  if (typeof target !== 'string') return target;
  const [handler] = kind === 'save' ? io.getSaveHandlers(target) : io.getLoadHandlers(target);
  if (handler) return handler;
  const expected =
    "a URL that this runtime can store at (in Node: detectorFile('detector.safetensors') of tfjs-ood/node)";
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

/**
 * The bytes that {@link saveBytes} saved; in Node also those of the file at a path. @throws ArgumentError, FormatError
 * where something else is there
 */
export async function bytesFrom(where: string, source: DetectorTarget): Promise<Uint8Array> {
  const files = typeof source === 'string' && !source.includes('://') ? nodeFiles() : undefined;
  if (files) return bytesOfFile(where, files, source as string);
  const handler = handlerOf(where, source, 'load');
  if (!handler.load) {
    throw new ArgumentError(where, 'source', 'a handler that loads', 'one without load()');
  }
  const bytes = bytesOf(await handler.load());
  if (bytes) return bytes;
  throw new FormatError(where, 'source', 'a saved detector', 'something else');
}
