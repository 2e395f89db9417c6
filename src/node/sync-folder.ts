import { open } from 'node:fs/promises';

/** Flushes a folder: a rename in it is on the disk only then. Systems that cannot open a folder do without. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (!handle) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}
