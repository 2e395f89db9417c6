import { basename } from 'node:path';
import { FormatError } from '../core/errors';
import type { ByteRanges } from '../blocks/bytes/byte-ranges';
import { openRegularFile } from './read-regular-file';

/** The bytes of a file, until it is closed. */
export interface FileRanges extends ByteRanges {
  readonly name: string;
  readInto(into: Uint8Array, start: number): Promise<number>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The bytes of a file, range by range, for the readers of `tfjs-ood/blocks` (an `AsyncBuffer` of hyparquet).
 *
 * The file stays open until `close()`, or the end of the block that it was declared in with `await using`.
 *
 * @throws FormatError for what is no regular file; the system's own error where it cannot be opened
 * @example
 * const shard = await fileRanges('train-00.parquet');
 * for await (const { features } of parquetBlocks(shard, { columns: { features: 'embedding' } })) {
 *   features.shape; // rows, width: [45, 6]
 * }
 * await shard.close();
 */
export async function fileRanges(path: string): Promise<FileRanges> {
  const where = 'fileRanges';
  const handle = await openRegularFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== undefined && error.code !== 'EISDIR') throw error;
    throw new FormatError(where, path, 'a regular file', error.message);
  });
  const { size } = await handle.stat();
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= handle.close());
  async function readInto(bytes: Uint8Array, start: number): Promise<number> {
    if (closed) throw new FormatError(where, path, 'open', 'a file that was closed');
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
      if (bytesRead === 0)
        throw new FormatError(where, path, `a file of ${size} bytes`, 'one that was cut', start + at);
      at += bytesRead;
    }
    return at;
  }
  return {
    byteLength: size,
    name: basename(path),
    async slice(start, end = size) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      await readInto(bytes, start);
      return bytes.buffer;
    },
    readInto,
    close,
    [Symbol.asyncDispose]: close,
  };
}
