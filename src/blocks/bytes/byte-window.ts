import type { Shard } from './shard';

/** A part of a shard that is read forward, a window of bytes at a time. */
export interface ByteWindow {
  /** Where the next bytes lie. */
  readonly at: number;
  /** How many are left. */
  readonly left: number;
  /**
   * The next bytes without going on: `count` of them, and all that the window has besides. Valid until the next call.
   *
   * @throws FormatError where fewer are left
   */
  peek(count: number): Promise<Uint8Array>;
  /** As many bytes as the window has, one at least where any is left; without going on. */
  some(): Promise<Uint8Array>;
  /** Goes past them. */
  skip(count: number): void;
  /** Lets go of bytes that it went past, where they were many. */
  trim(): void;
}

/**
 * A window of `size` bytes that slides over a shard from `start` to `end`; it grows to what is asked for at once.
 *
 * @throws FormatError where the shard ends before
 */
export function byteWindow(shard: Shard, start: number, end: number, size: number): ByteWindow {
  if (!(start >= 0 && start <= end && end <= shard.size)) {
    throw shard.refuse(`a file that holds bytes ${start} to ${end} (is it cut short?)`, `${shard.size} bytes`);
  }
  let held: Uint8Array = new Uint8Array();
  let from = start;
  let at = start;
  const peek = async (count: number): Promise<Uint8Array> => {
    if (count > end - at) throw shard.refuse(`a file with ${count} bytes more there`, `${end - at}`, at);
    const has = from + held.length - at;
    if (has < count) {
      const rest = has > 0 ? held.subarray(held.length - has) : new Uint8Array();
      const begin = at + rest.length;
      held = new Uint8Array(); // not beside the next one
      const until = Math.min(end, Math.max(at + count, begin + size));
      if (rest.length === 0 && until - begin <= size) held = await shard.read(begin, until);
      else {
        // Part by part: what is larger than a window is not there twice
        const joined = new Uint8Array(until - at);
        joined.set(rest);
        for (let next = begin; next < until; next += size) {
          joined.set(await shard.read(next, Math.min(until, next + size)), next - at);
        }
        held = joined;
      }
      from = at;
    }
    return held.subarray(at - from);
  };
  return {
    get at() {
      return at;
    },
    get left() {
      return end - at;
    },
    peek,
    some: () => peek(Math.min(1, end - at)),
    skip(count) {
      at += count;
    },
    trim() {
      if (held.length <= 2 * size) return;
      held = held.slice(Math.min(held.length, at - from));
      from = at;
    },
  };
}
