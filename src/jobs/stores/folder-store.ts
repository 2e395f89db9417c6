import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { ArgumentError } from '../../core/errors';
import { writeByWayOf } from '../../node/write-file-atomic';
import { newPlaceWithin, placeWithin } from '../shards/place-within';
import type { JobStore } from './job-store';

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code!);

/** Where files of a run are written before they are renamed. */
const asideOf = (key: string): string => (key.includes('/') ? `${key.slice(0, key.indexOf('/'))}/.aside` : '.aside');

/**
 * A folder as the store of runs: files by their keys, each written aside and renamed, below the folder whatever links
 * are in it. All workers must see it, by a shared disk where they are on several machines.
 *
 * @param folder made where it is missing
 * @throws from its calls ArgumentError for a key that leads out of the folder, StorageError where it cannot be written
 * @example
 * const store = folderStore('runs');
 * await store.put('november/note.txt', new TextEncoder().encode('hello'));
 * new TextDecoder().decode((await store.get('november/note.txt'))!); // 'hello'
 */
export function folderStore(folder: string): Required<JobStore> {
  const where = 'folderStore';
  if (typeof folder !== 'string' || folder === '') throw new ArgumentError(where, 'folder', 'a path', folder);
  const removed = async (key: string): Promise<void> => {
    const place = await placeWithin(where, 'key', folder, key).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    if (place !== undefined) await rm(place, { recursive: true, force: true });
  };
  return {
    async get(key) {
      try {
        const bytes = await readFile(await placeWithin(where, 'key', folder, key));
        return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async put(key, bytes) {
      const place = await newPlaceWithin(where, 'key', folder, key);
      // Not beside its place, where one of a killed worker would lie among results
      const aside = await newPlaceWithin(where, 'key', folder, `${asideOf(key)}/${randomUUID()}`);
      await writeByWayOf(where, place, aside, bytes);
    },
    delete: removed,
    async deleteAll(prefix) {
      await removed(prefix.replace(/\/$/, ''));
      await removed(asideOf(prefix));
    },
  };
}
