import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';

/** Whether a file lies below the folder, links followed in both. */
export async function isBelow(folder: string, file: string): Promise<boolean> {
  const [home, real] = await Promise.all([realpath(folder), realpath(file)]);
  return real.startsWith(home.endsWith(sep) ? home : home + sep);
}
