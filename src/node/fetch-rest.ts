import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { FormatError, OodError } from '../errors';
import { DownloadError } from './download-error';
import { fetchEncrypted } from './fetch-encrypted';
import { isSystemError } from './storage-error';

/** Options of one attempt. */
export interface FetchOptions {
  /** Length of the whole file. */
  bytes?: number;
  onProgress?: (received: number, total: number | undefined) => void;
  signal?: AbortSignal;
  /** A connection that brings nothing for so long counts as cut; default 30,000. */
  stallTimeoutMs?: number;
}

/** Where a part comes from, and what tells that the server still has the same file. */
interface Source {
  url: string;
  validator: string;
}

/** Length of a file, 0 where there is none. */
export const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => undefined))?.size ?? 0;

async function validatorOf(sourceFile: string, url: string): Promise<string> {
  try {
    const source = JSON.parse(await readFile(sourceFile, 'utf8')) as Source;
    return source.url === url ? source.validator : '';
  } catch {
    return '';
  }
}

/** A strong tag or a date; a weak tag says that the meaning is the same, not the bytes. */
function validatorIn(headers: Headers): string {
  const tag = headers.get('etag') ?? '';
  return tag !== '' && !tag.startsWith('W/') ? tag : (headers.get('last-modified') ?? '');
}

/**
 * Fetches what is missing of `<file>.part`; throws where the connection ends before the file does.
 *
 * @returns whether the answer said where it ends; if not, a cut looks like the end
 */
export async function fetchRest(url: string, file: string, options: FetchOptions): Promise<boolean> {
  const { signal, stallTimeoutMs = 30_000 } = options;
  const stall = new AbortController();
  const stalled = new DownloadError(url, `nothing for ${stallTimeoutMs} ms`);
  const timer = setTimeout(() => stall.abort(stalled), stallTimeoutMs);
  try {
    return await attempt(url, file, options, signal ? AbortSignal.any([stall.signal, signal]) : stall.signal, () =>
      timer.refresh(),
    );
  } catch (error) {
    if (stall.signal.aborted) throw stalled;
    if (error instanceof OodError || isSystemError(error)) throw error;
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? ` (${cause.message || (cause as NodeJS.ErrnoException).code})` : '';
    throw new DownloadError(url, message + reason, false, error);
  } finally {
    clearTimeout(timer);
  }
}

async function attempt(
  url: string,
  file: string,
  { bytes, onProgress }: FetchOptions,
  signal: AbortSignal,
  onArrival: () => void,
): Promise<boolean> {
  const part = `${file}.part`;
  const sourceFile = `${part}.source`;
  // Without a validator the rest could be that of another version.
  const validator = await validatorOf(sourceFile, url);
  let have = validator === '' ? 0 : await sizeOf(part);
  const headers = {
    'accept-encoding': 'identity',
    ...(have > 0 && { range: `bytes=${have}-`, 'if-range': validator }),
  };
  const response = await fetchEncrypted(url, { headers, signal });
  /** Gives up this answer; the next attempt begins at byte 0. */
  const startAnew = async (received: string): Promise<never> => {
    await response.body?.cancel();
    await rm(sourceFile, { force: true });
    throw new DownloadError(url, received);
  };
  const { status } = response;
  const contentRange = response.headers.get('content-range') ?? '';
  if (status === 416 && have > 0) {
    await response.body?.cancel();
    if (Number(/\*\/(\d+)$/.exec(contentRange)?.[1] ?? NaN) === have) return true; // nothing is missing
    return startAnew(`no bytes from ${have} on`);
  }
  if (status !== 200 && status !== 206) {
    await response.body?.cancel();
    const isFinal = status < 500 && status !== 429 && status !== 408;
    throw new DownloadError(url, `a server that answered ${status} ${response.statusText}`.trim(), isFinal);
  }
  // Compressed on the way: fetch undoes that, so that lengths and ranges are not those of the file.
  const isEncoded = !['', 'identity'].includes(response.headers.get('content-encoding') ?? '');
  const now = isEncoded ? '' : validatorIn(response.headers);
  if (status === 206) {
    const isAsked = Number(/^bytes (\d+)-/.exec(contentRange)?.[1] ?? NaN) === have && !isEncoded;
    if (!isAsked) return startAnew('another range than was asked for');
    if (now !== '' && now !== validator && have > 0) return startAnew('the rest of another version');
  } else have = 0; // the whole file, from its start
  const length = response.headers.get('content-length');
  const total = length === null || isEncoded ? undefined : have + Number(length);
  const refuseLength = (size: number): never => {
    throw new FormatError({ where: 'download', what: file, expected: `${bytes} bytes`, received: `${size}` }, have);
  };
  if (bytes !== undefined && total !== undefined && total > bytes) refuseLength(total);

  if (have === 0) await rm(sourceFile, { force: true });
  const handle = await open(part, have > 0 ? 'a' : 'w');
  try {
    if (have === 0 && now !== '') await writeFile(sourceFile, JSON.stringify({ url, validator: now } satisfies Source));
    for await (const chunk of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
      onArrival();
      if (bytes !== undefined && have + chunk.length > bytes) refuseLength(have + chunk.length); // it may never end
      await handle.writeFile(chunk);
      have += chunk.length;
      onProgress?.(have, total);
    }
  } finally {
    await handle.close();
  }
  if (total !== undefined && have !== total) throw new DownloadError(url, `${have} of ${total} bytes`);
  return length !== null || /\bchunked\b/i.test(response.headers.get('transfer-encoding') ?? '');
}
