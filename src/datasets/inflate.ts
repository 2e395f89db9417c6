import { FormatError } from '../errors';

/** Inflates zlib or gzip bytes, and stops where more than `limit` bytes come out. Rejects what is damaged. */
export type Inflate = (bytes: Uint8Array, format: 'zlib' | 'gzip', limit: number) => Promise<Uint8Array>;

/** Thrown by an {@link Inflate} whose output passes its limit. */
export class InflateLimitError extends Error {
  override name = 'InflateLimitError';
}

/** `DecompressionStream`, of browsers and Node: no dependency. */
export const streamInflate: Inflate = async (bytes, format, limit) => {
  const stream = new DecompressionStream(format === 'zlib' ? 'deflate' : 'gzip');
  const writer = stream.writable.getWriter();
  // Errors come out at the reading end; here they would be unhandled.
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => undefined);
  writer.close().catch(() => undefined);
  const reader = stream.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) {
      await reader.cancel().catch(() => undefined);
      throw new InflateLimitError(`more than ${limit} bytes`);
    }
    chunks.push(value);
  }
  const all = new Uint8Array(size);
  let place = 0;
  for (const chunk of chunks) {
    all.set(chunk, place);
    place += chunk.length;
  }
  return all;
};

/** Inflates, with what goes wrong as a FormatError. */
export async function inflateChecked(
  inflate: Inflate,
  bytes: Uint8Array,
  format: 'zlib' | 'gzip',
  limit: number,
  { where, file, offset }: { where: string; file: string; offset: number },
): Promise<Uint8Array> {
  try {
    return await inflate(bytes, format, limit);
  } catch (error) {
    const isBomb = error instanceof InflateLimitError;
    const expected = isBomb ? `a compressed block of at most ${limit} bytes` : `a whole ${format} block`;
    const received = isBomb ? 'one that goes on' : `a damaged one (${(error as Error).message})`;
    throw new FormatError({ where, what: file, expected, received }, offset);
  }
}
