import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { FormatError } from '../errors';

/** Options of {@link download}. */
export interface DownloadOptions {
  /** Hexadecimal checksums of the whole file; those that are given must be right. */
  sha256?: string;
  md5?: string;
  /** Length of the whole file. */
  bytes?: number;
  onProgress?: (received: number, total: number | undefined) => void;
  signal?: AbortSignal;
  /** Further attempts after a cut connection; default 5. */
  retries?: number;
  /** A connection that brings nothing for so long counts as cut; default 30,000. */
  stallTimeoutMs?: number;
}

/** A server's answer that trying again does not mend. */
class FinalError extends Error {
  override name = 'DownloadError';
}

const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => undefined))?.size ?? 0;

/**
 * Fetches a file. It is written beside its place, as `<file>.part`, checked, flushed to the disk and only then renamed, so that
 * `file` is whole if it is there. A cut download goes on where it stopped, in this call or in a later one.
 *
 * @throws FormatError for a wrong length or checksum (what was fetched is removed); DownloadError for an HTTP status that
 *   says no; the last network error after the retries; the reason of `signal`; the system's error for a full disk
 * @example
 * await download('https://example.org/train.bin', 'data/train.bin', { sha256: '...' });
 */
export async function download(url: string, file: string, options: DownloadOptions = {}): Promise<void> {
  const { retries = 5, signal } = options;
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    try {
      await fetchRest(url, file, options);
      break;
    } catch (error) {
      const isDiskError = typeof (error as NodeJS.ErrnoException).syscall === 'string' && isFileSystem(error);
      if (signal?.aborted || error instanceof FinalError || isDiskError || attempt >= retries) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.min(100 * 2 ** attempt, 5000)));
    }
  }
  await checkWhole(file, options);
  await rename(`${file}.part`, file);
  await rm(`${file}.part.etag`, { force: true });
}

const isFileSystem = (error: unknown): boolean =>
  ['ENOSPC', 'EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EDQUOT'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  );

/** Fetches what is missing of `<file>.part`; throws where the connection ends before the file does. */
async function fetchRest(url: string, file: string, options: DownloadOptions): Promise<void> {
  const { onProgress, signal, stallTimeoutMs = 30_000 } = options;
  const part = `${file}.part`;
  const tagFile = `${part}.etag`;
  const tag = await readFile(tagFile, 'utf8').catch(() => '');
  // Without a validator the rest could be that of another version.
  let have = tag === '' ? 0 : await sizeOf(part);
  const stall = new AbortController();
  const restart = () => setTimeout(() => stall.abort(new Error(`download: ${url} stalled`)), stallTimeoutMs);
  let timer = restart();
  try {
    const response = await fetch(url, {
      headers:
        have > 0
          ? { range: `bytes=${have}-`, 'if-range': tag, 'accept-encoding': 'identity' }
          : { 'accept-encoding': 'identity' },
      signal: signal ? AbortSignal.any([stall.signal, signal]) : stall.signal,
    });
    if (response.status === 416) {
      await response.body?.cancel();
      const total = /\*\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
      if (total !== undefined && Number(total) === have) return; // nothing is missing
      await rm(tagFile, { force: true });
      throw new Error(`download: ${url} has no part from byte ${have} on`);
    }
    if (response.status !== 200 && response.status !== 206) {
      await response.body?.cancel();
      const message = `download: ${url} answered ${response.status} ${response.statusText}`;
      throw response.status >= 500 || response.status === 429 ? new Error(message) : new FinalError(message);
    }
    const rangeStart = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
    if (response.status === 206 && Number(rangeStart) !== have) {
      await response.body?.cancel();
      await rm(tagFile, { force: true });
      throw new Error(`download: ${url} sent another range than was asked for`);
    }
    if (response.status === 200) have = 0; // the whole file, from the start
    const length = response.headers.get('content-length');
    const total = length === null ? undefined : have + Number(length);
    // A weak tag says that the meaning is the same, not the bytes.
    const validator = response.headers.get('etag') ?? response.headers.get('last-modified') ?? '';
    const handle = await open(part, have > 0 ? 'r+' : 'w');
    try {
      if (have === 0) {
        if (validator === '' || validator.startsWith('W/')) await rm(tagFile, { force: true });
        else await writeFile(tagFile, validator);
      }
      if (response.body) {
        for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
          clearTimeout(timer);
          timer = restart();
          await handle.write(chunk, 0, chunk.length, have);
          have += chunk.length;
          onProgress?.(have, total);
        }
      }
      await handle.truncate(have);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (total !== undefined && have < total) throw new Error(`download: ${url} ended after ${have} of ${total} bytes`);
  } finally {
    clearTimeout(timer);
  }
}

/** Length and checksums; what is wrong is removed, so that the next call starts anew. */
async function checkWhole(file: string, { bytes, sha256, md5 }: DownloadOptions): Promise<void> {
  const part = `${file}.part`;
  const refuse = async (expected: string, received: string): Promise<never> => {
    await rm(part, { force: true });
    await rm(`${part}.etag`, { force: true });
    throw new FormatError({ where: 'download', what: file, expected, received }, 0);
  };
  const size = await sizeOf(part);
  if (bytes !== undefined && size !== bytes) await refuse(`${bytes} bytes`, String(size));
  for (const [name, expected] of Object.entries({ sha256, md5 })) {
    if (expected === undefined) continue;
    const hash = createHash(name);
    await pipeline(createReadStream(part), hash);
    const received = hash.digest('hex');
    if (received !== expected.toLowerCase()) await refuse(`${name} ${expected}`, received);
  }
}
