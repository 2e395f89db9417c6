import { FormatError } from '../../core/errors';
import { WIRE } from './wire-writer';

/** Whose file it is, for errors. */
export interface Reading {
  readonly where: string;
  readonly what: string;
}

/** A message where it stands in the file; nothing is copied. */
export interface Message {
  readonly reading: Reading;
  readonly bytes: Uint8Array;
  /** Its first byte in the file. */
  readonly at: number;
}

/** One field of a message. */
export interface WireField {
  readonly number: number;
  readonly wire: number;
  /** Of a varint; of 64 bits a bigint where a number is not exact. */
  readonly value: number | bigint;
  /** What a field of bytes, or of a fixed width, holds. */
  readonly content: Message;
  /** The field with its tag, to be copied as it is. */
  readonly whole: Uint8Array;
}

export function refuseBytes({ reading, at }: Message, offset: number, expected: string, received: unknown): never {
  throw new FormatError(reading.where, reading.what, expected, received, at + offset);
}

/** A varint at a place, and where it ends. */
function readVarint(message: Message, from: number): { value: number | bigint; to: number } {
  const { bytes } = message;
  let value = 0;
  for (let i = 0; i < 7; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) refuseBytes(message, from, 'a whole number', 'the end of its message');
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, to: from + i + 1 };
  }
  let large = BigInt(value);
  for (let i = 7; i < 10; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) refuseBytes(message, from, 'a whole number', 'the end of its message');
    large |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) {
      const signed = BigInt.asIntN(64, large);
      const number = Number(signed);
      return { value: Number.isSafeInteger(number) ? number : signed, to: from + i + 1 };
    }
  }
  return refuseBytes(message, from, 'a whole number of at most 10 bytes', 'a longer one');
}

/** The fields of a message in their order, one at a time, so that a file of a billion tiny ones costs no memory. */
export function* fieldsOf(message: Message): Generator<WireField> {
  const { reading, bytes, at } = message;
  let next = 0;
  while (next < bytes.length) {
    const from = next;
    const tag = readVarint(message, from);
    const [number, wire] = [Math.floor(Number(tag.value) / 8), Number(tag.value) & 7];
    if (!(number >= 1 && number < 2 ** 29)) refuseBytes(message, from, 'a field number from 1', number);
    let value: number | bigint = 0;
    let start = tag.to;
    if (wire === WIRE.varint) {
      ({ value, to: next } = readVarint(message, start));
    } else if (wire === WIRE.bytes) {
      const length = readVarint(message, start);
      start = length.to;
      next = start + Number(length.value);
      if (!(length.value >= 0 && next <= bytes.length)) {
        refuseBytes(message, from, `at most ${bytes.length - start} bytes of field ${number}`, length.value);
      }
    } else if (wire === WIRE.fixed32 || wire === WIRE.fixed64) {
      next = start + (wire === WIRE.fixed32 ? 4 : 8);
      if (next > bytes.length) refuseBytes(message, from, `the whole of field ${number}`, 'the end of its message');
    } else {
      refuseBytes(message, from, 'a field of wire type 0, 1, 2 or 5', wire);
    }
    const content = { reading, bytes: bytes.subarray(start, next), at: at + start };
    yield { number, wire, value, content, whole: bytes.subarray(from, next) };
  }
}

/** The message, or bytes, of a field. @throws FormatError where the field is a number */
export function messageOf({ number, wire, content }: WireField): Message {
  return wire === WIRE.bytes ? content : refuseBytes(content, 0, `bytes in field ${number}`, `wire type ${wire}`);
}

/** @throws FormatError where it is no text in UTF-8 */
export function textOfField(field: WireField): string {
  const message = messageOf(field);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(message.bytes);
  } catch {
    return refuseBytes(message, 0, `text in UTF-8 in field ${field.number}`, 'other bytes');
  }
}

/** @throws FormatError where it is no whole number that is exact in JavaScript */
export function intOfField({ number, wire, value, content }: WireField): number {
  if (wire === WIRE.varint && typeof value === 'number') return value;
  return refuseBytes(content, 0, `a whole number in field ${number}`, wire === WIRE.varint ? value : `type ${wire}`);
}

/** One of a repeated number, or many that are packed; calls `each` for every one. */
export function eachInt(field: WireField, each: (value: number) => void): void {
  if (field.wire !== WIRE.bytes) return each(intOfField(field));
  const message = field.content;
  let at = 0;
  while (at < message.bytes.length) {
    const { value, to } = readVarint(message, at);
    if (typeof value !== 'number') refuseBytes(message, at, 'a whole number below 2^53', value);
    each(value);
    at = to;
  }
}
