/** Options as in the package, all of them given. */
export interface NaiveOptions {
  margin: number;
  power: 1 | 2;
  pairs: 'halves' | 'all';
  positiveShare: number;
}

const mean = (values: number[]) => (values.length === 0 ? 0 : values.reduce((sum, v) => sum + v, 0) / values.length);

/** The loss in float64, pair by pair; the oracle of the tests. */
export function naiveLoss(labels: readonly number[], rows: readonly number[][], options: NaiveOptions): number {
  const { margin, power, pairs, positiveShare } = options;
  const positive: number[] = [];
  const negative: number[] = [];
  const half = labels.length / 2;
  for (let i = 0; i < labels.length; i++) {
    for (let j = i + 1; j < labels.length; j++) {
      if (pairs === 'halves' && j !== i + half) continue;
      const [a, b] = [labels[i]!, labels[j]!];
      if (a < 0 && b < 0) continue;
      const distance = Math.hypot(...rows[i]!.map((v, k) => v - rows[j]![k]!));
      if (a === b) positive.push(distance ** power);
      else negative.push(Math.max(0, margin - distance) ** power);
    }
  }
  if (pairs === 'halves') return 0.5 * mean([...positive, ...negative]);
  return 0.5 * (positiveShare * mean(positive) + (1 - positiveShare) * mean(negative));
}

/** Its gradient by central differences, [B][D]. */
export function naiveGradient(labels: readonly number[], rows: readonly number[][], options: NaiveOptions): number[][] {
  const step = 1e-5;
  return rows.map((row, i) =>
    row.map((_, k) => {
      const at = (delta: number) => {
        const moved = rows.map((r) => [...r]);
        moved[i]![k]! += delta;
        return naiveLoss(labels, moved, options);
      };
      return (at(step) - at(-step)) / (2 * step);
    }),
  );
}
