/**
 * Orders strings by their code points. JavaScript's own order is that of UTF-16 units, in which what lies beyond 16
 * bits stands before U+E000.
 */
export function byCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((letter, i) => letter !== right[i]);
  if (at < 0) return left.length - right.length;
  return (left[at]!.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}
