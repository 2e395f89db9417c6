import { ClassMeans, type Means } from '../../embeddings/class-means';
import type { Rows } from './rows';

/** The means with those of further classes; rows of a class that has a mean already change nothing. */
export async function withMoreMeans<M extends Pick<Means, 'labels' | 'data' | 'shape'>>(
  known: M,
  rows: Rows,
  labels: ArrayLike<number>,
): Promise<Means> {
  const store = new ClassMeans();
  await store.add(rows, labels);
  const further = store.means();
  const size = known.shape[1];
  const rowOf = (means: Pick<Means, 'data'>, at: number) => means.data.subarray(at * size, (at + 1) * size);
  const all = new Map(Array.from(further.labels, (label, at) => [label, rowOf(further, at)]));
  known.labels.forEach((label, at) => all.set(label, rowOf(known, at)));
  const ascending = Int32Array.from(all.keys()).sort();
  const data = new Float64Array(ascending.length * size);
  ascending.forEach((label, at) => data.set(all.get(label)!, at * size));
  return { labels: ascending, data, shape: [ascending.length, size] };
}
