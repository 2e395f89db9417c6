/** Adding it to a float64 number below 2^51 and subtracting it again rounds to a whole number. */
export const ROUND = 1.5 * 2 ** 52;

/**
 * The largest norm, in units of its own, of a vector of `length` numbers that are then rounded to whole ones: below
 * 2^12 after rounding, so that the product of two such vectors is exact in float32 (Cauchy-Schwarz: no partial sum
 * reaches 2^24).
 */
export const normInUnits = (length: number): number => 2 ** 12 - Math.sqrt(length) / 2 - 1;
