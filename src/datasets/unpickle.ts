import { FormatError } from '../core/errors';
import { pickleBuild, pickleGlobal, pickleReduce, PickleTuple, shortText, type PickleValue } from './pickle-values';

const MARK = Symbol('mark');

/** More values than a data set has at once on the stack, in the memo or in a dictionary. */
const MOST_VALUES = 2 ** 18;

/** A pickle's value, and for its arrays and lists the byte at which they were made (0 for others). */
export interface Unpickled {
  value: PickleValue;
  offsetOf(value: unknown): number;
}

/** The bytes of a pickle, read in order; what is not there is refused. */
function byteReader(bytes: Uint8Array, refuse: (expected: string, received: string) => never) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const take = (count: number): Uint8Array => {
    const left = bytes.length - offset;
    if (!(count <= left)) return refuse(`${count} more bytes`, String(left));
    offset += count;
    return bytes.subarray(offset - count, offset);
  };
  const at = (width: number): number => {
    take(width);
    return offset - width;
  };
  return {
    at: () => offset,
    left: () => bytes.length - offset,
    take,
    u8: () => view.getUint8(at(1)),
    u16: () => view.getUint16(at(2), true),
    u32: () => view.getUint32(at(4), true),
    i32: () => view.getInt32(at(4), true),
    u64: () => Number(view.getBigUint64(at(8), true)), // not exact past 2^53, where no file is as long
    double: () => view.getFloat64(at(8)),
    /** A little-endian whole number of any width. */
    long: (width: number): number => {
      if (width > 8) return refuse('a whole number below 2^53', `one of ${width} bytes`);
      let value = 0n;
      take(width).forEach((byte, i) => (value |= BigInt(byte) << BigInt(8 * i)));
      const number = Number(BigInt.asIntN(8 * width, value));
      return Number.isSafeInteger(number) ? number : refuse('a whole number below 2^53', 'a larger one');
    },
    line: (): Uint8Array => {
      const length = bytes.subarray(offset, offset + 257).indexOf(10);
      if (length < 0) return refuse('a line of at most 256 bytes', 'a longer one');
      return take(length + 1).subarray(0, -1);
    },
    utf8: (count: number): string => {
      const part = take(count);
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part);
      } catch {
        return refuse('a string in UTF-8', 'other bytes');
      }
    },
  };
}

/**
 * A restricted unpickler: dictionaries, lists, tuples, strings, numbers and NumPy arrays of whole numbers, of protocols
 * 2 to 5. It calls nothing, refuses every other opcode and global, and its time and memory are linear in the length of
 * the bytes.
 *
 * Format: Python's `pickletools`.
 */
