import { nearestName } from '../../core/nearest-name';
import type { Shard } from '../bytes/shard';
import type { BlockIds } from './block';
import type { ListedValues } from './shard-columns';

/** What a list of values holds, in words. */
export function kindOfValues(values: ListedValues): string {
  if (values instanceof Int32Array) return 'whole numbers of 32 bits';
  if (values instanceof BigInt64Array) return 'whole numbers of 64 bits';
  if (values instanceof BigUint64Array) return 'whole numbers of 64 bits without a sign';
  return values instanceof Float64Array ? 'numbers' : 'text';
}

/** Lists of one kind as one. */
export function joinValues(shard: Shard, what: string, parts: readonly ListedValues[]): ListedValues {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const other = parts.find((part) => part.constructor !== first.constructor);
  if (other) throw shard.refuse(`a file with ${kindOfValues(first)} in ${what} alone`, kindOfValues(other));
  if (Array.isArray(first)) return (parts as (readonly string[])[]).flat();
  const typed = first as Int32Array;
  const Typed = typed.constructor as Int32ArrayConstructor;
  const all = new Typed(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part as Int32Array, at);
    at += part.length;
  }
  return all;
}

/** Values by their numbers. @throws Error for one that there is not */
export function pickedValues(values: ListedValues, indices: ArrayLike<number | bigint>): ListedValues {
  const numberAt = (i: number): number => {
    const index = Number(indices[i]);
    if (index >= 0 && index < values.length) return index;
    throw new Error(`a value ${index} of a dictionary of ${values.length}`);
  };
  if (Array.isArray(values)) {
    return Array.from({ length: indices.length }, (_, i) => (values as readonly string[])[numberAt(i)]!);
  }
  const typed = values as Int32Array;
  const picked = new (typed.constructor as Int32ArrayConstructor)(indices.length);
  for (let i = 0; i < picked.length; i++) picked[i] = typed[numberAt(i)]!;
  return picked;
}

const LEAST = -1;
const MOST = 2 ** 31 - 1;
const WHOLE = `whole numbers from ${LEAST} to ${MOST} (-1: OoD)`;

/** Class indices of what a column of labels holds; names are looked up. `from` is the row that the values begin at. */
export function labelsOf(
  shard: Shard,
  values: ListedValues,
  from: number,
  classNames: ReadonlyMap<string, number> | undefined,
): Int32Array {
  const at = (i: number) => `at row ${from + i}`;
  if (Array.isArray(values)) {
    const names = values as readonly string[];
    if (!classNames) throw shard.refuse('a file with labels that are whole numbers (or give classNames)', 'names');
    return Int32Array.from(names, (name, i) => {
      const index = classNames.get(name);
      if (index !== undefined) return index;
      const near = nearestName(name, [...classNames.keys()]);
      throw shard.refuse(`a file with labels of classNames ('${near ?? ''}'?)`, `'${name}' ${at(i)}`);
    });
  }
  if (classNames)
    throw shard.refuse('a file with labels that are names, as classNames are given', kindOfValues(values));
  const labels = new Int32Array(values.length);
  for (let i = 0; i < labels.length; i++) {
    const label = Number(values[i]);
    if (!(Number.isInteger(label) && label >= LEAST && label <= MOST)) {
      throw shard.refuse(`a file with labels that are ${WHOLE}`, `${String(values[i])} ${at(i)}`);
    }
    labels[i] = label;
  }
  return labels;
}

/** Ids as they are. */
export function idsOf(shard: Shard, values: ListedValues): BlockIds {
  if (values instanceof Float64Array) throw shard.refuse('a file with ids that are text or whole numbers', 'numbers');
  return values as BlockIds;
}
