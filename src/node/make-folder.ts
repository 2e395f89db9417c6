import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it, where they are missing.
 *
 * Not `mkdir(path, { recursive: true })`: where nothing can be made, as below /proc, the system says that the folder
 * above is missing, which is there, and Node 20 goes back and forth between the two forever.
 *
 * @throws the system's error
 */
export async function makeFolder(path: string): Promise<void> {
  const whole = resolve(path);
  const make = () =>
    mkdir(whole).catch(async (error: unknown) => {
      // There, though the disk may be read-only.
      if ((await stat(whole).catch(() => undefined))?.isDirectory()) return;
      throw error;
    });
  try {
    await make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(whole) === whole) throw error;
    await makeFolder(dirname(whole));
    await make();
  }
}
