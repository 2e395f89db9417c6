import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, INDEX, type Rule } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { readOptions, type Declared, type Read } from '../../core/read-options';
import { DownloadError } from './download-error';
import { FETCH_OPTIONS, fetchRest, sizeOf, type FetchOptions } from './fetch-rest';
import { makeFolder } from '../make-folder';
import { checkRegularPlace } from '../read-regular-file';
import { asStorageError, isSystemError } from '../storage-error';
import { syncFolder } from '../sync-folder';
import { takeLock } from '../take-lock';

/** Options of {@link download}. */
export interface DownloadOptions extends FetchOptions {
  /** Further attempts in a row that bring nothing new; default 5. With 0 the first cut is an error. */
  retries?: number;
}

const where = 'download';

const OPTIONS = { ...FETCH_OPTIONS, retries: [INDEX, 5] } as const satisfies Declared<DownloadOptions>;
type CheckedOptions = Read<DownloadOptions, typeof OPTIONS>;

const ADDRESS: Rule = {
  expected: 'an http or https address',
  holds: (url: unknown) => typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol),
};

/**
 * Fetches a file. It is written beside its place, as `<file>.part`, checked, flushed to the disk and only then renamed,
 * so that `file` is whole if it is there. A cut download goes on where it stopped, in this call or in a later one.
 *
 * @throws ArgumentError for an option out of its rule, or another process that is fetching the same file; FormatError
 *   for a wrong length or checksum (what was fetched is removed); DownloadError for an HTTP status that says no, a
 *   redirect from https to http, an answer of unknown length or in a content-encoding where neither `bytes` nor a
 *   checksum tells that it is whole, or a connection that stays cut or stalled after the retries; StorageError for a
 *   full disk; the reason of `signal`
 * @example
 * await download(url, 'data/train.bin', { sha256 });
 */
export async function download(url: string, file: string, options: DownloadOptions = {}): Promise<void> {
  const checked = readOptions(where, options, OPTIONS);
  check(where, 'url', url, ADDRESS);
  try {
    await makeFolder(dirname(file));
    const release = await takeLock(`${file}.part.lock`, (owner) => {
      const who = owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
      const received = `one that ${who} is writing (if it is not, remove ${file}.part.lock)`;
      return new ArgumentError(where, file, 'a file that no other download writes', received);
    });
    try {
      for (const place of [`${file}.part`, `${file}.part.source`]) await checkRegularPlace(where, place);
      await fetchWhole(url, file, checked);
      await putInPlace(file);
    } catch (error) {
      // What is wrong in itself must not be gone on with.
      if (error instanceof FormatError) await removePart(file);
      throw error;
    } finally {
      await release();
    }
  } catch (error) {
    throw asStorageError(where, file, error);
  }
}

async function fetchWhole(url: string, file: string, options: CheckedOptions): Promise<void> {
  const { retries, signal } = options;
  let most = await sizeOf(`${file}.part`);
  for (let failures = 0; ; failures++) {
    signal?.throwIfAborted();
    try {
      await fetchRest(url, file, options);
      return await checkWhole(file, options);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof FormatError || isSystemError(error)) throw error;
      if (error instanceof DownloadError && error.isFinal) throw error;
      const have = await sizeOf(`${file}.part`);
      if (have > most && retries > 0) failures = 0; // a bad line, but it gets on
      most = Math.max(most, have);
      if (failures >= retries) throw error;
      await sleep(Math.min(100 * 2 ** failures, 5000), undefined, signal && { signal }).catch(() => undefined);
    }
  }
}

/** Length and checksums. */
async function checkWhole(file: string, { bytes, sha256, md5 }: CheckedOptions): Promise<void> {
  const part = `${file}.part`;
  const size = await sizeOf(part);
  const refuse = (expected: string, received: string): never => {
    throw new FormatError(where, file, expected, received, size);
  };
  if (bytes !== undefined && size !== bytes) refuse(`${bytes} bytes`, `${size}`);
  for (const [name, expected] of Object.entries({ sha256, md5 })) {
    if (expected === undefined) continue;
    const hash = createHash(name);
    await pipeline(createReadStream(part), hash);
    const received = hash.digest('hex');
    if (received !== expected.toLowerCase()) refuse(`of ${name} ${expected}`, received);
  }
}

async function putInPlace(file: string): Promise<void> {
  const handle = await open(`${file}.part`, 'r+');
  await handle.sync().finally(() => handle.close());
  await rename(`${file}.part`, file);
  await rm(`${file}.part.source`, { force: true });
  await syncFolder(dirname(file));
}

async function removePart(file: string): Promise<void> {
  await rm(`${file}.part`, { force: true });
  await rm(`${file}.part.source`, { force: true });
}
