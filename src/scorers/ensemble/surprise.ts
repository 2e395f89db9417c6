import { pValueOf } from '../../core/p-value';

/** Of two float32 numbers next to each other the difference is about this share. */
const UNIT = 2 ** -23;
const LEAST = 2 ** -126;

/**
 * -log p of a score by the ascending scores of held-out rows, with an order beyond the largest of them, c: there p
 * stays 1 / (n + 1), and log1p((s - c) / (c - median)) is added. So far and very far differ, and what is far for one
 * row of calibration does not tie with it. It rises with the score everywhere: up to c it is at most log((n + 1) / 2).
 * Where c is the median, or nearly, rounding is the scale.
 */
export function surpriseBy(ascending: Float32Array): (score: number) => number {
  const count = ascending.length;
  const { largest, scale } = surpriseScale(ascending);
  return (score) =>
    score > largest
      ? Math.log(count + 1) + Math.log1p((score - largest) / scale)
      : 0 - Math.log(pValueOf(ascending, score));
}

/** c, and what the distance from it is divided by. */
export function surpriseScale(ascending: Float32Array): { largest: number; scale: number } {
  const count = ascending.length;
  const largest = ascending[count - 1]!;
  const median = (ascending[(count - 1) >> 1]! + ascending[count >> 1]!) / 2;
  return { largest, scale: Math.max(largest - median, UNIT * Math.abs(largest), LEAST) };
}
