import fc from 'fast-check';

/** Few values, so that there are ties. */
export const scoresArbitrary = fc.array(
  fc.integer({ min: 0, max: 9 }).map((value) => value / 4),
  { minLength: 1, maxLength: 30 },
);

/** Hundredths, which floating point does not hold. */
export const rateArbitrary = fc.integer({ min: 1, max: 99 }).map((value) => value / 100);

/** One class for each score. */
export const withClasses = (scores: number[]) =>
  fc.array(fc.integer({ min: 0, max: 3 }), { minLength: scores.length, maxLength: scores.length });

/** Scores with a class for each. */
export const classedArbitrary = scoresArbitrary.chain((scores) =>
  withClasses(scores).map((classes) => ({ scores, classes })),
);

/** The next double above or below a positive one. */
export function besides(x: number, step: 1 | -1): number {
  const bits = new BigInt64Array(Float64Array.of(x).buffer);
  bits[0]! += BigInt(step);
  return new Float64Array(bits.buffer)[0]!;
}

/** Mean of a sample and the standard error of that mean. */
export function meanOf(sample: readonly number[]): { mean: number; error: number } {
  const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length;
  const squares = sample.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (sample.length - 1) / sample.length) };
}
