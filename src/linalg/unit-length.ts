/**
 * Rows [N, D] of length 1; a zero row, which has no direction, stays zero. Large and tiny rows do not leave float64.
 */
export function unitLength(rows: Float32Array, size: number): Float32Array {
  const unit = new Float32Array(rows.length);
  for (let at = 0; at < rows.length; at += size) {
    let square = 0;
    for (let i = at; i < at + size; i++) square += rows[i]! * rows[i]!;
    if (square === 0) continue;
    const scale = 1 / Math.sqrt(square);
    for (let i = at; i < at + size; i++) unit[i] = rows[i]! * scale;
  }
  return unit;
}
