import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ArgumentError } from '../core/errors';
import { asStorageError } from './storage-error';
import { syncFolder } from './sync-folder';
import { asideOf } from './write-file-atomic';

/**
 * A file that is written as bytes come, for the writers of `tfjs-ood/blocks`: aside, and renamed at the end. After a
 * crash, or where the writer gives it up, there is the old file, or none.
 *
 * @throws StorageError from the stream (full disk, read-only, not permitted, no such folder)
 * @example
 * const writer = csvWriter(fileSink('scores.csv'));
 * await writer.add(['a'], Float32Array.of(0.5));
 * await writer.close();
 */
export function fileSink(path: string): WritableStream<Uint8Array> {
  const where = 'fileSink';
  if (typeof path !== 'string' || path === '') throw new ArgumentError(where, 'path', 'the path of a file', path);
  const aside = asideOf(path);
  let handle: FileHandle | undefined;
  const giveUp = async () => {
    await handle?.close().catch(() => undefined);
    await rm(aside, { force: true }).catch(() => undefined);
  };
  const orStorageError = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      await giveUp();
      throw asStorageError(where, path, error);
    }
  };
  return new WritableStream<Uint8Array>({
    write: (bytes) =>
      orStorageError(async () => {
        handle ??= await open(aside, 'wx');
        for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
      }),
    close: () =>
      orStorageError(async () => {
        handle ??= await open(aside, 'wx');
        await handle.sync();
        await handle.close();
        await rename(aside, path);
        await syncFolder(dirname(path));
      }),
    abort: giveUp,
  });
}
