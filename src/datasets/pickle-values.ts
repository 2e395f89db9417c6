/** What the restricted unpickler can build. It is not copied or walked: a list may well hold itself. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickleValue[]
  | Map<string | number, PickleValue>
  | PickleTuple
  | PickledArray
  | PickledDtype
  | PickleGlobal;

/** A tuple differs from a list in that arguments and states are tuples. */
export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A NumPy array; bytes, type and shape come with its state. C order. */
export class PickledArray {
  shape: readonly number[] = [];
  raw: Uint8Array | undefined;
  dtype: PickledDtype | undefined;

  /** The bytes of an array of uint8; undefined for others. */
  get data(): Uint8Array | undefined {
    return this.dtype?.bytes === 1 && this.dtype.name.includes('u') ? this.raw : undefined;
  }

  /** The whole numbers of an array of one dimension, or of one column. */
  get column(): number[] | undefined {
    const { raw, dtype, shape } = this;
    if (!raw || !dtype || (shape[0] ?? 0) * dtype.bytes !== raw.length) return undefined;
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const { read, bytes } = dtype;
    return Array.from({ length: shape[0]! }, (_, i) => read(view, i * bytes, dtype.isLittle));
  }
}

type ReadNumber = (view: DataView, at: number, isLittle: boolean) => number;

/** Whole numbers by NumPy's name of their type: how many bytes, and how one is read. */
const INTEGERS: Readonly<Record<string, readonly [bytes: number, read: ReadNumber]>> = {
  u1: [1, (view, at) => view.getUint8(at)],
  i1: [1, (view, at) => view.getInt8(at)],
  u2: [2, (view, at, isLittle) => view.getUint16(at, isLittle)],
  i2: [2, (view, at, isLittle) => view.getInt16(at, isLittle)],
  u4: [4, (view, at, isLittle) => view.getUint32(at, isLittle)],
  i4: [4, (view, at, isLittle) => view.getInt32(at, isLittle)],
  u8: [8, (view, at, isLittle) => Number(view.getBigUint64(at, isLittle))],
  i8: [8, (view, at, isLittle) => Number(view.getBigInt64(at, isLittle))],
};

/** A NumPy dtype, by name: `i8`, or `<i8` where the name has the byte order. */
export class PickledDtype {
  /** Little unless the name or the state says otherwise. */
  isLittle: boolean;
  readonly read: ReadNumber;
  /** Of one number; 0 where they are no whole numbers. */
  readonly bytes: number;

  constructor(readonly name: string) {
    this.isLittle = !name.startsWith('>');
    const short = name === 'uint8' ? 'u1' : name.replace(/^[<>|=]/, '');
    const [bytes, read] = Object.hasOwn(INTEGERS, short) ? INTEGERS[short]! : [0, () => NaN];
    [this.bytes, this.read] = [bytes, read];
  }
}

/** The only globals that may be named. None is ever called: they stand for what NumPy's pickles do with them. */
const GLOBALS = new Map([
  ['numpy.core.multiarray _reconstruct', 'reconstruct'],
  ['numpy._core.multiarray _reconstruct', 'reconstruct'],
  ['numpy.core.numeric _frombuffer', 'frombuffer'], // protocol 5
  ['numpy._core.numeric _frombuffer', 'frombuffer'],
  ['numpy ndarray', 'ndarray'],
  ['numpy dtype', 'dtype'],
  ['_codecs encode', 'encode'],
]);

/** One of them. */
export class PickleGlobal {
  constructor(readonly kind: string) {}
}

/** Throws the error of a damaged file. */
export type Refuse = (expected: string, received: string) => never;

/**
 * Bytes as latin1 text: Python 2's strings are bytes. Undefined for what is no text, or longer than a name is. `spend`
 * counts text that is made anew.
 */
export function shortText(value: PickleValue | undefined, spend?: (count: number) => void): string | undefined {
  const isBytes = value instanceof Uint8Array;
  if (!isBytes && typeof value !== 'string') return undefined;
  if (value.length > 1024) return undefined;
  if (isBytes) spend?.(value.length);
  return isBytes ? String.fromCharCode(...value) : value;
}

