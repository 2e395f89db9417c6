import { FormatError } from '../errors';

/** What a pickle of a data set can hold. */
export type Unpickled =
  null | boolean | number | string | Uint8Array | UnpickledArray | Unpickled[] | Map<Unpickled, Unpickled>;

/** A uint8 NumPy array, in C order. */
export class UnpickledArray {
  constructor(
    readonly shape: readonly number[],
    readonly data: Uint8Array,
  ) {}
}

/** The only globals that may be named; none is ever called, they stand for what NumPy's pickles do with them. */
const GLOBALS: Readonly<Record<string, 'reconstruct' | 'ndarray' | 'dtype' | 'encode'>> = {
  'numpy.core.multiarray _reconstruct': 'reconstruct',
  'numpy._core.multiarray _reconstruct': 'reconstruct',
  'numpy ndarray': 'ndarray',
  'numpy dtype': 'dtype',
  '_codecs encode': 'encode',
};

class Global {
  constructor(readonly kind: 'reconstruct' | 'ndarray' | 'dtype' | 'encode') {}
}
/** A tuple differs from a list only in that a dtype's or an array's state is one. */
class Tuple {
  constructor(readonly items: Value[]) {}
}
/** A NumPy array before its state, a dtype. */
class PendingArray {
  array: UnpickledArray | undefined;
}
class Dtype {
  constructor(readonly name: string) {}
}
const MARK = Symbol('mark');
type Value = Unpickled | Global | Tuple | PendingArray | Dtype | typeof MARK | Value[] | Map<Value, Value>;

const latin1 = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
};

/**
 * A restricted unpickler: dictionaries, lists, tuples, strings, numbers and uint8 NumPy arrays. It calls nothing, and refuses
 * every other opcode and global. Protocols 2 to 5.
 *
 * Format: Python's `pickletools`.
 */
