import type { Means } from '../embeddings/class-means';
import { checkFinite } from '../embeddings/embeddings';
import { ArgumentError, ShapeError } from '../errors';

/** Class means, moved so that the mean of them is (nearly) the origin: what float32 holds of them is then exact enough. */
export interface CentredMeans {
  labels: Int32Array;
  classes: number;
  size: number;
  /** [C, D] as given. */
  means: Float64Array;
  /** [D]; float32 numbers, so that the backend subtracts the same. */
  centre: Float64Array;
  /** [C, D] without the centre. */
  centred: Float64Array;
  /** [C] ||m||^2 / 2 of the centred ones. */
  halfNorms: Float64Array;
}

/** Checks and centres; copies, so that later changes to the store or the arrays change nothing. */
export function centreMeans(where: string, { labels, data, shape }: Means): CentredMeans {
  const [classes, size] = shape;
  if (!(classes >= 1 && size >= 1) || labels.length !== classes || data.length !== classes * size) {
    const received = `${labels.length} labels and ${data.length} numbers for [${shape.join(', ')}]`;
    throw new ShapeError({ where, what: 'means', expected: 'labels [C], data [C, D], C and D from 1', received });
  }
  const wrong = labels.findIndex((label, c) => label < 0 || labels.indexOf(label) !== c);
  if (wrong >= 0) {
    const received = `${labels[wrong]} at index ${wrong}`;
    throw new ArgumentError({ where, what: 'means.labels', expected: 'class indices from 0, once each', received });
  }
  checkFinite(where, data, size, 'means');
  const centre = new Float64Array(size);
  data.forEach((value, i) => (centre[i % size]! += value / classes));
  centre.forEach((value, i) => (centre[i] = Math.fround(value)));
  const centred = data.map((value, i) => value - centre[i % size]!);
  const halfNorms = new Float64Array(classes);
  centred.forEach((value, i) => (halfNorms[Math.floor(i / size)]! += value ** 2 / 2));
  return { labels: labels.slice(), classes, size, means: data.slice(), centre, centred, halfNorms };
}
