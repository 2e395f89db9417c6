/** Wasm instructions as bytes, and names of functions to call; nested, so that they compose like expressions. */
export type Code = readonly (number | string | Code)[];

/** How many parameters, int32 locals and v128 locals a function has: of {@link locals} alone. */
export interface LocalCounts {
  readonly params: number;
  readonly i32: number;
  readonly v128: number;
}

/** A function of int32 parameters without a result. */
export interface WasmFunction {
  readonly counts: LocalCounts;
  readonly body: Code;
}

type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text;
type Locals<Text extends string> = {
  readonly [W in Words<Text> as W extends `${infer Name}*${string}` ? Name : W]: W extends `${string}*${string}`
    ? readonly number[]
    : number;
};

/**
 * The numbers of a function's locals by their names, and how many there are: its parameters, then those of int32, then
 * those of v128. `sums*4` are four in a row.
 */
export function locals<P extends string, I extends string = never, V extends string = never>(names: {
  params: P;
  i32?: I;
  v128?: V;
}): Locals<P | I | V> & { readonly counts: LocalCounts } {
  const found: Record<string, unknown> = {};
  let next = 0;
  const number = (text = ''): number => {
    const first = next;
    for (const word of text.split(' ').filter(Boolean)) {
      const [name, length] = word.split('*') as [string, string?];
      if (name in found || name === 'counts') throw new Error(`tfjs-ood: a wasm function has two locals ${name}`);
      found[name] = length === undefined ? next++ : Array.from({ length: Number(length) }, () => next++);
    }
    return next - first;
  };
  const counts: LocalCounts = { params: number(names.params), i32: number(names.i32), v128: number(names.v128) };
  return { ...found, counts } as Locals<P | I | V> & { readonly counts: LocalCounts };
}

