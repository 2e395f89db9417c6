import { expect, test } from 'vitest';
import { FormatError } from '../src/core/errors';
import type { NamedArray } from '../src/core/saved/safetensors';

export type NamedArrays = Readonly<Record<string, NamedArray>>;
type Damaged<T> = readonly [what: string, damaged: T];

/** The array with another side, its numbers in the order they had, the last ones again where there are too few. */
function withSide(array: NamedArray, axis: number, side: number): NamedArray {
  const shape = array.shape.map((length, i) => (i === axis ? side : length));
  const length = shape.reduce((product, one) => product * one, 1);
  const data = array.data.slice(0, length);
  const longer = new (array.data.constructor as Float64ArrayConstructor)(length);
  longer.forEach((_, i) => (longer[i] = data[i] ?? array.data.at(i - length) ?? 0));
  return { ...array, shape, data: longer } as unknown as NamedArray;
}

const DTYPES = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array };
/** Of longer arrays not every number is tried. */
const MOST_TRIED = 20;

/** Every damage of one array of a state, and an array too many. */
export function* damagedArrays(arrays: NamedArrays): Generator<Damaged<NamedArrays>> {
  for (const [name, array] of Object.entries(arrays)) {
    const changed = (what: string, to: unknown) =>
      [`${name} ${what}`, { ...arrays, [name]: to as NamedArray }] as const;
    for (const axis of array.shape.keys()) {
      for (const step of [-1, 1]) {
        const side = array.shape[axis]! + step;
        if (side >= 0) yield changed(`axis ${axis} ${step}`, withSide(array, axis, side));
      }
    }
    yield changed('rank', { ...array, shape: [1, ...array.shape] });
    yield [`${name} dropped`, Object.fromEntries(Object.entries(arrays).filter(([other]) => other !== name))];
    for (const [dtype, type] of Object.entries(DTYPES)) {
      if (dtype !== array.dtype) yield changed(`as ${dtype}`, { ...array, dtype, data: type.from(array.data) });
    }
    if (array.dtype !== 'F32' && array.dtype !== 'F64') continue;
    for (let tried = 0; tried < Math.min(MOST_TRIED, array.data.length); tried++) {
      const at = Math.floor((tried * array.data.length) / Math.min(MOST_TRIED, array.data.length));
      yield changed(`NaN at ${at}`, { ...array, data: array.data.map((value, i) => (i === at ? NaN : value)) });
    }
  }
  yield ['unknown', { ...arrays, stray: { dtype: 'F32', shape: [1], data: Float32Array.of(1) } }];
}

const OTHERS: readonly unknown[] = [null, true, -1.5, 'stray', [], {}];
const typeOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value);

/** Every field of a JSON value and of all in it dropped, one added to each object, each replaced by another type. */
export function* damagedJson(value: unknown, path: readonly string[] = []): Generator<Damaged<unknown>> {
  const place = path.join('.');
  for (const other of OTHERS) {
    if (typeOf(other) !== typeOf(value)) yield [`${place} as ${typeOf(other)}`, other];
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const without = Array.isArray(value)
      ? value.filter((_, i) => String(i) !== name)
      : Object.fromEntries(Object.entries(value).filter(([other]) => other !== name));
    yield [`${[...path, name].join('.')} dropped`, without];
    for (const [what, damaged] of damagedJson(inner, [...path, name])) {
      const copy = Array.isArray(value) ? Object.assign([...(value as unknown[])], { [name]: damaged }) : undefined;
      yield [what, copy ?? { ...value, [name]: damaged }];
    }
  }
  if (!Array.isArray(value)) yield [`${place} and a stray`, { ...value, stray: 1 }];
}

/** Names of what says what a state is: another word there is said back. */
const SAYS = /^(kind|format|version)$/;

/** Every damage of a state of arrays, of JSON, or of both: arrays as `tensors`, JSON beside them. */
function* damages(state: object): Generator<Damaged<unknown>> {
  const isArray = (part: unknown) => typeof part === 'object' && part !== null && 'dtype' in part;
  if (Object.values(state).every(isArray)) {
    yield* damagedArrays(state as NamedArrays);
    return;
  }
  const { tensors, ...rest } = state as { tensors?: NamedArrays };
  if (tensors === undefined) {
    yield* damagedJson(state);
    return;
  }
  for (const [what, damaged] of damagedArrays(tensors)) yield [what, { ...rest, tensors: damaged }];
  yield ['tensors dropped', rest];
  for (const [what, damaged] of damagedJson(rest)) {
    if (typeOf(damaged) === 'object') yield [what, { ...(damaged as object), tensors }];
  }
}

/** The same state as one of another kind, format or version, at each place that says so; and what it says. */
function* othersOf(value: unknown): Generator<Damaged<unknown>> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const other = typeof inner === 'number' ? 77 : 'stray';
    if (SAYS.test(name)) yield [String(other), { ...value, [name]: other }];
    else if (name === 'metadata') for (const [said, one] of othersOf(inner)) yield [said, { ...value, [name]: one }];
  }
}

/** Something that is saved, as named arrays, as JSON or as both, and read again. */
export interface SavedThing {
  name: string;
  make: () => Promise<object> | object;
  /** What is read again, as it would be saved again. */
  restore: (state: never) => unknown;
  /** What leaves a whole state: another size that nothing else of the state has, a field that may be missing. */
  free?: RegExp;
  /** What may be missing, and is something then. */
  mayMiss?: RegExp;
}

/** Tests that each damage of a state is a `FormatError`, and nothing else; what is free comes back as it is. */
export function testDamages({ name, make, restore, free = /^$/, mayMiss = /^$/ }: SavedThing): void {
  test(name, async () => {
    const state = await make();
    const read = (given: unknown) => new Promise((resolve) => resolve((restore as (given: unknown) => unknown)(given)));
    expect(await read(state)).toEqual(state);
    let refused = 0;
    const refuse = async (what: string, damaged: unknown) => {
      const error = await read(damaged).then(
        () => 'none',
        (thrown: unknown) => thrown,
      );
      expect(error, what).toBeInstanceOf(FormatError);
      refused++;
      return error as FormatError;
    };
    const freed = new Set<string>();
    for (const [what, damaged] of damages(state)) {
      if (mayMiss.test(what)) {
        await read(damaged);
        continue;
      }
      const isFree = free.exec(what);
      if (!isFree) await refuse(what, damaged);
      else expect(await read(damaged), what).toEqual(damaged);
      if (isFree) freed.add(isFree[0]);
    }
    for (const [said, other] of othersOf(state)) expect((await refuse(`says ${said}`, other)).message).toContain(said);
    expect(refused).toBeGreaterThan(0);
    expect(freed.size > 0).toBe(free.source !== '^$');
  });
}
