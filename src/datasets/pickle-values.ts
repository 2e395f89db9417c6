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

/** A NumPy array; `data` and `shape` come with its state. C order. */
export class PickledArray {
  shape: readonly number[] = [];
  data: Uint8Array | undefined;
}

/** A NumPy dtype, by name. */
export class PickledDtype {
  constructor(readonly name: string) {}
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
  if (!(dtype instanceof PickledDtype) || !['u1', '|u1', 'uint8'].includes(dtype.name)) {
    return refuse('an array of uint8', dtype instanceof PickledDtype ? dtype.name : 'no dtype');
  }
  if (!(raw instanceof Uint8Array)) return refuse('the bytes of an array', 'none');
  const sides: number[] = [];
  for (const side of shape instanceof PickleTuple ? shape.items : []) {
    if (typeof side === 'number' && Number.isInteger(side) && side >= 0) sides.push(side);
    else return refuse('sizes as the shape of an array', 'something else');
  }
  if (sides.length === 0 || sides.length > 32) return refuse('1 to 32 sizes of an array', String(sides.length));
  const count = sides.reduce((product, side) => product * side, 1);
  if (raw.length !== count) return refuse(`${count} bytes for an array [${sides.join(', ')}]`, String(raw.length));
  array.shape = sides;
  array.data = raw;
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
  if (target instanceof PickledDtype) return; // byte order and the like: uint8 has none
  if (!(target instanceof PickledArray) || !(state instanceof PickleTuple)) {
    return refuse('the state of an array', 'another');
  }
  const [, shape, dtype, isFortran, raw] = state.items;
  if (isFortran !== false && isFortran !== 0) return refuse('an array in C order', 'another order');
  fillArray(target, shape, dtype, raw, refuse);
}
