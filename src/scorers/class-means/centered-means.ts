import type { Means } from '../../embeddings/class-means';
import { checkFinite } from '../../tensors/embeddings';
import { ArgumentError, ShapeError } from '../../core/errors';
import { CLASS_LABELS } from '../../core/saved/saved-arrays';

/**
 * Class means, moved so that the mean of them is (nearly) the origin: what float32 holds of them is then exact enough.
 */
export interface CenteredMeans {
  labels: Int32Array;
  classes: number;
  size: number;
  /** [C, D] as given. */
  means: Float64Array;
  /** [D]; float32 numbers, so that the backend subtracts the same. */
  center: Float64Array;
  /** [C, D] without the center. */
  centered: Float64Array;
  /** [C] ||m||^2 / 2 of the centered ones. */
  halfNorms: Float64Array;
}

/** Throws unless means from outside are whole: as many numbers as they say, class indices once each, all finite. */
export function checkMeans(where: string, { labels, data, shape }: Means): void {
  const [classes, size] = shape;
  if (!(classes >= 1 && size >= 1) || labels.length !== classes || data.length !== classes * size) {
    const received = `${labels.length} labels and ${data.length} numbers for [${shape.join(', ')}]`;
    throw new ShapeError(where, 'means', 'labels [C], data [C, D], C and D from 1', received);
  }
  const wrong = CLASS_LABELS.wrong(labels, [classes]);
  if (wrong !== undefined) throw new ArgumentError(where, 'means.labels', CLASS_LABELS.expected, wrong);
  checkFinite(where, data, size, 'means');
}

/** Centers; copies, so that later changes to the store or the arrays change nothing. */
export function centerMeans({ labels, data, shape: [classes, size] }: Means): CenteredMeans {
  const center = new Float64Array(size);
  data.forEach((value, i) => (center[i % size]! += value / classes));
  center.forEach((value, i) => (center[i] = Math.fround(value)));
  const centered = data.map((value, i) => value - center[i % size]!);
  const halfNorms = new Float64Array(classes);
  centered.forEach((value, i) => (halfNorms[Math.floor(i / size)]! += value ** 2 / 2));
  return { labels: labels.slice(), classes, size, means: data.slice(), center, centered, halfNorms };
}
