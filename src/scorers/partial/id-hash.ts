import { mixBits } from '../../core/mix-bits';
import { deriveSeed } from '../../core/random';
import type { RowId } from './row-ids';

/** What a hash of ids decides: each has its own, so that one choice says nothing of another. */
export const STREAMS = { sample: 1, calibration: 2, seen: 3, ensemble: 16 } as const;

/** One above the largest hash. */
export const HASHES = 2 ** 53;

const turned = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** Two lanes of Murmur3 that take words of 32 bits, and in the end mix with each other to 53 bits. */
export function wordHash(seed: number, stream: number) {
  const [first, second] = [deriveSeed(seed, stream, 1), deriveSeed(seed, stream, 2)];
  let [a, b, words] = [first, second, 0];
  return {
    take(word: number): void {
      words++;
      a ^= Math.imul(turned(Math.imul(word, 0x239b961b), 15), 0xab0e9789);
      a = (Math.imul(turned(a, 19), 5) + 0x561ccd1b) | 0;
      b ^= Math.imul(turned(Math.imul(word, 0xab0e9789), 16), 0x38b34ae5);
      b = (Math.imul(turned(b, 17), 5) + 0x0bcaa747) | 0;
    },
    /** The hash of all words since the last one. */
    end(): number {
      a = ((a ^ words) + (b ^ words)) | 0;
      b = ((b ^ words) + a) | 0;
      a = mixBits(a) | 0;
      b = mixBits(b) | 0;
      a = (a + b) | 0;
      b = (b + a) | 0;
      const hash = (a >>> 0) * 2 ** 21 + (b >>> 11);
      [a, b, words] = [first, second, 0];
      return hash;
    },
  };
}

/**
 * A hash of ids by a seed, whole numbers from 0 below 2^53: the same on every machine, of every order and split.
 *
 * A whole number is its lower half, its upper half and the word 0; a text its UTF-16 units, each a word, and the word
 * 1; a bigint beyond the whole numbers of doubles its decimal digits as such a text, and the word 2.
 *
 * Source: Appleby, MurmurHash3 (public domain), the steps of x86_128 on its first two lanes.
 */
export function idHash(seed: number, stream: number): (id: RowId) => number {
  const { take, end } = wordHash(seed, stream);
  return (id) => {
    if (typeof id === 'number') {
      const high = Math.floor(id / 2 ** 32);
      take((id - high * 2 ** 32) | 0);
      take(high | 0);
      take(0);
    } else {
      const text = String(id);
      for (let at = 0; at < text.length; at++) take(text.charCodeAt(at));
      take(typeof id === 'string' ? 1 : 2);
    }
    return end();
  };
}

/** Which ids a share is of: those whose hash lies below it. */
export function idShare(seed: number, stream: number, share: number): (id: RowId) => boolean {
  const hash = idHash(seed, stream);
  return (id) => hash(id) < share * HASHES;
}
