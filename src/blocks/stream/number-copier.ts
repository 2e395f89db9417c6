import { float16Of, numberFormat, type NumberFormatName } from './number-formats';

/** Whether numbers that files have little-endian lie so in memory too. */
const IS_LITTLE = /* @__PURE__ */ (() => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1)();

/** Where numbers go. */
export interface Into {
  out: Float32Array;
  at: number;
  /** From one row to the next. */
  stride: number;
  width: number;
  rows: number;
}

/** Writes `count` numbers that begin at a byte to a list, as float32. */
type CopyRun = (bytes: Uint8Array, from: number, out: Float32Array, at: number, count: number) => void;

const copyFloats: CopyRun = (bytes, from, out, at, count) => {
  new Uint8Array(out.buffer, out.byteOffset + 4 * at, 4 * count).set(bytes.subarray(from, from + 4 * count));
};

/** Bytes that are copied to where numbers may begin, at a time. */
const ALIGNED = 2 ** 13;

const TYPED = /* @__PURE__ */ (() => ({
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
}))();

/** Part by part, bytes are put where a typed list can begin, and `made` says what makes numbers of a part. */
function byParts(size: number, made: (room: ArrayBuffer) => (out: Float32Array, at: number, count: number) => void) {
  const room = new ArrayBuffer(ALIGNED);
  const [own, give, most] = [new Uint8Array(room), made(room), ALIGNED / size];
  const copy: CopyRun = (bytes, from, out, at, count) => {
    for (let done = 0; done < count; done += most) {
      const some = Math.min(most, count - done);
      own.set(bytes.subarray(from + done * size, from + (done + some) * size));
      give(out, at + done, some);
    }
  };
  return copy;
}

/** What copies numbers of a format that lie as they do in memory; those of others are read one by one. */
function newRun(name: NumberFormatName): CopyRun | undefined {
  if (name === 'float32') return copyFloats;
  if (name === 'float16') {
    const known = Float32Array.from({ length: 2 ** 16 }, (_, bits) => float16Of(bits));
    return byParts(2, (room) => {
      const bits = new Uint16Array(room);
      return (out, at, count) => {
        for (let i = 0; i < count; i++) out[at + i] = known[bits[i]!]!;
      };
    });
  }
  if (name === 'int64' || name === 'uint64') {
    return byParts(8, (room) => {
      const [low, high] = [new Uint32Array(room), name === 'int64' ? new Int32Array(room) : new Uint32Array(room)];
      // Rounded twice, as a BigInt is that becomes a number and then a float32
      return (out, at, count) => {
        for (let i = 0; i < count; i++) out[at + i] = high[2 * i + 1]! * 2 ** 32 + low[2 * i]!;
      };
    });
  }
  if (name === 'bfloat16') return undefined;
  const Typed = TYPED[name];
  return byParts(Typed.BYTES_PER_ELEMENT, (room) => {
    const numbers = new Typed(room);
    return (out, at, count) => out.set(numbers.subarray(0, count), at);
  });
}

/** Made once: one has memory of its own, of float16 a table. */
const runs = /* @__PURE__ */ new Map<NumberFormatName, CopyRun | undefined>();

function fastRun(name: NumberFormatName): CopyRun | undefined {
  if (!runs.has(name)) runs.set(name, newRun(name));
  return runs.get(name);
}

/** Rows narrower than this are copied number by number. */
const NARROW = 8;

/** A copier of `rows` x `width` numbers from a byte on, as float32. */
export function numberCopier(name: NumberFormatName, isLittle = true) {
  const { bytes: size, read } = numberFormat(name, isLittle);
  const each: CopyRun = (bytes, from, out, at, count) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < count; i++) out[at + i] = read(view, from + i * size);
  };
  const run = ((isLittle || size === 1) && IS_LITTLE && fastRun(name)) || each;
  return (bytes: Uint8Array, from: number, { out, at, stride, width, rows }: Into): void => {
    if (stride === width || rows === 1) return run(bytes, from, out, at, rows * width);
    const copy = width < NARROW ? each : run;
    for (let row = 0; row < rows; row++) copy(bytes, from + row * width * size, out, at + row * stride, width);
  };
}
