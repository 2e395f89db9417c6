/** The p-value of a score in ascending calibration scores; 1 where there are none, which nothing can contradict. */
export function pValueOf(sorted: ArrayLike<number>, score: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return (1 + sorted.length - low) / (sorted.length + 1);
}
