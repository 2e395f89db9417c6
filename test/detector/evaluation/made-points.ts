import { seededRandom } from 'tfjs-ood';

/** Outputs of two classes, `away` from where known ones are. */
export function points(count: number, seed: number, away = 0) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const features = Float32Array.from(
    { length: 2 * count },
    (_, i) => (i % 2) * 6 * labels[i >> 1]! + random.normal() + away,
  );
  const logits = Float32Array.from(
    { length: 2 * count },
    (_, i) => (i % 2 === labels[i >> 1] ? 3 - away / 3 : 0) + random.normal(),
  );
  const shape = [count, 2] as const;
  return { features: { data: features, shape }, logits: { data: logits, shape }, labels };
}

/** Some of its rows. */
export function part({ features, logits, labels }: ReturnType<typeof points>, from: number, to: number) {
  const of = ({ data }: { data: Float32Array }) => ({
    data: data.slice(2 * from, 2 * to),
    shape: [to - from, 2] as const,
  });
  return { features: of(features), logits: of(logits), labels: labels.slice(from, to) };
}

/** The same in blocks. */
export async function* blocksOf<T>(...blocks: T[]): AsyncGenerator<T> {
  for (const block of blocks) yield await Promise.resolve(block);
}