export function unpickle(where: string, bytes: Uint8Array, file: string): Unpickled {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Value[] = [];
  const memo = new Map<number, Value>();
  let offset = 0;
  let opcodeAt = 0;

  const refuse = (expected: string, received: string): never => {
    throw new FormatError({ where, what: file, expected, received }, opcodeAt);
  };
  const take = (count: number): Uint8Array => {
    if (!(count >= 0 && count <= bytes.length - offset))
      return refuse(`${count} more bytes`, `${bytes.length - offset}`);
    offset += count;
    return bytes.subarray(offset - count, offset);
  };
  const unsigned = (width: 1 | 2 | 4 | 8): number => {
    take(width);
    const at = offset - width;
    if (width === 1) return view.getUint8(at);
    if (width === 2) return view.getUint16(at, true);
    if (width === 4) return view.getUint32(at, true);
    const long = view.getBigUint64(at, true);
    return long > BigInt(Number.MAX_SAFE_INTEGER) ? refuse('a length below 2^53', String(long)) : Number(long);
  };
  const line = (): string => {
    const end = bytes.indexOf(10, offset);
    if (end < 0 || end - offset > 256) return refuse('a line', 'no end of it');
    const text = latin1(take(end - offset));
    offset++;
    return text;
  };
  const utf8 = (count: number): string => {
    const part = take(count);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(part);
    } catch {
      return refuse('a string in UTF-8', 'other bytes');
    }
  };
  const pop = (): Value => {
    const value = stack.pop();
    return value === undefined || value === MARK ? refuse('a value on the stack', 'none') : value;
  };
  const popToMark = (): Value[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) return refuse('a mark on the stack', 'none');
    const items = stack.splice(mark);
    items.shift();
    return items;
  };
  const top = (): Value => stack.at(-1) ?? refuse('a value on the stack', 'none');
  const tuple = (count: number): Tuple => {
    const items: Value[] = [];
    for (let i = 0; i < count; i++) items.unshift(pop());
    return new Tuple(items);
  };
  const setItems = (items: Value[]): void => {
    const target = top();
    if (!(target instanceof Map) || items.length % 2 === 1)
      return refuse('a dictionary and its pairs', 'something else');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (typeof key !== 'string' && typeof key !== 'number' && !(key instanceof Uint8Array)) {
        return refuse('a string or number as key', 'something else');
      }
      (target as Map<Value, Value>).set(key instanceof Uint8Array ? latin1(key) : key, items[i + 1]!);
    }
  };
  const append = (items: Value[]): void => {
    const target = top();
    if (!Array.isArray(target)) return refuse('a list', 'something else');
    for (const item of items) (target as Value[]).push(item);
  };
  const named = (module: Value, name: Value): Global => {
    if (typeof module !== 'string' || typeof name !== 'string') return refuse('names of a global', 'something else');
    const key = `${module} ${name}`;
    const kind = Object.hasOwn(GLOBALS, key) ? GLOBALS[key] : undefined;
    return kind ? new Global(kind) : refuse('a NumPy array and nothing else', `the global ${module}.${name}`);
  };
  const reduce = (): Value => {
    const args = pop();
    const callee = pop();
    if (!(callee instanceof Global) || !(args instanceof Tuple))
      return refuse('a known global and its arguments', 'others');
    const [first, second] = args.items;
    if (callee.kind === 'reconstruct' && first instanceof Global && first.kind === 'ndarray') return new PendingArray();
    if (callee.kind === 'dtype' && typeof first === 'string') return new Dtype(first);
    if (callee.kind === 'encode' && typeof first === 'string' && second === 'latin1') {
      if ([...first].some((character) => character > '\u00ff')) return refuse('latin1 text', 'other characters');
      return Uint8Array.from(first, (character) => character.charCodeAt(0));
    }
    return refuse('arguments of a NumPy array', `others for ${callee.kind}`);
  };
  /** State of an array: (version, shape, dtype, is Fortran order, data). */
  const build = (): void => {
    const state = pop();
    const target = top();
    if (target instanceof Dtype) return; // byte order and the like: uint8 has none
    if (!(target instanceof PendingArray) || !(state instanceof Tuple))
      return refuse('the state of an array', 'another');
    const [, shape, dtype, isFortran, raw] = state.items;
    if (!(dtype instanceof Dtype) || !['u1', '|u1', 'uint8'].includes(dtype.name)) {
      return refuse('an array of uint8', dtype instanceof Dtype ? dtype.name : 'no dtype');
    }
    const sides = shape instanceof Tuple ? shape.items : [];
    const count = sides.reduce<number>(
      (product, side) => (typeof side === 'number' && side >= 0 ? product * side : NaN),
      1,
    );
    const data = typeof raw === 'string' ? Uint8Array.from(raw, (c) => c.charCodeAt(0)) : raw;
    if (isFortran !== false || !(data instanceof Uint8Array) || data.length !== count) {
      return refuse(`${count} bytes in C order`, data instanceof Uint8Array ? String(data.length) : 'no bytes');
    }
    target.array = new UnpickledArray(sides as number[], data);
  };

  /** Opcode -> what it does; the names are pickletools'. */
  const opcodes: Readonly<Record<number, () => void>> = {
    0x80: () => {
      const version = unsigned(1);
      if (version < 2 || version > 5) refuse('protocol 2 to 5', String(version));
    },
    0x95: () => void unsigned(8), // FRAME
    0x28: () => stack.push(MARK),
    0x30: () => void pop(),
    0x31: () => void popToMark(),
    0x4e: () => stack.push(null),
    0x88: () => stack.push(true),
    0x89: () => stack.push(false),
    0x4b: () => stack.push(unsigned(1)), // BININT1
    0x4d: () => stack.push(unsigned(2)),
    0x4a: () => stack.push(unsigned(4) | 0), // BININT
    0x8a: () => stack.push(littleLong(take(unsigned(1)))), // LONG1
    0x47: () => {
      take(8);
      stack.push(view.getFloat64(offset - 8));
    },
    // Python 2 strings are bytes; short ones are names, long ones the data of an array.
    0x55: () => stack.push(latin1(take(unsigned(1)))), // SHORT_BINSTRING
    0x54: () => stack.push(take(unsigned(4))), // BINSTRING
    0x8c: () => stack.push(utf8(unsigned(1))),
    0x58: () => stack.push(utf8(unsigned(4))), // BINUNICODE
    0x8d: () => stack.push(utf8(unsigned(8))),
    0x43: () => stack.push(take(unsigned(1))), // SHORT_BINBYTES
    0x42: () => stack.push(take(unsigned(4))),
    0x8e: () => stack.push(take(unsigned(8))),
    0x29: () => stack.push(new Tuple([])),
    0x85: () => stack.push(tuple(1)),
    0x86: () => stack.push(tuple(2)),
    0x87: () => stack.push(tuple(3)),
    0x74: () => stack.push(new Tuple(popToMark())),
    0x5d: () => stack.push([]),
    0x6c: () => stack.push(popToMark()),
    0x61: () => append([pop()]),
    0x65: () => append(popToMark()),
    0x7d: () => stack.push(new Map()),
    0x73: () => {
      const value = pop();
      const key = pop();
      setItems([key, value]);
    },
    0x75: () => setItems(popToMark()),
    0x63: () => {
      const module = line();
      stack.push(named(module, line()));
    },
    0x93: () => {
      const name = pop();
      stack.push(named(pop(), name));
    },
    0x52: () => stack.push(reduce()),
    0x62: build,
    0x71: () => memo.set(unsigned(1), top()), // BINPUT
    0x72: () => memo.set(unsigned(4), top()),
    0x94: () => memo.set(memo.size, top()), // MEMOIZE
    0x68: () => stack.push(recall(unsigned(1))),
    0x6a: () => stack.push(recall(unsigned(4))),
  };
  const recall = (key: number): Value => memo.get(key) ?? (memo.has(key) ? null : refuse('a remembered value', 'none'));
  const littleLong = (part: Uint8Array): number => {
    let value = 0n;
    part.forEach((byte, i) => (value |= BigInt(byte) << BigInt(8 * i)));
    const number = Number(BigInt.asIntN(8 * part.length, value));
    return Number.isSafeInteger(number) ? number : refuse('a whole number below 2^53', 'a larger one');
  };

  for (;;) {
    opcodeAt = offset;
    const opcode = unsigned(1);
    if (opcode === 0x2e) break;
    const act = opcodes[opcode] ?? refuse('an opcode of data', `0x${opcode.toString(16)}`);
    act();
  }
  const result = pop();
  return stack.length === 0 ? finish(result, refuse, 0) : refuse('one value', 'more');
}

/** Plain data of what the stack held; nesting is limited, so that a value that holds itself ends too. */
function finish(value: Value, refuse: (expected: string, received: string) => never, depth: number): Unpickled {
  if (depth > 16) return refuse('at most 16 levels', 'more');
  if (value instanceof PendingArray) return value.array ?? refuse('an array with its data', 'one without');
  if (value instanceof Tuple) return value.items.map((item) => finish(item, refuse, depth + 1));
  if (Array.isArray(value)) return (value as Value[]).map((item) => finish(item, refuse, depth + 1));
  if (value instanceof Map) {
    const pairs = [...(value as Map<Value, Value>)];
    return new Map(pairs.map(([key, item]) => [key as Unpickled, finish(item, refuse, depth + 1)]));
  }
  if (value instanceof Global || value instanceof Dtype || typeof value === 'symbol') return refuse('data', 'a global');
  return value;
}
