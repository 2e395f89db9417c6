import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { ArgumentError, FormatError } from '../core/errors';
import { isSystemError } from './storage-error';

/** More than any image or list has, and less than the longest string. */
const MOST_BYTES = 2 ** 29 - 2 ** 10;

/** What Node reads at once. */
const MOST_OF_NODE = 2 ** 31 - 1;

/** Opening a pipe that nobody writes to would wait for somebody who does. (Windows has no such flag.) */
const NO_WAIT = constants.O_NONBLOCK ?? 0;

/** What something is that is no regular file; undefined for one. */
const kindOf = (info: { isFile(): boolean; isDirectory(): boolean }): string | undefined =>
  info.isFile() ? undefined : info.isDirectory() ? 'a folder' : 'a pipe or device';

/** Opens a regular file, for reading unless there are other flags: a pipe or a device might never end. */
export async function openRegularFile(file: string, flags: number = constants.O_RDONLY): Promise<FileHandle> {
  const handle = await open(file, flags | NO_WAIT).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENXIO' ? new Error('a socket, or a pipe') : error; // sockets cannot be opened
  });
  try {
    const kind = kindOf(await handle.stat());
    // A folder as the system would say it when it is read.
    if (kind) throw Object.assign(new Error(kind), kind === 'a folder' && { code: 'EISDIR', syscall: 'read' });
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The bytes of a regular file. */
export async function readRegularFile(file: string, most = MOST_BYTES): Promise<Buffer> {
  const handle = await openRegularFile(file);
  try {
    const { size } = await handle.stat();
    if (size > most) throw new Error(`${size} bytes, more than ${most}`);
    // Files of /proc say that they are empty, and may have no end.
    return size === 0 ? Buffer.alloc(0) : await handle.readFile();
  } finally {
    await handle.close();
  }
}

/**
 * The bytes of a file of up to 2 GiB, for {@link readRegularFile}'s other callers.
 *
 * @throws FormatError for what is no regular file; the system's own error where it cannot be read
 */
export async function readWholeFile(where: string, file: string): Promise<Buffer> {
  return readRegularFile(file, MOST_OF_NODE).catch((error: Error) => {
    if (isSystemError(error) && error.code !== 'EISDIR') throw error;
    throw new FormatError(where, file, 'a regular file', error.message);
  });
}

/** Throws unless a place to write to holds a regular file, or nothing. */
export async function checkRegularPlace(where: string, file: string): Promise<void> {
  const info = await stat(file).catch(() => undefined);
  const received = info && kindOf(info);
  if (received) throw new ArgumentError(where, file, 'a regular file, or none', received);
}
