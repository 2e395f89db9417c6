/** What a p-value says, in words: the share of the calibration scores that are at least this high. */
export function strangeness(calibrationScores: ArrayLike<number>, score: number): string {
  const count = calibrationScores.length;
  let asHigh = 0;
  for (let i = 0; i < count; i++) if (calibrationScores[i]! >= score) asHigh++;
  if (asHigh === 0) return `none of ${count.toLocaleString('en')} known digits looks as strange`;
  if (asHigh === count) return 'all known digits look at least as strange';
  const percent = (100 * asHigh) / count;
  // Rounding says neither none nor all where it is not so.
  const words = percent < 0.1 ? 'under 0.1' : percent < 9.95 ? percent.toFixed(1) : Math.min(99, percent).toFixed(0);
  return `${words} % of known digits look at least as strange`;
}
