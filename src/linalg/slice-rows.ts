import { normInUnits, ROUND } from './slicing';

/**
 * Cuts each row [D] in two: units times (whole + rest), the rest at most 1/2; products of whole rows are exact in
 * float32.
 */
export function sliceRows(rows: Float64Array, size: number) {
  const count = rows.length / size;
  const [whole, rest, units] = [new Float32Array(rows.length), new Float32Array(rows.length), new Float64Array(count)];
  const most = normInUnits(size);
  for (let row = 0; row < count; row++) {
    const from = row * size;
    let largest = 0;
    for (let i = from; i < from + size; i++) largest = Math.max(largest, Math.abs(rows[i]!));
    if (largest === 0) continue;
    let square = 0;
    for (let i = from; i < from + size; i++) square += (rows[i]! / largest) ** 2;
    const unit = (Math.sqrt(square) / most) * largest;
    units[row] = unit;
    for (let i = from; i < from + size; i++) {
      const value = rows[i]! / unit;
      const a = value + ROUND - ROUND;
      whole[i] = a;
      rest[i] = value - a;
    }
  }
  return { whole, rest, units };
}
