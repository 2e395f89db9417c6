import type { Random } from '../core/random';

/** Draws the right member of a pair for a known row. */
export interface ClassPartners {
  /** Images of each known class. */
  readonly classCounts: readonly number[];
  /** Another row of the same class, each equally likely; the row itself only where its class has no other. */
  same(row: number, random: Random): number;
  /** A row of another known class, each image equally likely; there must be one. */
  other(row: number, random: Random): number;
}

/** Known rows (labels >= 0) sorted by class once, so that a draw takes constant time whatever the class sizes. */
export function classPartners(labels: Int32Array): ClassPartners {
  const rows = Int32Array.from(labels, (_, row) => row).filter((row) => labels[row]! >= 0);
  rows.sort((a, b) => labels[a]! - labels[b]! || a - b);
  const placeOf = new Int32Array(labels.length);
  /** Rows of a class are those from start to end. */
  const spans = new Map<number, { start: number; end: number }>();
  rows.forEach((row, place) => {
    placeOf[row] = place;
    const span = spans.get(labels[row]!);
    if (span) span.end = place + 1;
    else spans.set(labels[row]!, { start: place, end: place + 1 });
  });

  return {
    classCounts: [...spans.values()].map(({ start, end }) => end - start),
    same(row, random) {
      const { start, end } = spans.get(labels[row]!)!;
      if (end - start === 1) return row;
      const drawn = start + random.integer(end - start - 1);
      return rows[drawn >= placeOf[row]! ? drawn + 1 : drawn]!; // skips the row itself
    },
    other(row, random) {
      const { start, end } = spans.get(labels[row]!)!;
      const drawn = random.integer(rows.length - (end - start));
      return rows[drawn >= start ? drawn + (end - start) : drawn]!; // skips its class
    },
  };
}
