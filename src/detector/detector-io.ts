import { io } from '@tensorflow/tfjs-core';
import { artifactsOf, bytesOf } from './detector-artifacts';
import { tagOf } from '../core/shown-value';
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
  const what = kind === 'save' ? 'target' : 'source';
  if (typeof target !== 'string') {
    // Of what people hold, in JavaScript
    const given = target as Partial<io.IOHandler> | null | undefined;
    if (typeof given?.[kind] === 'function') return target;
    const others = kind === 'save' ? 'a URL' : 'bytes in a Uint8Array, a URL, the path of a file in Node';
    const received = tagOf(given);
    throw new ArgumentError(where, what, `${others} or a handler with ${kind}()`, received);
  }
  const [handler] = kind === 'save' ? io.getSaveHandlers(target) : io.getLoadHandlers(target);
  if (handler) return handler;
  const expected =
    "a URL that this runtime can store at (in Node: detectorFile('detector.safetensors') of tfjs-ood/node)";
  throw new ArgumentError(where, what, expected, target);
}

/** Saves bytes through a tfjs handler. @throws ArgumentError where there is none, or it cannot save */
export async function saveBytes(where: string, bytes: Uint8Array, target: DetectorTarget): Promise<void> {
  await handlerOf(where, target, 'save').save!(artifactsOf(bytes));
}

/**
 * The bytes that {@link saveBytes} saved; in Node also those of the file at a path. @throws ArgumentError, FormatError
 * where something else is there
 */
export async function bytesFrom(where: string, source: DetectorTarget): Promise<Uint8Array> {
  const files = typeof source === 'string' && !source.includes('://') ? nodeFiles() : undefined;
  if (files) return bytesOfFile(where, files, source as string);
  const loaded: io.ModelArtifacts | null | undefined = await handlerOf(where, source, 'load').load!();
  const bytes = loaded ? bytesOf(loaded) : undefined;
  if (bytes) return bytes;
  throw new FormatError(where, 'source', 'a saved detector', 'something else');
}
