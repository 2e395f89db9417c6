/** How many of ascending scores are at least this one. */
export function countFrom(sorted: ArrayLike<number>, score: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return sorted.length - low;
}

/** The p-value of a score in ascending calibration scores; 1 where there are none, which nothing can contradict. */
export const pValueOf = (sorted: ArrayLike<number>, score: number): number =>
  (1 + countFrom(sorted, score)) / (sorted.length + 1);
