import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asStorageError } from './storage-error';
import { syncFolder } from './sync-folder';

/** What {@link writeFileAtomic} leaves beside a file when it is killed. */
export const LEFT_ASIDE = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/** A name beside the file that no other process or thread takes. */
export const asideOf = (file: string): string => `${file}.${randomUUID()}.part`;

/**
 * Writes a file aside, flushes it to the disk and renames it: after a crash there is the old file or the new one,
 * whole.
 *
 * @throws StorageError (full disk, read-only, not permitted, no such folder), with the old file as it was
 * @example
 * await writeFileAtomic('metrics.json', JSON.stringify(metrics));
 */
export async function writeFileAtomic(file: string, contents: Uint8Array | string): Promise<void> {
  await writeByWayOf('writeFileAtomic', file, asideOf(file), contents);
}

/** The same by way of a file of that name, on the same disk. `where` is who complains. @throws StorageError */
export async function writeByWayOf(
  where: string,
  file: string,
  aside: string,
  contents: Uint8Array | string,
): Promise<void> {
  try {
    const handle = await open(aside, 'wx');
    try {
      await handle.writeFile(contents);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw asStorageError(where, file, error);
  }
  await syncFolder(dirname(file));
}