function leb128(value: number): number[] {
  const bytes: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    // Signed: done when the rest is the sign bit repeated. Also right for the small unsigned numbers here.
    if ((value === 0 && !(low & 0x40)) || (value === -1 && low & 0x40)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

// One address, one offset in bytes; alignment is a hint that this package does not give.
const access = (opcode: number[], offset: number): number[] => [...opcode, 0, ...unsigned(offset)];
const SIMD = 0xfd;
const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [a, b, opcode];

export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];

export const i32 = {
  const: (value: number): Code => [0x41, leb128(value)],
  add: /* @__PURE__ */ binary(0x6a),
  sub: /* @__PURE__ */ binary(0x6b),
  mul: /* @__PURE__ */ binary(0x6c),
  load: (address: Code, offset = 0): Code => [address, access([0x28], offset)],
};

export const f32 = {
  load: (address: Code, offset = 0): Code => [address, access([0x2a], offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, access([0x38], offset)],
};

const BYTES = Array.from({ length: 16 }, () => 1);

/** Any sixteen bytes. */
export const v128 = {
  store: (address: Code, value: Code, offset = 0): Code => [address, value, access([SIMD, 0x0b], offset)],
  /** Sixteen comparisons, of four each, as bytes of 0 and 1. */
  bits: (a: Code, b: Code, c: Code, d: Code): Code => {
    const [halves, bytes] = [binary(SIMD, 0x85, 0x01), binary(SIMD, 0x65)];
    return f32x4.and(bytes(halves(a, b), halves(c, d)), [SIMD, 0x0c, BYTES]);
  },
};

/** Comparisons of four float32, or of four int32: all ones or all zeros a lane. */
export const comparing = {
  float32: {
    Equal: /* @__PURE__ */ binary(SIMD, 0x41),
    NotEqual: /* @__PURE__ */ binary(SIMD, 0x42),
    Less: /* @__PURE__ */ binary(SIMD, 0x43),
    Greater: /* @__PURE__ */ binary(SIMD, 0x44),
    LessEqual: /* @__PURE__ */ binary(SIMD, 0x45),
    GreaterEqual: /* @__PURE__ */ binary(SIMD, 0x46),
  },
  int32: {
    Equal: /* @__PURE__ */ binary(SIMD, 0x37),
    NotEqual: /* @__PURE__ */ binary(SIMD, 0x38),
    Less: /* @__PURE__ */ binary(SIMD, 0x39),
    Greater: /* @__PURE__ */ binary(SIMD, 0x3b),
    LessEqual: /* @__PURE__ */ binary(SIMD, 0x3d),
    GreaterEqual: /* @__PURE__ */ binary(SIMD, 0x3f),
  },
};

/** Four float32 at once. Comparisons give all ones or all zeros per lane. */
export const f32x4 = {
  load: (address: Code, offset = 0): Code => [address, access([SIMD, 0x00], offset)],
  /** One number into all four lanes. */
  loadSplat: (address: Code, offset = 0): Code => [address, access([SIMD, 0x09], offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, access([SIMD, 0x0b], offset)],
  zero: [SIMD, 0x0c, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]] as Code,
  equal: /* @__PURE__ */ binary(SIMD, 0x41),
  and: /* @__PURE__ */ binary(SIMD, 0x4e),
  /** a and not b */
  andNot: /* @__PURE__ */ binary(SIMD, 0x4f),
  or: /* @__PURE__ */ binary(SIMD, 0x50),
  add: /* @__PURE__ */ binary(SIMD, 0xe4, 0x01),
  sub: /* @__PURE__ */ binary(SIMD, 0xe5, 0x01),
  mul: /* @__PURE__ */ binary(SIMD, 0xe6, 0x01),
  min: /* @__PURE__ */ binary(SIMD, 0xe8, 0x01),
  max: /* @__PURE__ */ binary(SIMD, 0xe9, 0x01),
  const: (value: number): Code => fourTimes(new Float32Array([value])),
  /** Four of the lanes of two locals: 0 to 3 of the first, 4 to 7 of the second. */
  pick: (a: number, b: number, lanes: readonly number[]): Code => shuffle(a, b, 4, lanes),
};

/** One number of 32 bits in all four lanes. */
const fourTimes = ({ buffer }: Float32Array | Int32Array): Code => {
  const bytes = [...new Uint8Array(buffer)];
  return [SIMD, 0x0c, bytes, bytes, bytes, bytes];
};

/** Four int32 at once. */
export const i32x4 = {
  const: (value: number): Code => fourTimes(new Int32Array([value])),
  add: /* @__PURE__ */ binary(SIMD, 0xae, 0x01),
  sub: /* @__PURE__ */ binary(SIMD, 0xb1, 0x01),
  shiftLeft: (a: Code, bits: number): Code => [a, i32.const(bits), SIMD, 0xab, 0x01],
  /** The sign stays. */
  shiftRight: (a: Code, bits: number): Code => [a, i32.const(bits), SIMD, 0xac, 0x01],
};

/** Two float64 at once. */
export const f64x2 = {
  load: (address: Code, offset = 0): Code => [address, access([SIMD, 0x00], offset)],
  /** One number into both lanes. */
  loadSplat: (address: Code, offset = 0): Code => [address, access([SIMD, 0x0a], offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, access([SIMD, 0x0b], offset)],
  zero: [SIMD, 0x0c, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]] as Code,
  add: /* @__PURE__ */ binary(SIMD, 0xf0, 0x01),
  sub: /* @__PURE__ */ binary(SIMD, 0xf1, 0x01),
  mul: /* @__PURE__ */ binary(SIMD, 0xf2, 0x01),
  div: /* @__PURE__ */ binary(SIMD, 0xf3, 0x01),
  min: /* @__PURE__ */ binary(SIMD, 0xf4, 0x01),
  sqrt: (a: Code): Code => [a, SIMD, 0xef, 0x01],
  /** The first two of four float32. */
  fromLow: (a: Code): Code => [a, SIMD, 0x5f],
  /** The last two of the four float32 of a local. */
  fromHigh: (local: number): Code => f64x2.fromLow(shuffle(local, local, 8, [1, 1])),
  /** First lanes of two locals. */
  firsts: (a: number, b: number): Code => shuffle(a, b, 8, [0, 2]),
  /** Second lanes of two locals. */
  seconds: (a: number, b: number): Code => shuffle(a, b, 8, [1, 3]),
};

/** Some of the lanes of so many bytes of two locals. */
function shuffle(a: number, b: number, bytes: number, lanes: readonly number[]): Code {
  return [
    get(a),
    get(b),
    SIMD,
    0x0d,
    lanes.flatMap((lane) => Array.from({ length: bytes }, (_, i) => bytes * lane + i)),
  ];
}

/** Runs a function of the same module, by its name there. */
export const call = (name: string, ...values: Code[]): Code => [values, 0x10, name];

/** Adds to an int32 local. */
export const advance = (local: number, by: Code): Code => set(local, i32.add(get(local), by));

/** Runs `body` `count` times, 0 too; counts the local down to 0. */
export const repeat = (count: number, body: Code): Code => [
  [0x02, 0x40, get(count), 0x45, 0x0d, 0], // block; if it is 0, leave
  [0x03, 0x40, body, set(count, i32.sub(get(count), i32.const(1))), get(count), 0x0d, 0, 0x0b], // loop
  0x0b,
];

/** The bytes, with the places of functions for their names. */
function flatten(code: Code, names: readonly string[]): number[] {
  return code.flatMap((part) => {
    if (typeof part === 'number') return [part];
    if (typeof part !== 'string') return flatten(part, names);
    if (!names.includes(part)) throw new Error(`tfjs-ood: a wasm module has no function ${part}`);
    return unsigned(names.indexOf(part));
  });
}

const vector = (items: readonly number[][]): number[] => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: number[]): number[] => [...unsigned(bytes.length), ...bytes];
const section = (id: number, items: readonly number[][]): number[] => [id, ...sized(vector(items))];
const text = (value: string): number[] => sized([...value].map((character) => character.charCodeAt(0)));

/** A wasm binary that exports `functions` and imports its memory as `env.memory`. */
export function assembleModule(functions: Readonly<Record<string, WasmFunction>>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(functions);
  const [I32, V128, MEMORY] = [0x7f, 0x7b, 0x02];
  const code = entries.map(([, { counts, body }]) => {
    const types = vector([
      [...unsigned(counts.i32), I32],
      [...unsigned(counts.v128), V128],
    ]);
    return sized([...types, ...flatten(body, Object.keys(functions)), 0x0b]);
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(
      1,
      entries.map(([, { counts }]) => [0x60, ...vector(new Array<number[]>(counts.params).fill([I32])), 0]),
    ),
    ...section(2, [[...text('env'), ...text('memory'), MEMORY, 0, 0]]),
    ...section(
      3,
      entries.map((_, i) => unsigned(i)),
    ),
    ...section(
      7,
      entries.map(([name], i) => [...text(name), 0, ...unsigned(i)]),
    ),
    ...section(10, code),
  ]);
}
