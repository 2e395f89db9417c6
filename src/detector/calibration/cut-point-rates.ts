import { check, SHARE } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { isRecord } from '../../core/saved/json';

/**
 * False-alarm rates by name, `default` among them: `alpha`, or what is named so, or 0.05. @throws ArgumentError where
 * these differ
 */
export function cutPointsOf(
  where: string,
  { alpha, cutPoints }: { alpha?: number | undefined; cutPoints?: Readonly<Record<string, number>> | undefined },
): Record<string, number> {
  if (cutPoints !== undefined && !isRecord(cutPoints)) {
    throw new ArgumentError(where, 'cutPoints', 'false-alarm rates by name, such as { strict: 0.01 }', cutPoints);
  }
  const named = cutPoints?.default;
  if (alpha !== undefined && named !== undefined && alpha !== named) {
    const expected = `the same as alpha ${alpha}, or left out (it is alpha by another name)`;
    throw new ArgumentError(where, 'cutPoints.default', expected, named);
  }
  const all = { ...cutPoints, default: alpha !== undefined ? alpha : named !== undefined ? named : 0.05 };
  for (const [name, rate] of Object.entries(all)) {
    check(where, name === 'default' && named === undefined ? 'alpha' : `cutPoints.${name}`, rate, SHARE);
  }
  return all;
}

/** The rate that a prediction asks for. */
export function rateOf(where: string, cutPoints: Readonly<Record<string, number>>, cutPoint: string | number): number {
  if (typeof cutPoint === 'number') {
    check(where, 'cutPoint', cutPoint, SHARE);
    return cutPoint;
  }
  if (Object.hasOwn(cutPoints, cutPoint)) return cutPoints[cutPoint]!;
  throw new ArgumentError(where, 'cutPoint', `one of ${Object.keys(cutPoints).join(', ')}, or a rate`, cutPoint);
}
