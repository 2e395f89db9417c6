/** What miners choose, in float64 and row by row; the oracles of the tests. Labels below 0 are OoD. */

export type Rows = readonly (readonly number[])[];

/** Which columns are pairs of a row: the first columns are the rows themselves, the others come from a memory. */
export interface NaivePairs {
  labels: readonly number[];
  columnLabels: readonly number[];
  /** [R][C] */
  distances: number[][];
  positive: boolean[][];
  negative: boolean[][];
}

const indicesOf = (mask: readonly boolean[]) => mask.flatMap((is, j) => (is ? [j] : []));
export const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((v, k) => v - b[k]!));

export function pairsOf(labels: readonly number[], rows: Rows, memoryLabels: readonly number[] = [], held: Rows = []) {
  const [columnLabels, columns] = [
    [...labels, ...memoryLabels],
    [...rows, ...held],
  ];
  const pairs: NaivePairs = {
    labels,
    columnLabels,
    distances: rows.map((row) => columns.map((column) => distance(row, column))),
    positive: labels.map((a, i) => columnLabels.map((b, j) => i !== j && a >= 0 && a === b)),
    negative: labels.map((a) => columnLabels.map((b) => a !== b && !(a < 0 && b < 0))),
  };
  return pairs;
}

/** Equal shares of those among `chosen` whose distance is `best`. */
function share(weights: number[], d: readonly number[], chosen: readonly number[], best: number) {
  const equal = chosen.filter((j) => d[j] === best);
  for (const j of equal) weights[j] = 1 / equal.length;
}

export function hardest({ distances, positive, negative }: NaivePairs): number[][] {
  return distances.map((d, i) => {
    const weights = d.map(() => 0);
    const [own, others] = [indicesOf(positive[i]!), indicesOf(negative[i]!)];
    share(weights, d, own, Math.max(...own.map((j) => d[j]!)));
    share(weights, d, others, Math.min(...others.map((j) => d[j]!)));
    return weights;
  });
}

export function violating({ distances, positive, negative }: NaivePairs, margin: number): number[][] {
  return distances.map((d, i) => d.map((value, j) => (positive[i]![j] || (negative[i]![j] && value < margin) ? 1 : 0)));
}

export function semiHard({ distances, positive, negative }: NaivePairs, which: 'farthest' | 'nearest'): number[][] {
  return distances.map((d, i) => {
    const weights = d.map(() => 0);
    const own = indicesOf(positive[i]!);
    if (own.length === 0) return weights;
    const reference = (which === 'farthest' ? Math.max : Math.min)(...own.map((j) => d[j]!));
    share(weights, d, own, reference);
    const beyond = indicesOf(negative[i]!).filter((j) => d[j]! > reference);
    share(weights, d, beyond, Math.min(...beyond.map((j) => d[j]!)));
    return weights;
  });
}

/** Weights of Wu et al., straight from the density: for small D only. */
export function distanceWeighted(
  { distances, positive, negative }: NaivePairs,
  { cutoff, maxDistance, size }: { cutoff: number; maxDistance: number; size: number },
): number[][] {
  return distances.map((d, i) => {
    const taken = indicesOf(negative[i]!).filter((j) => d[j]! < maxDistance);
    const inverse = (x: number) => 1 / (x ** (size - 2) * (1 - x ** 2 / 4) ** ((size - 3) / 2));
    const total = taken.reduce((sum, j) => sum + inverse(Math.max(cutoff, d[j]!)), 0);
    return d.map((x, j) => {
      if (positive[i]![j]) return 1;
      return taken.includes(j) ? inverse(Math.max(cutoff, x)) / total : 0;
    });
  });
}

export function hardOod({ labels, columnLabels, distances, positive, negative }: NaivePairs, part: number): number[][] {
  /** Positions of the OoD rows that are kept, by the sorted distances to the nearest known one. */
  const kept = (own: readonly number[], others: readonly number[], d: (i: number, j: number) => number) => {
    const out = indicesOf(own.map((label) => label < 0));
    const near = (i: number) => Math.min(...indicesOf(others.map((label) => label >= 0)).map((j) => d(i, j)));
    const count = Math.max(1, Math.ceil(part * out.length));
    const limit = out.map(near).sort((a, b) => a - b)[count - 1]!;
    return own.map((label, i) => label >= 0 || near(i) <= limit);
  };
  const rows = kept(labels, columnLabels, (i, j) => distances[i]![j]!);
  const columns = kept(columnLabels, labels, (j, i) => distances[i]![j]!);
  return distances.map((d, i) =>
    d.map((_, j) => (positive[i]![j] || (negative[i]![j] && rows[i] && columns[j]) ? 1 : 0)),
  );
}

/** 0.5 * (s * weighted mean of the positives' costs + (1 - s) * that of the negatives'). */
export function pairLoss(
  { distances, positive, negative }: NaivePairs,
  weights: readonly (readonly number[])[],
  { margin, power, positiveShare }: { margin: number; power: number; positiveShare: number },
): number {
  const mean = (mask: boolean[][], cost: (d: number) => number) => {
    let [total, count] = [0, 0];
    mask.forEach((row, i) =>
      row.forEach((is, j) => {
        if (!is) return;
        total += weights[i]![j]! * cost(distances[i]![j]!);
        count += weights[i]![j]!;
      }),
    );
    return count === 0 ? 0 : total / count;
  };
  const pull = mean(positive, (d) => d ** power);
  const push = mean(negative, (d) => Math.max(0, margin - d) ** power);
  return 0.5 * (positiveShare * pull + (1 - positiveShare) * push);
}

/** Mean over triplets of a known anchor, weighted by the product of the weights of its two pairs. */
export function weightedTriplets(
  { labels, distances, positive, negative }: NaivePairs,
  weights: readonly (readonly number[])[],
  margin: number,
): number {
  let [total, count] = [0, 0];
  labels.forEach((label, a) => {
    if (label < 0) return;
    for (const p of indicesOf(positive[a]!)) {
      for (const n of indicesOf(negative[a]!)) {
        const weight = weights[a]![p]! * weights[a]![n]!;
        total += weight * Math.max(0, distances[a]![p]! - distances[a]![n]! + margin);
        count += weight;
      }
    }
  });
  return count === 0 ? 0 : total / count;
}
