import { check, RECORD, type Rule, INDEX, POSITIVE } from '../core/check';

const BOUNDARIES: Rule = {
  expected: 'an object { epoch: factor }, or a list of [epoch, factor]',
  holds: (value: unknown) => (Array.isArray(value) ? value.every(Array.isArray) : RECORD.holds(value as never)),
};

/**
 * Learning-rate factor that changes at given epochs: the product of the factors of all boundaries that are reached.
 *
 * @param boundaries epoch (counted from 0) -> factor from that epoch on
 * @throws ArgumentError if an epoch is no whole number from 0 or a factor is not above 0
 * @example
 * const schedule = stepSchedule({ 150: 0.1, 2250: 0.1 });
 * [0, 150, 2250].map(schedule); // [1, 0.1, 0.01]
 */
export function stepSchedule(
  boundaries: Readonly<Record<number, number>> | readonly (readonly [epoch: number, factor: number])[],
): (epoch: number) => number {
  check('stepSchedule', 'boundaries', boundaries, BOUNDARIES);
  const steps = Array.isArray(boundaries)
    ? (boundaries as readonly (readonly [number, number])[])
    : Object.entries(boundaries).map(([epoch, factor]) => [Number(epoch), factor as number] as const);
  for (const [epoch, factor] of steps) {
    check('stepSchedule', 'epoch of a boundary', epoch, INDEX);
    check('stepSchedule', `factor from epoch ${epoch} on`, factor, POSITIVE);
  }
  return (epoch) => steps.reduce((product, [boundary, factor]) => (epoch >= boundary ? product * factor : product), 1);
}
