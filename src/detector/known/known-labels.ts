import type { Tensor } from '@tensorflow/tfjs-core';
import { byCodePoints } from '../../core/code-points';
import { ArgumentError } from '../../core/errors';
import { checkLabels } from '../../core/labels';
import { nearestName } from '../../core/nearest-name';

/**
 * The class of each known row [N]: indices, int64 ones too (as ONNX Runtime has them), or names; a list, or a tensor of
 * any runtime.
 */
export type KnownLabels =
  | ArrayLike<number>
  | ArrayLike<bigint>
  | readonly string[]
  | Tensor
  | { readonly data: ArrayLike<number> | ArrayLike<bigint> | readonly string[]; readonly dims: readonly number[] }
  | { readonly data: ArrayLike<number> | ArrayLike<bigint> | readonly string[]; readonly shape: readonly number[] };

/** Class indices, and the names that they stand for where the labels were names that nobody had listed. */
export interface ReadLabels {
  labels: Int32Array;
  names?: readonly string[];
}

const isInt64 = (list: unknown): list is BigInt64Array | BigUint64Array =>
  list instanceof BigInt64Array || list instanceof BigUint64Array;

/** What is in a tensor of labels, which has a column at most; a list as it is. */
async function listOf(where: string, what: string, labels: unknown): Promise<unknown> {
  const { data, shape, dims } = (labels ?? {}) as { data?: unknown; shape?: unknown; dims?: unknown };
  const sides = shape ?? dims;
  if (data === undefined || !Array.isArray(sides)) return labels;
  const list = (typeof data === 'function' ? await (labels as Tensor).data() : data) as ArrayLike<unknown>;
  const count = sides[0] as number;
  if (sides.length <= 2 && (sides[1] ?? 1) === 1 && list.length === count) return list;
  const received = `[${sides.join(', ')}] of ${list.length} numbers`;
  throw new ArgumentError(where, what, '[N], a class index or name for each row (no one-hot rows)', received);
}

/** The index of each name among those of the classes. @throws ArgumentError naming the stranger and the nearest */
function indicesIn(where: string, what: string, names: readonly string[], classNames: readonly string[]): Int32Array {
  const indices = new Map(classNames.map((name, i) => [name, i]));
  if (indices.size < classNames.length) {
    const twice = classNames.find((name, i) => classNames.indexOf(name) < i);
    throw new ArgumentError(where, 'classNames', 'names of which no two are the same, as labels are names', twice);
  }
  return Int32Array.from(names, (name, i) => {
    const index = indices.get(name);
    if (index !== undefined) return index;
    const near = nearestName(name, [...classNames]);
    throw new ArgumentError(where, what, `names of classNames ('${near}'?)`, `'${name}' at index ${i}`);
  });
}

/** Class indices of labels as people have them. */
export interface LabelsIn {
  /** Which names there are, in the order of the model's outputs. */
  classNames: readonly string[] | undefined;
  /** What an error calls them; default `labels`. */
  what?: string;
}

/**
 * Reads labels. Without `classNames` the names of names are the distinct ones, in the order of their code points.
 *
 * @throws ArgumentError for what is no class index or name, by its type and index
 */
export async function readKnownLabels(
  where: string,
  given: unknown,
  { classNames, what = 'labels' }: LabelsIn,
): Promise<ReadLabels> {
  const list = await listOf(where, what, given);
  // Beyond 2^53 numbers would be rounded, but all from 2^31 on are refused.
  if (isInt64(list)) return { labels: checkLabels(where, Array.from(list as BigInt64Array, Number), { what }) };
  if (!Array.isArray(list) || typeof list[0] !== 'string') return { labels: checkLabels(where, list, { what }) };
  const names = list as readonly string[];
  const odd = names.findIndex((name: unknown) => typeof name !== 'string');
  if (odd >= 0) {
    throw new ArgumentError(where, what, 'names alone, or class indices alone', `${names[odd]} at index ${odd}`);
  }
  if (classNames) return { labels: indicesIn(where, what, names, classNames) };
  const distinct = [...new Set(names)].sort(byCodePoints);
  return { labels: indicesIn(where, what, names, distinct), names: distinct };
}
