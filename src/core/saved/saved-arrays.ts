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
 * finite. The arrays are those of the state, not copies. `sizes` takes what the letters stand for; `path` is what
 * errors call the place of the arrays.
 *
 * @throws FormatError
 */
export function readArrays<const D extends SavedArrays>(
  where: string,
  arrays: Readonly<Record<string, NamedArray | undefined>>,
  declared: D,
  path = 'state.tensors',
  sizes: Record<string, number> = {},
): Arrays<D> {
  if (!isRecord(arrays)) throw new FormatError(where, path, 'named arrays', arrays);
  const isOther = (name: string) => !Object.hasOwn(declared, name) && arrays[name] !== undefined;
  const other = Object.keys(arrays).find(isOther);
  if (other !== undefined) throw new FormatError(where, path, `without ${other}`, arrays);
  const read: Record<string, NamedArray['data'] | undefined> = {};
  for (const [name, { dtype, shape, rule, optional, empty }] of Object.entries(declared)) {
    const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
    if (optional && array === undefined) continue;
    const what = `${path}.${name}`;
    const wanted = shape.map((side) => (typeof side === 'string' ? (sizes[side] ?? side) : side));
    const fits =
      array?.dtype === dtype &&
      array.data[Symbol.toStringTag] === TYPES[dtype].array.name &&
      array.shape.length === shape.length &&
      array.data.length === array.shape.reduce((product, side) => product * side, 1) &&
      shape.every((side, i) => {
        const own = array.shape[i]!;
        if (typeof side === 'number') return own === side;
        return own >= (empty ? 0 : 1) && (sizes[side] ??= own) === own;
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

/**
 * The letters' numbers by the lengths of arrays: each array in its turn gives the one letter that was not known before.
 * Of [M, D] alone no length says both: then one is among `known`.
 */
export function sizesByLength(
  declared: SavedArrays,
  arrays: Readonly<Record<string, { length: number } | undefined>>,
  known?: Sizes,
): Sizes {
  const sizes: Record<string, number> = { ...known };
  for (const [name, { shape }] of Object.entries(declared)) {
    const open = shape.filter((side) => typeof side === 'string' && sizes[side] === undefined) as string[];
    const rest = shape.reduce<number>((product, side) => product * numberOf(side, sizes, 1), 1);
    if (arrays[name] && open.length === 1) sizes[open[0]!] = arrays[name].length / rest;
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
