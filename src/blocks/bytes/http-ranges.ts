import { ArgumentError, FormatError, OodError } from '../../core/errors';
import { FUNCTION, OBJECT, SIGNAL } from '../../core/check';
import { readOptions } from '../../core/read-options';
import type { ByteRanges } from './byte-ranges';

/** Options of {@link httpRanges}. */
export interface HttpRangesOptions {
  /** Further headers of each request, such as `authorization`. */
  headers?: Readonly<Record<string, string>>;
  /** Another `fetch`. */
  fetch?: typeof globalThis.fetch;
  signal?: AbortSignal;
}

/**
 * A server does not give what was asked of it; `status` is its answer's, 0 where there is none.
 *
 * @example
 * const missing = async () => new Response('', { status: 404 });
 * const ranges = httpRanges('https://example.com/train.parquet', { fetch: missing });
 * await ranges.catch((error) => error instanceof RangesError && error.status); // 404
 */
export class RangesError extends OodError {
  override name = 'RangesError';
  constructor(
    where: string,
    what: string,
    expected: string,
    received: unknown,
    readonly status: number,
  ) {
    super(where, what, expected, received);
  }
}

/** `bytes 0-9/1000` */
const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/;

/**
 * The bytes behind an address, range by range. The first request asks for one byte, which says how long the file is;
 * each answer must be of the same file (its ETag, or the date of its last change).
 *
 * @param url where it lies; a browser needs CORS with the headers `content-range` and `etag` exposed
 * @throws RangesError for no answer, another status, a server without ranges, a file that changed meanwhile;
 *   FormatError for an answer that is cut short; the reason of `signal`
 * @example
 * const shard = await httpRanges(shardAddress);
 * for await (const { features } of parquetBlocks([shard], { columns: { features: 'embedding' } })) {
 *   features.shape; // rows, width: [45, 6]
 * }
 */
export async function httpRanges(url: string | URL, options?: HttpRangesOptions): Promise<ByteRanges> {
  const where = 'httpRanges';
  if (typeof url !== 'string' && !(url instanceof URL)) throw new ArgumentError(where, 'url', 'an address', url);
  const own = readOptions(where, options, {
    headers: [OBJECT],
    fetch: [FUNCTION],
    signal: [SIGNAL],
  });
  const name = String(url);
  let known: { version: string | undefined; size: number } | undefined;

  async function answerOf(start: number, end: number): Promise<{ bytes: ArrayBuffer; size: number }> {
    const headers = { ...own.headers, range: `bytes=${start}-${end - 1}` };
    const signal = own.signal ?? null;
    const answer = await (own.fetch ?? fetch)(url, { headers, signal }).catch((error: Error) => {
      if (signal?.aborted) throw error;
      const { message, cause } = error;
      const said = cause instanceof Error ? `${message} (${cause.message})` : message;
      throw Object.assign(new RangesError(where, name, 'an address that answers', said, 0), { cause: error });
    });
    const { status } = answer;
    const refuse = async (expected: string, received: unknown) => {
      await answer.body?.cancel().catch(() => undefined);
      return new RangesError(where, name, expected, received, status);
    };
    if (status === 200) throw await refuse('on a server that answers ranges (206)', 'the whole file (status 200)');
    if (status === 416) throw await refuse(`a file that holds bytes ${start} to ${end}`, 'status 416');
    if (status !== 206) throw await refuse('there (status 206)', `status ${status}`);
    const range = CONTENT_RANGE.exec(answer.headers.get('content-range') ?? '');
    if (!range) throw await refuse('an answer with content-range', answer.headers.get('content-range') ?? 'none');
    const [first, last, size] = range.slice(1).map(Number) as [number, number, number];
    const version = answer.headers.get('etag') ?? answer.headers.get('last-modified') ?? undefined;
    if (known && (known.version !== version || known.size !== size)) {
      throw await refuse('the same file at each request', 'one that changed meanwhile');
    }
    known ??= { version, size };
    if (first !== start || last !== Math.min(end, size) - 1) {
      throw await refuse(`bytes ${start}-${end - 1}`, `bytes ${first}-${last}`);
    }
    const bytes = await answer.arrayBuffer();
    const count = last - first + 1;
    if (bytes.byteLength === count) return { bytes, size };
    throw new FormatError(where, name, `an answer of ${count} bytes`, `${bytes.byteLength}`, start);
  }

  const { size } = await answerOf(0, 1);
  return {
    byteLength: size,
    name,
    slice: async (start, end = size) => (start >= end ? new ArrayBuffer(0) : (await answerOf(start, end)).bytes),
  };
}
