/** Rotations of one pass of the iteration. */
interface Sweep {
  from: number;
  /** Cosines and sines in turns. */
  pairs: Float64Array;
  count: number;
}

/** A square, beside 1, that is below all rounding and too small to divide by. */
export const NOTHING = 1e-280;

/**
 * Implicit QL iteration on a tridiagonal matrix, which becomes diagonal; `beside[i]` is between i and i + 1. Each sweep
 * of rotations is given out: it turns columns `from` and `from` - 1 into each other, then the two below, and so on; its
 * numbers are good until the next.
 */
function* sweeps(d: Float64Array, beside: Float64Array): Generator<Sweep> {
  const size = d.length;
  const e = new Float64Array(size);
  e.set(beside);
  const pairs = new Float64Array(2 * size);
  for (let low = 0; low < size; low++) {
    for (;;) {
      let end = low;
      // NaN: done
      while (end < size - 1 && Math.abs(e[end]!) > 2 ** -53 * (Math.abs(d[end]!) + Math.abs(d[end + 1]!))) end++;
      if (end === low) break;
      let g = (d[low + 1]! - d[low]!) / (2 * e[low]!);
      let r = Math.hypot(g, 1);
      g = d[end]! - d[low]! + e[low]! / (g + (g < 0 ? -r : r));
      let [s, c, shift, count] = [1, 1, 0, 0];
      let i = end - 1;
      for (; i >= low; i--) {
        const f = s * e[i]!;
        const b = c * e[i]!;
        const squares = f * f + g * g;
        r = squares > NOTHING ? Math.sqrt(squares) : Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= shift;
          e[end] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1]! - shift;
        r = (d[i]! - g) * s + 2 * c * b;
        shift = s * r;
        d[i + 1] = g + shift;
        g = c * r - b;
        pairs[2 * count] = c;
        pairs[2 * count++ + 1] = s;
      }
      if (count > 0) yield { from: end, pairs, count };
      if (i >= low) continue;
      d[low]! -= shift;
      e[low] = g;
      e[end] = 0;
    }
  }
}

/**
 * Eigenvalues of a small tridiagonal matrix into its diagonal, ascending, and the unit eigenvectors of them as rows.
 * (Martin, Wilkinson, Numerische Mathematik 12, 1968.)
 */
export function smallEigen(diagonal: Float64Array, beside: Float64Array): Float64Array[] {
  const size = diagonal.length;
  const vectors = Array.from({ length: size }, (_, i) => {
    const unit = new Float64Array(size);
    unit[i] = 1;
    return unit;
  });
  for (const { from, pairs, count } of sweeps(diagonal, beside)) {
    for (let k = 0; k < count; k++) {
      turn(vectors[from - k]!, vectors[from - k - 1]!, pairs[2 * k]!, pairs[2 * k + 1]!);
    }
  }
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[a]! - diagonal[b]!);
  diagonal.set(order.map((at) => diagonal[at]!));
  return order.map((at) => vectors[at]!);
}

function turn(upper: Float64Array, lower: Float64Array, c: number, s: number): void {
  for (let i = 0; i < upper.length; i++) {
    const own = lower[i]!;
    const other = upper[i]!;
    upper[i] = s * own + c * other;
    lower[i] = c * own - s * other;
  }
}
