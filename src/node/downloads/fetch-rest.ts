import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { FUNCTION, INDEX, OBJECT, POSITIVE, textOf } from '../../core/check';
import { FormatError, OodError } from '../../core/errors';
import type { Declared, Read } from '../../core/read-options';
import { DownloadError } from './download-error';
import { fetchEncrypted } from './fetch-encrypted';
import { isSystemError } from '../storage-error';

/** Options of one attempt. */
export interface FetchOptions {
  /** Length of the whole file. */
  bytes?: number;
  /** Hexadecimal checksums of the whole file; those that are given must be right. */
  sha256?: string;
  md5?: string;
  onProgress?: (received: number, total: number | undefined) => void;
  signal?: AbortSignal;
  /** A connection that brings nothing for so long counts as cut; default 30,000. */
  stallTimeoutMs?: number;
}

export const FETCH_OPTIONS = {
  bytes: [INDEX],
  sha256: [textOf('64 hexadecimal digits', /^[0-9a-f]{64}$/i)],
  md5: [textOf('32 hexadecimal digits', /^[0-9a-f]{32}$/i)],
  onProgress: [FUNCTION],
  signal: [OBJECT],
  stallTimeoutMs: [POSITIVE, 30_000],
} as const satisfies Declared<FetchOptions>;

type CheckedOptions = Read<FetchOptions, typeof FETCH_OPTIONS>;

/** Where a part comes from, and what tells that the server still has the same file. */
interface Source {
  url: string;
  validator: string;
  /** Length of the whole file, where the server said it. */
  total?: number | undefined;
}

/** Length of a file, 0 where there is none. */
export const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => undefined))?.size ?? 0;

async function sourceIn(sourceFile: string, url: string): Promise<Source | undefined> {
  try {
    const source = JSON.parse(await readFile(sourceFile, 'utf8')) as Source;
    return source.url === url && source.validator !== '' ? source : undefined;
  } catch {
    return undefined;
  }
}

/** A strong tag or a date; a weak tag says that the meaning is the same, not the bytes. */
function validatorIn(headers: Headers): string {
  const tag = headers.get('etag') ?? '';
  return tag !== '' && !tag.startsWith('W/') ? tag : (headers.get('last-modified') ?? '');
}

/**
 * What a content-range says; `end` is behind the last byte, NaN stands for what is not there, `total` may be unknown.
 */
function rangeIn(headers: Headers): { start: number; end: number; total: number | undefined } {
  const text = headers.get('content-range') ?? '';
  const [, start, last, total] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i.exec(text) ?? [];
  const known = total !== undefined && total !== '*';
  return { start: Number(start), end: Number(last) + 1, total: known ? Number(total) : undefined };
}

/**
 * Fetches what is missing of `<file>.part`; throws where the answer ends before the file does, or nothing tells whether
 * it did.
 */
export async function fetchRest(url: string, file: string, options: CheckedOptions): Promise<void> {
  const { signal, stallTimeoutMs } = options;
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
  { bytes, sha256, md5, onProgress }: CheckedOptions,
  signal: AbortSignal,
  onArrival: () => void,
): Promise<void> {
  const part = `${file}.part`;
  const sourceFile = `${part}.source`;
  // Without a validator the rest could be that of another version.
  const source = await sourceIn(sourceFile, url);
  let have = source ? await sizeOf(part) : 0;
  const known = have > 0 ? source : undefined;
  const headers = {
    'accept-encoding': 'identity',
    ...(known && { range: `bytes=${have}-`, 'if-range': known.validator }),
  };
  const response = await fetchEncrypted(url, { headers, signal });
  /** Gives up this answer. */
  const refuse = async (error: Error): Promise<never> => {
    await response.body?.cancel();
    throw error;
  };
  /** The same, and the next attempt begins at byte 0. */
  const startAnew = async (received: string): Promise<never> => {
    await rm(sourceFile, { force: true });
    return refuse(new DownloadError(url, received));
  };
  const { status } = response;
  // Compressed on the way, though not asked to: fetch undoes that, so that lengths and ranges are not those of the
  // file.
  const encoding = (response.headers.get('content-encoding') ?? '').toLowerCase();
  const isEncoded = !['', 'identity'].includes(encoding);
  const length = isEncoded ? null : response.headers.get('content-length');
  const now = isEncoded ? '' : validatorIn(response.headers);
  const range = rangeIn(response.headers);
  const differs = <T>(before: T | undefined, after: T | undefined) =>
    before !== undefined && after !== undefined && before !== after;
  const isOther = differs(known?.validator, now || undefined) || differs(known?.total, range.total);

  if (status === 416 && known) {
    // Nothing is missing, if it is still the same file: by its tag or date, or by the length that was said before.
    const isSame = !isOther && (now !== '' || known.total !== undefined);
    if (range.total !== have || !isSame) return startAnew(`no bytes from ${have} on`);
    await response.body?.cancel();
    return;
  }
  if (status !== 200 && status !== 206) {
    const isFinal = status < 500 && status !== 429 && status !== 408;
    return refuse(new DownloadError(url, `a server that answered ${status} ${response.statusText}`.trim(), isFinal));
  }
  /** Length of the whole file, and where this answer ends in it: a range may be shorter than the rest. */
  let total: number | undefined;
  let end: number | undefined;
  if (status === 206) {
    ({ end } = range);
    total = range.total ?? known?.total ?? bytes;
    const isAsked = !isEncoded && range.start === have && end > have;
    const isTrue = end <= (total ?? end) && (length === null || have + Number(length) === end);
    if (!isAsked || !isTrue) return startAnew('another range than was asked for');
    if (isOther) return startAnew('the rest of another version');
  } else {
    have = 0; // the whole file, from its start
    total = end = length === null ? undefined : Number(length);
  }
  const isChunked = !isEncoded && /\bchunked\b/i.test(response.headers.get('transfer-encoding') ?? '');
  const isEndKnown = total !== undefined || (status === 200 && isChunked);
  if (!isEndKnown && (bytes ?? sha256 ?? md5) === undefined) {
    // A cut would look like the end, and of what was compressed fetch does not tell a cut.
    const answer = isEncoded
      ? `in content-encoding ${encoding}, which was not asked for and whose end nothing tells`
      : 'that does not say how long it is';
    return refuse(new DownloadError(url, `an answer ${answer} (give bytes or a checksum)`, true));
  }
  const wrongLength = (size: number) => new FormatError('download', file, `${bytes} bytes`, size, have);
  if (bytes !== undefined && total !== undefined && total !== bytes) return refuse(wrongLength(total));

  if (have === 0) await rm(sourceFile, { force: true });
  const handle = await open(part, have > 0 ? 'a' : 'w');
  try {
    const validator = known && have > 0 ? known.validator : now;
    if (validator !== '') await writeFile(sourceFile, JSON.stringify({ url, validator, total } satisfies Source));
    for await (const chunk of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
      onArrival();
      const next = have + chunk.length;
      if (bytes !== undefined && next > bytes) throw wrongLength(next); // it may never end
      if (end !== undefined && next > end) throw new DownloadError(url, `more than the ${end} bytes that it said`);
      await handle.writeFile(chunk);
      have = next;
      onProgress?.(have, total);
    }
  } finally {
    await handle.close();
  }
  const until = total ?? end;
  if (until !== undefined && have !== until) throw new DownloadError(url, `${have} of ${until} bytes`);
}
