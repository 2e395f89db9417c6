import { constants } from 'node:fs';
import { openRegularFile } from '../read-regular-file';

const NEWLINE = 0x0a;

/**
 * Adds a line to a file whole or not at all: what a full disk takes of it is removed again. A line that a kill cut off
 * before gets its end first, so that the new one is not glued to it.
 *
 * @throws the system's error, with the file as it was
 */
export async function appendWhole(file: string, line: string): Promise<void> {
  const handle = await openRegularFile(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    const isCut = size > 0 && last[0] !== NEWLINE;
    try {
      await handle.writeFile(`${isCut ? '\n' : ''}${line}\n`);
    } catch (error) {
      // Where this fails too, the next line is kept apart all the same.
      await handle.truncate(size).catch(() => undefined);
      throw error;
    }
  } finally {
    await handle.close();
  }
}
