import { check, type Rule } from '../core/check';
import type { Pause } from '../core/pauses';
import { ArgumentError, ShapeError } from '../core/errors';
import { ClassMeans, type Means } from './class-means';
import { checkFinite, type Embeddings } from '../tensors/embeddings';
import { pausesOf, type MeasureOptions } from './measure-options';
import { readLabeledRows } from './labeled-rows';
import { squaredDistances } from '../linalg/squared-distances';

/** What names a class for each row, such as a class-mean scorer. */
export interface Classifier {
  classify(batch: { features: Embeddings }): Promise<{ labels: ArrayLike<number> }>;
}

const SOURCE: Rule = {
  expected: 'a ClassMeans, its means(), or what has classify()',
  holds: (value: unknown) => {
    const { classify, labels, data, shape } = Object(value) as Partial<Classifier & Means>;
    return value instanceof ClassMeans || typeof classify === 'function' || !!(labels && data && Array.isArray(shape));
  },
};

/** For each row of the query the label of its nearest mean; of equally near ones the first. */
async function nearestLabels(
  where: string,
  { labels, data, shape }: Means,
  rows: Float64Array,
  size: number,
  pause: Pause,
): Promise<Int32Array> {
  const [classes, columns] = shape;
  if (columns !== size) {
    throw new ShapeError(where, 'embeddings', `[N, ${columns}], as the class means`, `[N, ${size}]`);
  }
  if (!(classes >= 1) || labels.length !== classes || data.length !== classes * size) {
    const received = `${labels.length} labels and ${data.length} numbers for [${shape.join(', ')}]`;
    throw new ShapeError(where, 'means', 'labels [C], data [C, D], C from 1', received);
  }
  checkFinite(where, data, size, 'means');
  const distances = new Float64Array(classes);
  const named = new Int32Array(rows.length / size);
  for (let i = 0; i < named.length; i++) {
    await pause();
    squaredDistances(rows, i * size, data, 0, classes, size, distances);
    let nearest = 0;
    for (let c = 1; c < classes; c++) if (distances[c]! < distances[nearest]!) nearest = c;
    named[i] = labels[nearest]!;
  }
  return named;
}

/**
 * Share of rows whose nearest class mean is that of their own class.
 *
 * From a store or its means: Euclidean distances in float64, the first of equally near means. From a scorer: what its
 * `classify` says. A row of a class that has no mean counts as wrong.
 *
 * Measured on wasm: time grows as N^1.1 (2,000 to 8,000), D^1.1 (256 to 1,024) and C^0.8 (10 to 90).
 *
 * Source: Masana et al., BMVC 2018, section 3.1; Mensink et al., TPAMI 2013 (nearest class mean).
 *
 * @param source a class-mean store, its means (labels [C], data [C, D]), or what has a `classify`
 * @param embeddings [N, D]
 * @param labels class indices [N], from 0
 * @param options `signal` gives it up; a `classify` of its own goes on to its end
 * @throws ArgumentError for a store without samples, no row, a label below 0 (OoD) or no whole number; ShapeError for
 *   another number of labels or another D; NotFiniteError for a NaN or infinity; the reason of `signal`
 * @example
 * const means = { labels: Int32Array.of(0, 1), data: Float64Array.of(0, 10), shape: [2, 1] as [number, number] };
 * await nearestMeanAccuracy(means, { data: Float32Array.of(1, 4, 7), shape: [3, 1] }, [0, 1, 1]); // 0.6667
 */
export async function nearestMeanAccuracy(
  source: ClassMeans | Means | Classifier,
  embeddings: Embeddings,
  labels: ArrayLike<number>,
  options?: MeasureOptions,
): Promise<number> {
  const where = 'nearestMeanAccuracy';
  const pause = pausesOf(where, options);
  check(where, 'source', source, SOURCE);
  const means = source instanceof ClassMeans ? source.means() : source;
  const { data, count, size, rows, labels: wanted } = await readLabeledRows(where, embeddings, labels);
  await pause();
  let right = 0;
  if ('classify' in means) {
    const { labels: named } = await means.classify({ features: embeddings });
    await pause();
    if (named.length !== count) {
      throw new ArgumentError(where, 'source', `${count} labels from classify()`, named.length);
    }
    wanted.forEach((label, i) => (right += Number(named[rows[i]!] === label)));
  } else {
    const named = await nearestLabels(where, means, data, size, pause);
    wanted.forEach((label, i) => (right += Number(named[i] === label)));
  }
  return right / count;
}
