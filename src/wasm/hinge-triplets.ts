import type { TensorInfo } from '@tensorflow/tfjs-core';
import { floats, makeOutput, type KernelCall } from './heap';

/** More columns than a key has room for: a distance's 32 bits go before the place. */
const PLACES = 2 ** 20;

/**
 * Columns by their distance, those of no weight left out; `keys` has room for all. Bits of floats from 0 on sort as
 * they do.
 */
function nearestFirst(bits: Uint32Array, weights: Float32Array, keys: Float64Array, order: Uint32Array): number {
  let count = 0;
  for (let column = 0; column < weights.length; column++) {
    if (weights[column] !== 0) keys[count++] = bits[column]! * PLACES + column;
  }
  keys.subarray(0, count).sort();
  for (let at = 0; at < count; at++) order[at] = keys[at]! % PLACES;
  return count;
}

/** In float32, as on other backends: the same triplets cost nothing. */
const costs = (distance: number, other: number, margin: number): boolean =>
  Math.fround(Math.fround(distance - other) + Math.fround(margin)) > 0;

/**
 * Sum of max(0, d(a, p) - d(a, n) + m) over all triplets, each with the weights of its two pairs multiplied, how many
 * they are, and the gradient of the sum with respect to the distances [R, C]. By the order of an anchor's distances:
 * the negatives that still cost something with one positive are the first so many, whose sums are known. O(R C log C),
 * where a number for each triplet would be O(R C^2). A kernel of this package's own.
 */
export function hingeTriplets({ inputs, attrs, backend }: KernelCall): TensorInfo[] {
  const { powers, positive, negative } = inputs as { powers: TensorInfo; positive: TensorInfo; negative: TensorInfo };
  const margin = attrs.margin as number;
  const [rows, columns] = powers.shape as [number, number];
  const outputs = [makeOutput(backend, []), makeOutput(backend, []), makeOutput(backend, [rows, columns])] as const;
  const [all, pull, push, gradients] = [powers, positive, negative, outputs[2]].map((x) => floats(backend, x)) as [Float32Array, Float32Array, Float32Array, Float32Array]; // prettier-ignore
  gradients.fill(0);

  const keys = new Float64Array(columns);
  const [positives, negatives] = [new Uint32Array(columns), new Uint32Array(columns)];
  // Of the first so many negatives: weights, and weights times distances. Of the positives that meet just so many.
  const [weightOf, weightedOf, met] = [1, 2, 3].map(() => new Float64Array(columns + 1)) as [Float64Array, Float64Array, Float64Array]; // prettier-ignore
  let [sum, count] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const [first, last] = [row * columns, (row + 1) * columns];
    const [distances, gradient] = [all.subarray(first, last), gradients.subarray(first, last)];
    const [toPositive, toNegative] = [pull.subarray(first, last), push.subarray(first, last)];
    const bits = new Uint32Array(distances.buffer, distances.byteOffset, columns);
    const positiveCount = nearestFirst(bits, toPositive, keys, positives);
    const negativeCount = positiveCount && nearestFirst(bits, toNegative, keys, negatives);
    if (negativeCount === 0) continue;

    for (let at = 0; at < negativeCount; at++) {
      const column = negatives[at]!;
      weightOf[at + 1] = weightOf[at]! + toNegative[column]!;
      weightedOf[at + 1] = weightedOf[at]! + toNegative[column]! * distances[column]!;
      met[at + 1] = 0;
    }
    let near = 0;
    for (let at = 0; at < positiveCount; at++) {
      const column = positives[at]!;
      const [distance, weight] = [distances[column]!, toPositive[column]!];
      while (near < negativeCount && costs(distance, distances[negatives[near]!]!, margin)) near++;
      sum += weight * ((distance + margin) * weightOf[near]! - weightedOf[near]!);
      count += weight * weightOf[negativeCount]!;
      gradient[column] = weight * weightOf[near]!;
      met[near]! += weight;
    }
    let meeting = 0;
    for (let at = negativeCount - 1; at >= 0; at--) {
      meeting += met[at + 1]!;
      gradient[negatives[at]!]! -= toNegative[negatives[at]!]! * meeting;
    }
  }
  floats(backend, outputs[0])[0] = sum;
  floats(backend, outputs[1])[0] = count;
  return [...outputs];
}
