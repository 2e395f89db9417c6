import { FormatError } from '../core/errors';
import type { NamedArray } from '../core/saved/safetensors';
import { negativeSquare } from '../core/saved/negative-square';
import { CLASS_LABELS, COUNTS, readArrays, writeArrays } from '../core/saved/saved-arrays';
import type { ClassMoments } from './class-moments';

const CLASSES = {
  labels: { dtype: 'I32', shape: ['C'], rule: CLASS_LABELS },
  counts: { dtype: 'F64', shape: ['C'], rule: COUNTS },
  means: { dtype: 'F64', shape: ['C', 'D'] },
} as const;
/** One scatter of all classes. */
const TOGETHER = { ...CLASSES, scatter: { dtype: 'F64', shape: [1, 'D', 'D'] } } as const;
const PER_CLASS = {
  ...CLASSES,
  scatter: { dtype: 'F64', shape: ['C', 'D', 'D'] },
  third: { dtype: 'F64', shape: ['C', 'D'] },
  fourth: { dtype: 'F64', shape: ['C'] },
} as const;

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}

/** The parts of a `ClassScatter` as named arrays; `within` where the classes have no scatter of their own. */
export function writeClassScatter(
  classes: readonly (readonly [label: number, moments: ClassMoments])[],
  within: Float64Array | undefined,
): Record<string, NamedArray> {
  const moments = classes.map(([, one]) => one);
  const common = {
    labels: Int32Array.from(classes, ([label]) => label),
    counts: Float64Array.from(moments, ({ count }) => count),
    means: joined(moments.map(({ mean }) => mean)),
  };
  if (within) return writeArrays(TOGETHER, { ...common, scatter: within });
  const own = moments.map((one) => one.own!);
  return writeArrays(PER_CLASS, {
    ...common,
    scatter: joined(own.map(({ scatter }) => scatter)),
    third: joined(own.map(({ third }) => third)),
    fourth: Float64Array.from(own, ({ fourth }) => fourth),
  });
}

/** The parts of a `ClassScatter` from its state, checked and copied. @throws FormatError */
export function readClassScatter(where: string, state: Readonly<Record<string, NamedArray | undefined>>) {
  const perClass = state?.fourth !== undefined || state?.third !== undefined;
  const own = perClass ? readArrays(where, state, PER_CLASS, 'state') : undefined;
  const { labels, counts, means, scatter } = own ?? readArrays(where, state, TOGETHER, 'state');
  const size = means.length / labels.length;
  const negative = negativeSquare(scatter, size, counts, means);
  if (negative >= 0) {
    const received = `${scatter[negative]} at index ${negative}`;
    throw new FormatError(where, 'state.scatter', 'sums of squares on the diagonal', received);
  }
  const piece = (data: Float64Array, at: number, length: number) => data.slice(at * length, (at + 1) * length);
  const classes = new Map<number, ClassMoments>();
  labels.forEach((label, c) => {
    const mine = own && {
      own: { scatter: piece(scatter, c, size ** 2), third: piece(own.third, c, size), fourth: own.fourth[c]! },
    };
    classes.set(label, { count: counts[c]!, mean: piece(means, c, size), ...mine });
  });
  return { perClass, size, classes, within: perClass ? undefined : scatter.slice() };
}
