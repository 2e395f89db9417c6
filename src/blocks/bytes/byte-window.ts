import { Room } from './room';
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
  /** The next `count` bytes, going past them; in `beside` where the window has no room. Valid until the next call. */
  take(count: number, beside: Room): Promise<Uint8Array>;
}

/**
 * A window of `size` bytes that slides over a shard from `start` to `end`, in `room`; it grows to what is asked for at
 * once.
 *
 * @throws FormatError where the shard ends before
 */
export function byteWindow(shard: Shard, start: number, end: number, size: number, room = new Room()): ByteWindow {
  if (!(start >= 0 && start <= end && end <= shard.size)) {
    throw shard.refuse(`a file that holds bytes ${start} to ${end} (is it cut short?)`, `${shard.size} bytes`);
  }
  let held: Uint8Array = new Uint8Array();
  let from = start;
  let at = start;
  const has = () => Math.max(0, from + held.length - at);
  function check(count: number): void {
    if (count > end - at) throw shard.refuse(`a file with ${count} bytes more there`, `${end - at}`, at);
  }
  async function peek(count: number): Promise<Uint8Array> {
    check(count);
    const rest = has();
    if (rest < count) {
      const wanted = Math.min(end - at, Math.max(count, size));
      const kept = held.length - rest;
      held.copyWithin(0, kept);
      const bytes = room.atLeast(wanted, rest).subarray(0, wanted);
      held = bytes.subarray(0, rest);
      from = at;
      await shard.fill(bytes.subarray(rest), at + rest);
      held = bytes;
    }
    return held.subarray(at - from);
  }
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
    async take(count, beside) {
      check(count);
      const rest = has();
      let bytes: Uint8Array;
      if (count <= Math.max(size, rest)) bytes = (await peek(count)).subarray(0, count);
      else {
        bytes = beside.atLeast(count).subarray(0, count);
        if (rest > 0) bytes.set(held.subarray(at - from));
        await shard.fill(bytes.subarray(rest), at + rest);
      }
      at += count;
      return bytes;
    },
  };
}
