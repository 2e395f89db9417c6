/** From the lowest to the highest. */
export type NumberRange = readonly [low: number, high: number];

/** What models commonly take for pixels of 0..255. */
export type PixelRange = '0..1' | '-1..1' | '0..255';

export const PIXEL_RANGES: Readonly<Record<PixelRange, NumberRange>> = {
  '0..1': [0, 1],
  '-1..1': [-1, 1],
  '0..255': [0, 255],
};

/** Share of a range's length by which numbers may lie outside. */
const SLACK = 1e-3;

export const hullOf = (all: readonly NumberRange[]): NumberRange => [
  Math.min(...all.map(([low]) => low)),
  Math.max(...all.map(([, high]) => high)),
];

/** Whether numbers lie in a range, up to rounding. */
export function liesIn([low, high]: NumberRange, range: NumberRange): boolean {
  const slack = SLACK * (range[1] - range[0]);
  return low >= range[0] - slack && high <= range[1] + slack;
}

/** The first common range that holds these numbers, or they themselves. */
export const widened = (seen: NumberRange): NumberRange =>
  Object.values(PIXEL_RANGES).find((range) => liesIn(seen, range)) ?? seen;

/** Whether it is one of the common ranges. */
export const isConventional = (range: NumberRange): boolean =>
  Object.values(PIXEL_RANGES).some(([low, high]) => low === range[0] && high === range[1]);

/** Whether two ranges are the same, to 1 % of their length. */
export function isNear([low, high]: NumberRange, wanted: NumberRange): boolean {
  const slack = 0.01 * (wanted[1] - wanted[0]);
  return Math.abs(low - wanted[0]) <= slack && Math.abs(high - wanted[1]) <= slack;
}

/** The range that x -> scale x + offset brings onto [0, 1] or [-1, 1], to 1 % of their length. */
export function rangeBefore(scale: number, offset: number): PixelRange | undefined {
  const names = ['0..255', '0..1', '-1..1'] as const;
  return names.find((name) => {
    const [low, high] = PIXEL_RANGES[name];
    const onto: NumberRange = [scale * low + offset, scale * high + offset];
    return isNear(onto, PIXEL_RANGES['0..1']) || isNear(onto, PIXEL_RANGES['-1..1']);
  });
}

/** A number as one reads it: that of a float has no more than 7 digits. */
const digits = (value: number): string => `${Number(value.toPrecision(7))}`;

export const rangeText = ([low, high]: NumberRange): string => `from ${digits(low)} to ${digits(high)}`;
