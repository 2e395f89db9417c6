import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** More than any image or list has, and less than the longest string. */
const MOST_BYTES = 2 ** 29 - 2 ** 10;

/** The bytes of a regular file: reading a pipe or a device might never end. */
export async function readRegularFile(file: string): Promise<Buffer> {
  // Opening a pipe that nobody writes to would wait too. (Windows has no such flag.)
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new Error(info.isDirectory() ? 'a folder' : 'a pipe or device');
    if (info.size > MOST_BYTES) throw new Error(`${info.size} bytes, more than ${MOST_BYTES}`);
    // Files of /proc say that they are empty, and may have no end.
    return info.size === 0 ? Buffer.alloc(0) : await handle.readFile();
  } finally {
    await handle.close();
  }
}
