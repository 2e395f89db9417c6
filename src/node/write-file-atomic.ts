import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

let written = 0;

/**
 * Writes a file aside, flushes it to the disk and renames it: after a crash there is the old file or the new one, whole.
 *
 * @throws the system's error (ENOSPC, EROFS, EACCES, ...), with the old file as it was
 * @example
 * await writeFileAtomic('metrics.json', JSON.stringify(metrics));
 */
export async function writeFileAtomic(file: string, contents: Uint8Array | string): Promise<void> {
  const aside = `${file}.${process.pid}-${written++}.part`;
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
    await rm(aside, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
}

/** The rename itself is on the disk only when the folder is; some systems cannot open a folder, which is no failure. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (!handle) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}
