import { FormatError } from '../errors';
import { isRecord } from './json';
import { TYPES, type NamedArray } from './safetensors-types';

/** Sides of an array: numbers, or letters, each of which stands for one number throughout a declaration. */
export type Sides = readonly (number | string)[];

/** What the numbers of an array must be. */
export interface NumbersRule {
  readonly expected: string;
  /** What is wrong, as an error says it; undefined where nothing is. */
  wrong(numbers: ArrayLike<number>, shape: readonly number[]): string | undefined;
}

/** An array of a saved state. */
export interface SavedArray {
  readonly dtype: NamedArray['dtype'];
  readonly shape: Sides;
  readonly rule?: NumbersRule;
  /** It may be left out. */
  readonly optional?: boolean;
  /** Its letters may stand for 0. */
  readonly empty?: boolean;
}

/** Every array of a saved state by its name. */
export type SavedArrays = Readonly<Record<string, SavedArray>>;

type DataOf<A extends SavedArray> = Extract<NamedArray, { dtype: A['dtype'] }>['data'];

/** The numbers of declared arrays. */
export type Arrays<D extends SavedArrays> = {
  readonly [K in keyof D]: D[K] extends { optional: true } ? DataOf<D[K]> | undefined : DataOf<D[K]>;
};

/** Declared arrays, each with its shape. */
export type WrittenArrays<D extends SavedArrays> = Record<string, NamedArray> & {
  [K in keyof D as D[K] extends { optional: true } ? never : K]: Extract<NamedArray, { dtype: D[K]['dtype'] }>;
};

export const CLASS_LABELS: NumbersRule = {
  expected: 'class indices from 0, once each',
  wrong(labels) {
    const seen = new Set<number>();
    return firstWrong((label) => label >= 0 && seen.size < seen.add(label).size)(labels);
  },
};
export const COUNTS: NumbersRule = {
  expected: 'whole numbers from 1',
  wrong: /* @__PURE__ */ firstWrong((count) => Number.isSafeInteger(count) && count >= 1),
};

/** A rule that each number keeps by itself. */
export function firstWrong(holds: (value: number, at: number, all: number[]) => boolean) {
  return (numbers: ArrayLike<number>): string | undefined => {
    const all = Array.from(numbers);
    const at = all.findIndex((value, i) => !holds(value, i, all));
    return at < 0 ? undefined : `${all[at]} at index ${at}`;
  };
}

/**
 * The arrays of a saved state, checked: all of them, no others, of shapes that agree in every letter, all numbers
 * finite. The arrays are those of the state, not copies. `path` is what errors call the place of the arrays.
 *
 * @throws FormatError
 */
export function readArrays<const D extends SavedArrays>(
  where: string,
  arrays: Readonly<Record<string, NamedArray | undefined>>,
  declared: D,
  path = 'state.tensors',
): Arrays<D> {
  if (!isRecord(arrays)) throw new FormatError(where, path, 'named arrays', arrays);
  const names = Object.keys(declared);
  const other = Object.keys(arrays).find((name) => !names.includes(name) && arrays[name] !== undefined);
  if (other !== undefined) {
    throw new FormatError(where, path, names.length === 0 ? 'none' : `only ${names.join(', ')}`, `also ${other}`);
  }
  const sides = new Map<string, number>();
  const read: Record<string, NamedArray['data'] | undefined> = {};
  for (const [name, { dtype, shape, rule, optional, empty }] of Object.entries(declared)) {
    const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
    if (optional && array === undefined) continue;
    const what = `${path}.${name}`;
    const wanted = shape.map((side) => (typeof side === 'string' ? (sides.get(side) ?? side) : side));
    const fits =
      array?.dtype === dtype &&
      array.data[Symbol.toStringTag] === TYPES[dtype].array.name &&
      array.shape.length === shape.length &&
      array.data.length === array.shape.reduce((product, side) => product * side, 1) &&
      shape.every((side, i) => {
        const own = array.shape[i]!;
        if (typeof side === 'number') return own === side;
        if (!sides.has(side)) sides.set(side, own);
        return own >= (empty ? 0 : 1) && sides.get(side) === own;
      });
    if (!fits) {
      const received = array ? `${array.dtype} [${array.shape.join(', ')}] of ${array.data.length} numbers` : 'none';
      throw new FormatError(where, what, `${dtype} [${wanted.join(', ')}]`, received);
    }
    const bad = array.data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new FormatError(where, what, 'finite numbers', `${array.data[bad]} at index ${bad}`);
    const wrong = rule?.wrong(array.data, array.shape);
    if (wrong !== undefined) throw new FormatError(where, what, rule!.expected, wrong);
    read[name] = array.data;
  }
  return read as Arrays<D>;
}

/** What the letters of a declaration stand for. */
export type Sizes = Readonly<Record<string, number>>;

/** The letters' numbers by the shapes of arrays that keep the declaration. */
export function sizesBySaved(declared: SavedArrays, arrays: Readonly<Record<string, NamedArray | undefined>>): Sizes {
  const sizes: Record<string, number> = {};
  for (const [name, { shape }] of Object.entries(declared)) {
    shape.forEach((side, i) => {
      const own = arrays[name]?.shape[i];
      if (typeof side === 'string' && own !== undefined) sizes[side] = own;
    });
  }
  return sizes;
}

/**
 * The letters' numbers by the lengths of arrays, of which again and again one has a single letter that is not known.
 * Of [M, D] alone no length says both: then one is among `known`.
 */
export function sizesByLength(
  declared: SavedArrays,
  arrays: Readonly<Record<string, { length: number } | undefined>>,
  known: Sizes = {},
): Sizes {
  const sizes: Record<string, number> = { ...known };
  const given = Object.entries(declared).filter(([name]) => arrays[name] !== undefined);
  for (let pass = 0; pass < given.length; pass++) {
    for (const [name, { shape }] of given) {
      const open = shape.filter((side) => typeof side === 'string' && sizes[side] === undefined) as string[];
      if (new Set(open).size !== 1) continue;
      const rest = shape.reduce<number>((product, side) => product * numberOf(side, sizes, 1), 1);
      sizes[open[0]!] = Math.round((arrays[name]!.length / rest) ** (1 / open.length));
    }
  }
  return sizes;
}

const numberOf = (side: number | string, sizes: Sizes, or: number): number =>
  typeof side === 'number' ? side : (sizes[side] ?? or);

/** The declared arrays as named arrays of a state; `known` as in {@link sizesByLength}. */
export function writeArrays<const D extends SavedArrays>(
  declared: D,
  arrays: Arrays<D>,
  known?: Sizes,
): WrittenArrays<D> {
  const sizes = sizesByLength(declared, arrays, known);
  const given = Object.entries(declared).filter(([name]) => arrays[name] !== undefined);
  return Object.fromEntries(
    given.map(([name, { dtype, shape }]) => {
      const own = shape.map((side) => numberOf(side, sizes, NaN));
      return [name, { dtype, shape: own, data: arrays[name] } as NamedArray];
    }),
  ) as WrittenArrays<D>;
}
