import { byteWindow } from '../bytes/byte-window';
import type { Shard } from '../bytes/shard';

/** Bytes in their order. */
export interface ByteFeed {
  /** The next `count` bytes, valid until the next call. @throws FormatError where they end early */
  next(count: number): Promise<Uint8Array>;
  /** Throws where more bytes come. */
  end(): Promise<void>;
}

const WINDOW = 2 ** 20;
/** Deflate makes at most 1032 bytes of one: what a window of a bomb becomes stays small. */
const PACKED_WINDOW = 2 ** 14;

/** A part of a shard as it is. */
export function plainFeed(shard: Shard, start: number, end: number): ByteFeed {
  const window = byteWindow(shard, start, end, WINDOW);
  return {
    async next(count) {
      const bytes = (await window.peek(count)).subarray(0, count);
      window.skip(count);
      return bytes;
    },
    end: () => {
      if (window.left === 0) return Promise.resolve();
      throw shard.refuse(`a file of ${window.at} bytes`, `${window.left} more`);
    },
  };
}

/** A part of a shard that is deflated without a head, as in zip files; at most `size` bytes come out. */
export function inflatedFeed(shard: Shard, start: number, end: number, size: number): ByteFeed {
  const window = byteWindow(shard, start, end, PACKED_WINDOW);
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const bytes = await window.some();
        if (bytes.length === 0) return controller.close();
        window.skip(bytes.length);
        controller.enqueue(bytes.slice());
      },
    },
    { highWaterMark: 0 },
  );
  const reader = packed
    .pipeThrough(new DecompressionStream('deflate-raw'))
    .getReader() as ReadableStreamDefaultReader<Uint8Array>;
  let held = new Uint8Array();
  let given = 0;
  const more = async (): Promise<Uint8Array | undefined> => {
    try {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    } catch (error) {
      throw shard.refuse('a file with whole deflated entries', (error as Error).message, start);
    }
  };
  const tooMuch = () => shard.refuse(`a file whose entry at byte ${start} has ${size} bytes`, 'one with more');
  return {
    async next(count) {
      if (given + count > size) throw tooMuch();
      if (held.length < count) {
        const joined = new Uint8Array(count);
        joined.set(held);
        let has = held.length;
        held = new Uint8Array();
        while (has < count) {
          const part = await more();
          if (!part) throw shard.refuse(`a file whose entry at byte ${start} has ${size} bytes`, `${given + has}`);
          const own = part.subarray(0, count - has);
          joined.set(own, has);
          has += own.length;
          held = part.slice(own.length);
        }
        given += count;
        return joined;
      }
      const bytes = held.subarray(0, count);
      held = held.subarray(count);
      given += count;
      return bytes;
    },
    async end() {
      if (held.length > 0 || given < size)
        throw given < size ? shard.refuse(`a file with ${given} bytes there`, size) : tooMuch();
      const part = await more();
      if (part && part.length > 0) throw tooMuch();
    },
  };
}
