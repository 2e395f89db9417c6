/**
 * Squared Euclidean distances, sum of (a - b)^2 in float64, of one row of `a` to the rows `from` to `to` (excluded) of
 * `b`, into `out` at the places `from` to `to`.
 *
 * Four rows at a time, because one sum alone waits for each addition. Each sum runs through the row in order: d(a, b)
 * and d(b, a) are equal to the last bit, and so are the distances of equal rows, wherever they stand.
 */
export function squaredDistances(
  a: Float64Array,
  aStart: number,
  b: Float64Array,
  from: number,
  to: number,
  size: number,
  out: Float64Array,
): void {
  let j = from;
  for (; j + 4 <= to; j += 4) {
    const b0 = j * size;
    const b1 = b0 + size;
    const b2 = b1 + size;
    const b3 = b2 + size;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < size; i++) {
      const x = a[aStart + i]!;
      const d0 = x - b[b0 + i]!;
      const d1 = x - b[b1 + i]!;
      const d2 = x - b[b2 + i]!;
      const d3 = x - b[b3 + i]!;
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    out[j] = s0;
    out[j + 1] = s1;
    out[j + 2] = s2;
    out[j + 3] = s3;
  }
  for (; j < to; j++) {
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const d = a[aStart + i]! - b[j * size + i]!;
      sum += d * d;
    }
    out[j] = sum;
  }
}
