import { atOnce } from '../core/steps';
import { addingNumbers } from '../linalg/add-numbers';
import { addOuterProducts } from '../linalg/scatter-products';
import { traceOf } from '../linalg/trace';

/** Central moments of one class. */
export interface ClassMoments {
  count: number;
  /** [D]. */
  mean: Float64Array;
  /** Where each class has its own. */
  own?: OwnScatter;
}

/** Sums over the rows z = x - mean of one class. */
export interface OwnScatter {
  /** z z^T [D, D], upper triangle. */
  scatter: Float64Array;
  /** ||z||^2 z [D]. */
  third: Float64Array;
  /** ||z||^4. */
  fourth: number;
}

/** A symmetric matrix, of which the upper triangle is given, times a vector. */
function symmetricProduct(upper: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  const product = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = upper[i * size + i]! * vector[i]!;
    for (let j = i + 1; j < size; j++) {
      const value = upper[i * size + j]!;
      sum += value * vector[j]!;
      product[j]! += value * vector[i]!;
    }
    product[i]! += sum;
  }
  return product;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Sums of ||z + d||^4 and ||z + d||^2 (z + d): the moments about a point d away, exactly. */
export function shifted({ scatter, third, fourth }: OwnScatter, count: number, d: Float64Array) {
  const product = symmetricProduct(scatter, d);
  const [square, trace] = [dot(d, d), traceOf(scatter, d.length)];
  return {
    fourth: fourth + 4 * dot(d, product) + count * square ** 2 + 4 * dot(d, third) + 2 * trace * square,
    third: third.map((value, i) => value + 2 * product[i]! + (trace + count * square) * d[i]!),
  };
}

/**
 * Adds the moments of more rows of the same class.
 *
 * @returns the row whose outer product the scatter gains by it: sqrt(n m / (n + m)) times the way between the means
 *   (Chan, Golub, LeVeque 1979)
 */
export function mergeMoments(into: ClassMoments, more: ClassMoments): Float64Array {
  const [n, m] = [into.count, more.count];
  const way = more.mean.map((value, i) => value - into.mean[i]!);
  const row = way.map((value) => value * Math.sqrt((n * m) / (n + m)));
  if (into.own && more.own) {
    const mine = shifted(
      into.own,
      n,
      way.map((value) => (-value * m) / (n + m)),
    );
    const theirs = shifted(
      more.own,
      m,
      way.map((value) => (value * n) / (n + m)),
    );
    const { scatter } = into.own;
    atOnce(addingNumbers(scatter, more.own.scatter, 1));
    addOuterProducts(scatter, row, row.length);
    const third = mine.third.map((value, i) => value + theirs.third[i]!);
    into.own = { scatter, third, fourth: mine.fourth + theirs.fourth };
  }
  into.mean = into.mean.map((value, i) => value + (way[i]! * m) / (n + m));
  into.count = n + m;
  return row;
}
