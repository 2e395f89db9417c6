import { ArgumentError, ShapeError } from '../core/errors';
import type { NamedArray } from '../core/safetensors';
import type { ClassMoments } from './class-moments';
import { checkFinite } from '../tensors/embeddings';

type State = Readonly<Record<string, NamedArray | undefined>>;

/** The parts of a `ClassScatter` as named arrays; `within` where the classes have no scatter of their own. */
export function writeClassScatter(
  classes: readonly (readonly [label: number, moments: ClassMoments])[],
  within: Float64Array | undefined,
  size: number,
): Record<string, NamedArray> {
  const count = classes.length;
  const f64 = (data: Float64Array, shape: readonly number[]): NamedArray => ({ dtype: 'F64', shape, data });
  const joined = (parts: Float64Array[], length: number): Float64Array => {
    const all = new Float64Array(parts.length * length);
    parts.forEach((part, at) => all.set(part, at * length));
    return all;
  };
  const own = classes.flatMap(([, moments]) => moments.own ?? []);
  const scatter = within ? [within] : own.map((one) => one.scatter);
  const numbers = (of: (moments: ClassMoments) => number) =>
    f64(
      Float64Array.from(classes, ([, moments]) => of(moments)),
      [count],
    );
  const means = classes.map(([, { mean }]) => mean);
  const thirds = own.map(({ third }) => third);
  return {
    labels: { dtype: 'I32', shape: [count], data: Int32Array.from(classes, ([label]) => label) },
    counts: numbers((moments) => moments.count),
    means: f64(joined(means, size), [count, size]),
    scatter: f64(joined(scatter, size ** 2), [scatter.length, size, size]),
    ...(!within && {
      third: f64(joined(thirds, size), [count, size]),
      fourth: numbers((moments) => moments.own?.fourth ?? 0),
    }),
  };
}

/** The parts of a `ClassScatter` from its state, checked and copied. */
export function readClassScatter(where: string, state: State) {
  const labels = part(where, state, 'labels', 'I32', [undefined]);
  const classes = labels.data.length;
  const means = part(where, state, 'means', 'F64', [classes, undefined]);
  const size = means.shape[1]!;
  const perClass = state.fourth !== undefined || state.third !== undefined;
  const counts = part(where, state, 'counts', 'F64', [classes]).data;
  const scatter = part(where, state, 'scatter', 'F64', [perClass ? classes : 1, size, size]).data;
  const third = perClass ? part(where, state, 'third', 'F64', [classes, size]).data : undefined;
  const fourth = perClass ? part(where, state, 'fourth', 'F64', [classes]).data : undefined;
  const piece = (data: ArrayLike<number>, at: number, length: number) =>
    Float64Array.from({ length }, (_, i) => data[at * length + i]!);

  const moments = new Map<number, ClassMoments>();
  labels.data.forEach((label, c) => {
    const count = counts[c]!;
    if (label < 0 || !Number.isSafeInteger(count) || count < 1 || moments.has(label)) {
      const expected = 'classes from 0, once each, with samples';
      throw new ArgumentError(where, 'state', expected, `class ${label} with ${count} samples`);
    }
    const own = third &&
      fourth && { scatter: piece(scatter, c, size ** 2), third: piece(third, c, size), fourth: fourth[c]! };
    moments.set(label, { count, mean: piece(means.data, c, size), ...(own && { own }) });
  });
  return { perClass, size, classes: moments, within: perClass ? undefined : piece(scatter, 0, size ** 2) };
}

function part<T extends 'I32' | 'F64'>(
  where: string,
  state: State,
  name: string,
  dtype: T,
  shape: readonly (number | undefined)[],
): Extract<NamedArray, { dtype: T }> {
  const array = state[name];
  const fits =
    array?.dtype === dtype &&
    array.shape.length === shape.length &&
    array.shape.every((side, i) => side >= 1 && side === (shape[i] ?? side)) &&
    array.data.length === array.shape.reduce((a, b) => a * b, 1);
  if (!fits) {
    const expected = `${dtype} [${shape.map((side) => side ?? '?').join(', ')}]`;
    const received = array ? `${array.dtype} [${array.shape.join(', ')}]` : 'none';
    throw new ShapeError(where, `state.${name}`, expected, received);
  }
  checkFinite(where, array.data, array.shape.at(-1)!, `state.${name}`);
  return array as Extract<NamedArray, { dtype: T }>;
}
