import { seededRandom } from 'tfjs-ood';

/** Labeled rows of some classes, and how to draw more of them. */
export interface World {
  draw(count: number): { features: { data: Float32Array; shape: readonly [number, number] }; labels: Int32Array };
}

const SIZE = 8;

/**
 * Normal clusters about means that lie three deviations apart and are drawn by the seed; `shares` [C] say how often a
 * class comes.
 */
export function worldOf(shares: readonly number[], seed: number): World {
  const random = seededRandom(seed);
  const means = shares.map(() => Float64Array.from({ length: SIZE }, () => 3 * random.normal()));
  const total = shares.reduce((a, b) => a + b);
  const classOf = (u: number) => {
    let rest = u * total;
    return Math.max(
      0,
      shares.findIndex((share) => (rest -= share) < 0),
    );
  };
  return {
    draw(count) {
      const labels = Int32Array.from({ length: count }, () => classOf(random.uniform()));
      const data = new Float32Array(count * SIZE);
      data.forEach((_, at) => {
        data[at] = means[labels[Math.floor(at / SIZE)]!]![at % SIZE]! + random.normal();
      });
      return { features: { data, shape: [count, SIZE] }, labels };
    },
  };
}

/** Mean of some numbers, and its standard error. */
export function meanOf(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}
