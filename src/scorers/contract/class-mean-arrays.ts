import { CLASS_LABELS, type Arrays, type SavedArrays } from '../../core/saved/saved-arrays';
import { ClassMeans, type Means } from '../../embeddings/class-means';
import type { Rows } from './rows';

/** Class means among the arrays of a fit, and the class of each. */
export const CLASS_MEANS = {
  labels: { dtype: 'I32', shape: ['K'], rule: CLASS_LABELS },
  means: { dtype: 'F64', shape: ['K', 'D'] },
} as const satisfies SavedArrays;

/** Those arrays. */
export type MeanArrays = Arrays<typeof CLASS_MEANS>;

export const meanArrays = ({ labels, data }: Pick<Means, 'labels' | 'data'>): MeanArrays => ({ labels, means: data });

/** The means with those of further classes; rows of a class that has a mean already change nothing. */
export async function withMoreMeans(known: MeanArrays, rows: Rows, labels: ArrayLike<number>): Promise<MeanArrays> {
  const store = new ClassMeans();
  await store.add(rows, labels);
  const further = meanArrays(store.means());
  const size = rows.shape[1];
  const all = new Map<number, Float64Array>();
  for (const { labels: own, means } of [further, known]) {
    own.forEach((label, at) => all.set(label, means.subarray(at * size, (at + 1) * size)));
  }
  const ascending = Int32Array.from(all.keys()).sort();
  const means = new Float64Array(ascending.length * size);
  ascending.forEach((label, at) => means.set(all.get(label)!, at * size));
  return { labels: ascending, means };
}
