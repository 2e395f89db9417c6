import { OodError } from '../core/errors';

const PLACES: Record<string, string> = {
  ENOSPC: 'on a disk with space left',
  EDQUOT: 'within the disk quota',
  EROFS: 'on a disk that is not read-only',
  EACCES: 'a place that this user may write',
  EPERM: 'a place that this user may write',
  ENOTDIR: 'below a folder, not below a file',
  EEXIST: 'a folder, not a file',
  EISDIR: 'a file, not a folder',
};

/**
 * The disk refuses to write: full, read-only, not permitted. `code` is the system's (ENOSPC, EROFS, EACCES, ...).
 *
 * @example
 * const written = writeFileAtomic('data/images.txt/below-a-file.json', '{}');
 * await written.catch((error) => error instanceof StorageError && error.code); // 'ENOTDIR'
 */
export class StorageError extends OodError {
  override name = 'StorageError';
  constructor(
    where: string,
    what: string,
    readonly code: string,
    override readonly cause: Error,
  ) {
    super(where, what, PLACES[code] ?? 'a place that can be written', cause.message);
  }
}

/** The file system's errors carry the system call; those of fetch and zlib do not. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException & { code: string } =>
  error instanceof Error && 'syscall' in error && typeof (error as NodeJS.ErrnoException).code === 'string';

/** An error of the file system while writing as a StorageError, any other as it is. */
export const asStorageError = (where: string, what: string, error: unknown): unknown =>
  isSystemError(error) ? new StorageError(where, what, error.code, error) : error;
