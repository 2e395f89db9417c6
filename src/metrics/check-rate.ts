import { ArgumentError } from '../errors';

/** Refuses what is no rate strictly between 0 and 1. */
export function checkRate(where: string, what: string, rate: number): void {
  if (rate > 0 && rate < 1) return;
  throw new ArgumentError({ where, what, expected: 'a rate between 0 and 1', received: String(rate) });
}
