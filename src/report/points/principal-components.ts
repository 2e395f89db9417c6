import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Mean and leading directions of some rows. */
export interface PrincipalComponents {
  mean: Float64Array;
  /** [count, D], unit length. */
  directions: Float64Array[];
  /** Share of the variance along each. */
  shares: number[];
}

/**
 * Rows from which the directions are found; a D x D matrix beyond that many features is replaced by one of so many
 * rows.
 */
const MOST = 400;

/**
 * Principal components of rows [N, D] (Pearson 1901). Up to 400 features exactly; of more from the Gram matrix of at
 * most 400 rows, evenly spaced. The sign of each direction is such that its largest entry is positive.
 */
export function principalComponents(data: Float32Array, size: number, count: number): PrincipalComponents {
  const all = data.length / size;
  const step = size > MOST ? Math.max(1, Math.ceil(all / MOST)) : 1;
  const rows = Math.ceil(all / step);
  const mean = new Float64Array(size);
  for (let r = 0; r < rows; r++) for (let d = 0; d < size; d++) mean[d]! += data[r * step * size + d]! / rows;
  const centered = (r: number, d: number) => data[r * step * size + d]! - mean[d]!;
  const dual = rows < size;
  const side = dual ? rows : size;
  const products = Matrix.zeros(side, side);
  for (let i = 0; i < side; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      if (dual) for (let d = 0; d < size; d++) sum += centered(i, d) * centered(j, d);
      else for (let r = 0; r < rows; r++) sum += centered(r, i) * centered(r, j);
      products.set(i, j, sum);
      products.set(j, i, sum);
    }
  }
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(products, {
    assumeSymmetric: true,
  });
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const directions: Float64Array[] = [];
  const shares: number[] = [];
  for (const k of order.slice(0, count)) {
    const direction = new Float64Array(size);
    if (!dual) for (let d = 0; d < size; d++) direction[d] = vectors.get(d, k);
    else
      for (let r = 0; r < rows; r++) for (let d = 0; d < size; d++) direction[d]! += vectors.get(r, k) * centered(r, d);
    const length = Math.hypot(...direction);
    const largest = direction.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    const scale = length > 0 ? Math.sign(largest) / length : 0;
    directions.push(direction.map((value) => value * scale));
    shares.push(total > 0 ? Math.max(0, values[k]!) / total : 0);
  }
  // Fewer directions than asked for, where D is small: the others are flat.
  while (directions.length < count) {
    directions.push(new Float64Array(size));
    shares.push(0);
  }
  return { mean, directions, shares };
}

/** Places of rows along the directions [N, count]. */
export function project(data: Float32Array, size: number, { mean, directions }: PrincipalComponents): Float32Array {
  const rows = data.length / size;
  const places = new Float32Array(rows * directions.length);
  for (let r = 0; r < rows; r++) {
    directions.forEach((direction, k) => {
      let sum = 0;
      for (let d = 0; d < size; d++) sum += (data[r * size + d]! - mean[d]!) * direction[d]!;
      places[r * directions.length + k] = sum;
    });
  }
  return places;
}