export function unpickle(where: string, bytes: Uint8Array, file: string): Unpickled {
  let opcodeAt = 0;
  const refuse = (expected: string, received: string): never => {
    throw new FormatError(where, file, expected, received, opcodeAt);
  };
  const read = byteReader(bytes, refuse);
  const stack: (PickleValue | typeof MARK)[] = [];
  const memo = new Map<number, PickleValue>();
  const madeAt = new Map<unknown, number>();
  let budget = bytes.length;
  // Text of a memo could be converted over and over: all of it together is no longer than the file.
  const spend = (count: number) => {
    if ((budget -= count) < 0) refuse('each text converted once', 'one that is converted again');
  };

  const push = (value: PickleValue | typeof MARK) => {
    if (stack.length >= MOST_VALUES) refuse(`at most ${MOST_VALUES} values on the stack`, 'more');
    stack.push(value);
  };
  const value = (found: PickleValue | typeof MARK | undefined): PickleValue =>
    found === undefined || found === MARK ? refuse('a value on the stack', 'none') : found;
  const pop = () => value(stack.pop());
  const top = () => value(stack.at(-1));
  const popToMark = (): PickleValue[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) return refuse('a mark on the stack', 'none');
    return stack.splice(mark).slice(1) as PickleValue[];
  };
  const pushTuple = (count: number) => {
    const items: PickleValue[] = [];
    for (let i = 0; i < count; i++) items.unshift(pop());
    push(new PickleTuple(items));
  };
  const pushMade = (made: PickleValue) => {
    if (madeAt.size < MOST_VALUES) madeAt.set(made, opcodeAt);
    push(made);
  };
  const setItems = (items: PickleValue[]) => {
    const target = top();
    if (!(target instanceof Map)) return refuse('a dictionary', 'something else');
    if (items.length % 2 === 1) return refuse('pairs of key and value', `${items.length} values`);
    for (let i = 0; i < items.length; i += 2) {
      const key = typeof items[i] === 'number' ? (items[i] as number) : shortText(items[i], spend);
      if (key === undefined) return refuse('a number or a short string as key', 'something else');
      if (target.size >= MOST_VALUES) return refuse(`at most ${MOST_VALUES} keys`, 'more');
      target.set(key, items[i + 1]!);
    }
  };
  const append = (items: PickleValue[]) => {
    const target = top();
    if (!Array.isArray(target)) return refuse('a list', 'something else');
    for (const item of items) target.push(item);
  };
  const remember = (key: number) => {
    if (memo.size >= MOST_VALUES) refuse(`at most ${MOST_VALUES} values in the memo`, 'more');
    memo.set(key, top());
  };
  const recall = (key: number) => {
    const known = memo.get(key);
    push(known === undefined ? refuse('a remembered value', 'none') : known);
  };
  const protocol = () => {
    const version = read.u8();
    if (version < 2 || version > 5) refuse('protocol 2 to 5', String(version));
  };

  /** Opcode -> what it does; the names are pickletools'. */
  const opcodes: Readonly<Record<number, () => void>> = {
    0x80: protocol,
    0x95: () => void read.u64(), // FRAME
    0x28: () => push(MARK),
    0x30: () => void pop(),
    0x31: () => void popToMark(),
    0x4e: () => push(null),
    0x88: () => push(true),
    0x89: () => push(false),
    0x4b: () => push(read.u8()), // BININT1
    0x4d: () => push(read.u16()), // BININT2
    0x4a: () => push(read.i32()), // BININT
    0x8a: () => push(read.long(read.u8())), // LONG1
    0x47: () => push(read.double()), // BINFLOAT
    0x55: () => push(read.take(read.u8())), // SHORT_BINSTRING, Python 2's str: bytes
    0x54: () => push(read.take(read.u32())), // BINSTRING
    0x8c: () => push(read.utf8(read.u8())), // SHORT_BINUNICODE
    0x58: () => push(read.utf8(read.u32())), // BINUNICODE
    0x8d: () => push(read.utf8(read.u64())), // BINUNICODE8
    0x43: () => push(read.take(read.u8())), // SHORT_BINBYTES
    0x42: () => push(read.take(read.u32())), // BINBYTES
    0x8e: () => push(read.take(read.u64())), // BINBYTES8
    0x96: () => push(read.take(read.u64())), // BYTEARRAY8
    0x29: () => pushTuple(0),
    0x85: () => pushTuple(1),
    0x86: () => pushTuple(2),
    0x87: () => pushTuple(3),
    0x74: () => push(new PickleTuple(popToMark())), // TUPLE
    0x5d: () => pushMade([]), // EMPTY_LIST
    0x61: () => append([pop()]), // APPEND
    0x65: () => append(popToMark()), // APPENDS
    0x7d: () => push(new Map()), // EMPTY_DICT
    0x73: () => setItems([pop(), pop()].reverse()), // SETITEM
    0x75: () => setItems(popToMark()), // SETITEMS
    0x63: () => push(pickleGlobal(read.line(), read.line(), refuse)), // GLOBAL
    0x93: () => {
      const name = pop();
      push(pickleGlobal(pop(), name, refuse)); // STACK_GLOBAL
    },
    0x52: () => {
      const args = pop();
      pushMade(pickleReduce(pop(), args, refuse, spend)); // REDUCE
    },
    0x62: () => {
      const state = pop();
      pickleBuild(top(), state, refuse); // BUILD
    },
    0x71: () => remember(read.u8()), // BINPUT
    0x72: () => remember(read.u32()), // LONG_BINPUT
    0x94: () => remember(memo.size), // MEMOIZE
    0x68: () => recall(read.u8()), // BINGET
    0x6a: () => recall(read.u32()), // LONG_BINGET
  };

  if (bytes[0] !== 0x80) refuse('a pickle of protocol 2 to 5', bytes.length === 0 ? 'no bytes' : 'another beginning');
  for (;;) {
    opcodeAt = read.at();
    const opcode = read.u8();
    if (opcode === 0x2e) break;
    (opcodes[opcode] ?? refuse('an opcode of data', `0x${opcode.toString(16)}`))();
  }
  const result = pop();
  if (stack.length > 0) refuse('one value', `${stack.length + 1}`);
  if (read.left() > 0) refuse('the end of the pickle to be the end of the file', `${read.left()} more bytes`);
  return { value: result, offsetOf: (made) => madeAt.get(made) ?? 0 };
}
