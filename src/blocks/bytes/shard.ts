import { ArgumentError, FormatError } from '../../core/errors';
import { tagOf } from '../../core/shown-value';
import type { ShardBytes } from './byte-ranges';

/** A shard as readers have it: every answer is as long as was asked for. */
export interface Shard {
  readonly where: string;
  /** What errors call it: its place among the shards, and its name. */
  readonly name: string;
  readonly size: number;
  /** @throws FormatError where the range is not within the shard, or fewer bytes come */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Writes the bytes from `start` on over `into`. @throws FormatError as `read` does */
  fill(into: Uint8Array, start: number): Promise<void>;
  /** A FormatError that names the shard. */
  refuse(expected: string, received: unknown, offset?: number): FormatError;
}

const EXPECTED = 'ranges of bytes { byteLength, slice }, a Blob, an ArrayBuffer or a Uint8Array';

interface Given {
  size?: unknown;
  byteLength?: unknown;
  name?: unknown;
  slice?: unknown;
}

/** A shard of what somebody gave. `what` is what errors call the argument. */
export function shardOf(where: string, what: string, given: unknown): Shard {
  const { size, byteLength, name: own, slice } = (given ?? {}) as Given;
  const isBlob = /^\[object (Blob|File)\]$/.test(tagOf(given));
  const total = isBlob ? size : byteLength;
  if (typeof given !== 'object' || typeof slice !== 'function' || !Number.isSafeInteger(total) || Number(total) < 0) {
    const promise = tagOf(given) === '[object Promise]' ? 'a promise (await it)' : given;
    const way =
      typeof given === 'string' ? ' (of a path: await fileRanges(path), of an address: await httpRanges(url))' : '';
    throw new ArgumentError(where, what, EXPECTED + way, promise);
  }
  const name = typeof own === 'string' && own !== '' ? `${what} (${own})` : what;
  const refuse = (expected: string, received: unknown, offset?: number) =>
    new FormatError(where, name, expected, received, offset);
  const source = given as ShardBytes;
  function checkRange(start: number, end: number): void {
    if (start >= 0 && start <= end && end <= (total as number)) return;
    throw refuse(`a file that holds bytes ${start} to ${end} (is it cut short?)`, `${String(total)} bytes`);
  }
  const short = (count: number, start: number, received: unknown) =>
    refuse(`a file with ${count} bytes from ${start} on`, received);
  const being = (count: number) => `${count} (is it being written?)`;
  async function read(start: number, end: number): Promise<Uint8Array> {
    checkRange(start, end);
    const answer: unknown = await source.slice(start, end);
    const bytes = await bytesOfAnswer(answer);
    if (bytes?.length === end - start) return bytes;
    throw short(end - start, start, bytes ? being(bytes.length) : answer);
  }
  return {
    where,
    name,
    size: total as number,
    refuse,
    read,
    async fill(into, start) {
      const end = start + into.length;
      if (source instanceof Uint8Array) {
        checkRange(start, end);
        into.set(source.subarray(start, end));
      } else if ('readInto' in source && typeof source.readInto === 'function') {
        checkRange(start, end);
        const count: unknown = await source.readInto(into, start);
        if (count !== into.length) throw short(into.length, start, typeof count === 'number' ? being(count) : count);
      } else into.set(await read(start, end));
    },
  };
}

async function bytesOfAnswer(answer: unknown): Promise<Uint8Array | undefined> {
  if (ArrayBuffer.isView(answer)) return new Uint8Array(answer.buffer, answer.byteOffset, answer.byteLength);
  if (/^\[object (Shared)?ArrayBuffer\]$/.test(tagOf(answer))) return new Uint8Array(answer as ArrayBuffer);
  const { arrayBuffer } = (answer ?? {}) as Partial<Blob>;
  return arrayBuffer ? new Uint8Array(await (answer as Blob).arrayBuffer()) : undefined;
}