/** The global `module.name`. */
export function pickleGlobal(module: PickleValue, name: PickleValue, refuse: Refuse): PickleGlobal {
  const [home, member] = [shortText(module), shortText(name)];
  const kind = GLOBALS.get(`${home} ${member}`);
  return kind
    ? new PickleGlobal(kind)
    : refuse(
        'a NumPy array and nothing else',
        `the global ${(home ?? '?').slice(0, 80)}.${(member ?? '?').slice(0, 80)}`,
      );
}

/** Latin1 text as the bytes it stands for: how protocol 2 of Python 3 writes bytes. */
function latin1Bytes(text: string, refuse: Refuse): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) return refuse('latin1 text', `the character ${code}`);
    bytes[i] = code;
  }
  return bytes;
}

function fillArray(
  array: PickledArray,
  shape: PickleValue | undefined,
  dtype: PickleValue | undefined,
  raw: PickleValue | undefined,
  refuse: Refuse,
): void {
  if (!(dtype instanceof PickledDtype) || dtype.bytes === 0) {
    const expected = 'labels in an array of whole numbers and images in an array of uint8';
    return refuse(expected, dtype instanceof PickledDtype ? dtype.name : 'no dtype');
  }
  if (!(raw instanceof Uint8Array)) return refuse('the bytes of an array', 'none');
  const sides: number[] = [];
  for (const side of shape instanceof PickleTuple ? shape.items : []) {
    if (typeof side === 'number' && Number.isInteger(side) && side >= 0) sides.push(side);
    else return refuse('sizes as the shape of an array', 'something else');
  }
  if (sides.length === 0 || sides.length > 32) return refuse('1 to 32 sizes of an array', String(sides.length));
  const size = sides.reduce((product, side) => product * side, dtype.bytes);
  if (raw.length !== size) return refuse(`${size} bytes for an array [${sides.join(', ')}]`, String(raw.length));
  array.shape = sides;
  array.raw = raw;
  array.dtype = dtype;
}

/** What a call of a global with these arguments stands for. `spend` counts bytes and text that are made anew. */
export function pickleReduce(
  callee: PickleValue,
  args: PickleValue,
  refuse: Refuse,
  spend: (bytes: number) => void,
): PickleValue {
  if (!(callee instanceof PickleGlobal) || !(args instanceof PickleTuple)) {
    return refuse('a known global and its arguments', 'others');
  }
  const [first, second, third, fourth] = args.items;
  if (callee.kind === 'reconstruct' && first instanceof PickleGlobal && first.kind === 'ndarray') {
    return new PickledArray();
  }
  if (callee.kind === 'frombuffer' && shortText(fourth) === 'C') {
    const array = new PickledArray();
    fillArray(array, third, second, first, refuse);
    return array;
  }
  const text = shortText(first, spend);
  if (callee.kind === 'dtype' && text !== undefined) return new PickledDtype(text.slice(0, 80));
  if (callee.kind === 'encode' && typeof first === 'string' && shortText(second) === 'latin1') {
    spend(first.length);
    return latin1Bytes(first, refuse);
  }
  return refuse('arguments of a NumPy array', `others for ${callee.kind}`);
}

/** Gives an array its state: (version, shape, dtype, is Fortran order, data). */
export function pickleBuild(target: PickleValue, state: PickleValue, refuse: Refuse): void {
  if (target instanceof PickledDtype) {
    // (version, byte order, ...)
    if (state instanceof PickleTuple && shortText(state.items[1]) === '>') target.isLittle = false;
    return;
  }
  if (!(target instanceof PickledArray) || !(state instanceof PickleTuple)) {
    return refuse('the state of an array', 'another');
  }
  const [, shape, dtype, isFortran, raw] = state.items;
  if (isFortran !== false && isFortran !== 0) return refuse('an array in C order', 'another order');
  fillArray(target, shape, dtype, raw, refuse);
}
