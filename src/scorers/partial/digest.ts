import type { Head } from '../contract/scorer';
import { wordHash } from './id-hash';

/**
 * A short text that differs where the bytes do, by 106 bits of a hash: against mistakes, not against whoever wants two
 * to agree.
 */
export function digestOf(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 4);
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return [1, 2]
    .map((seed) => {
      const { take, end } = wordHash(seed, 0);
      for (let at = 0; at < whole; at += 4) take(words.getInt32(at, true));
      for (let at = whole; at < bytes.length; at++) take(bytes[at]!);
      return end().toString(16).padStart(14, '0');
    })
    .join('');
}

/** The digest of a head. */
export const digestOfHead = ({ weights, bias }: Head): string => digestOf(bytesOf(weights)) + digestOf(bytesOf(bias));

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
