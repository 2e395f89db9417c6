import { FormatError } from '../core/errors';

/** Inflates zlib or gzip bytes, and stops where more than `limit` bytes come out. Rejects what is damaged. */
export type Inflate = (bytes: Uint8Array, format: 'zlib' | 'gzip', limit: number) => Promise<Uint8Array>;

/**
 * Thrown by an {@link Inflate} whose output passes its limit.
 *
 * @example
 * const tooLong = streamInflate(gzipped, 'gzip', 10); // a block that holds 100 bytes
 * await tooLong.catch((error) => error instanceof InflateLimitError); // true
 */
export class InflateLimitError extends Error {
  override name = 'InflateLimitError';
}

/** Deflate makes at most 1032 bytes of one. */
const LARGEST_RATIO = 1032;
/** Largest array that is read: SVHN's extra set has 1.6e9 bytes. */
const LARGEST_INFLATED = 2 ** 31;
/** Compressed bytes given at a time: what a browser has inflated of a bomb before it can be stopped stays small. */
const SLICE = 16_384;

/** The most that a block of `packed` bytes can be. */
export function plausibleSize(packed: number): number {
  return Math.min(packed * LARGEST_RATIO, LARGEST_INFLATED);
}

async function* inflatedChunks(bytes: Uint8Array, format: 'zlib' | 'gzip'): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream(format === 'zlib' ? 'deflate' : 'gzip');
  const writer = stream.writable.getWriter();
  const feed = async () => {
    for (let at = 0; at < bytes.length; at += SLICE) {
      await writer.write(bytes.subarray(at, at + SLICE) as Uint8Array<ArrayBuffer>);
    }
    await writer.close();
  };
  feed().catch(() => undefined); // errors come out at the reading end
  const reader = stream.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * `DecompressionStream`, of browsers and Node: no dependency.
 *
 * @throws InflateLimitError where more than `limit` bytes come out; an error where the block is damaged
 * @example
 * const bytes = await streamInflate(gzipped, 'gzip', 1000);
 * bytes.length; // 100
 */
export const streamInflate: Inflate = async (bytes, format, limit) => {
  // One buffer that grows up to the limit, which is most often exact: a list of chunks would need the memory twice.
  let all = new Uint8Array(Math.min(limit, Math.max(4 * bytes.length, SLICE)));
  let size = 0;
  for await (const chunk of inflatedChunks(bytes, format)) {
    const needed = size + chunk.length;
    if (needed > limit) throw new InflateLimitError(`more than ${limit} bytes`);
    if (needed > all.length) {
      const larger = new Uint8Array(Math.min(limit, Math.max(2 * all.length, needed)));
      larger.set(all.subarray(0, size));
      all = larger;
    }
    all.set(chunk, size);
    size = needed;
  }
  return all.subarray(0, size);
};

/** Where a compressed block lies, for the errors. */
export interface PackedPlace {
  where: string;
  file: string;
  offset: number;
}

function asFormatError(error: unknown, format: string, limit: number, { where, file, offset }: PackedPlace): never {
  const isBomb = error instanceof InflateLimitError;
  const expected = isBomb ? `a compressed block of at most ${limit} bytes` : `a whole ${format} block`;
  const cause = error instanceof Error ? error.message : String(error);
  throw new FormatError(where, file, expected, isBomb ? 'one that goes on' : `a damaged one (${cause})`, offset);
}

/** Inflates, with what goes wrong as a FormatError. */
export async function inflateChecked(
  inflate: Inflate,
  bytes: Uint8Array,
  format: 'zlib' | 'gzip',
  limit: number,
  place: PackedPlace,
): Promise<Uint8Array> {
  try {
    return await inflate(bytes, format, limit);
  } catch (error) {
    return asFormatError(error, format, limit, place);
  }
}

/**
 * The first `count` bytes of what a block holds (all of it where it is shorter), so that sizes are known in advance.
 */
export async function inflateHead(
  bytes: Uint8Array,
  format: 'zlib' | 'gzip',
  count: number,
  place: PackedPlace,
): Promise<Uint8Array> {
  const head = new Uint8Array(count);
  let size = 0;
  try {
    for await (const chunk of inflatedChunks(bytes, format)) {
      const part = chunk.subarray(0, count - size);
      head.set(part, size);
      size += part.length;
      if (size === count) break;
    }
  } catch (error) {
    return asFormatError(error, format, count, place);
  }
  return head.subarray(0, size);
}
