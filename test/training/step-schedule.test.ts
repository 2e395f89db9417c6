import { describe, expect, it } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { stepSchedule } from 'tfjs-ood/training';
import { expectClose } from '../expect-close';

describe('stepSchedule', () => {
  it.each([
    ['a record', { 150: 0.1, 2250: 0.1 }],
    [
      'pairs in any order',
      [
        [2250, 0.1],
        [150, 0.1],
      ] as const,
    ],
  ])("gives the paper's factors from %s", (_, boundaries) => {
    const schedule = stepSchedule(boundaries);
    expectClose([0, 149, 150, 2249, 2250, 2999].map(schedule), [1, 1, 0.1, 0.1, 0.01, 0.01], { absolute: 1e-15 });
  });

  it('is 1 without boundaries', () => expect(stepSchedule({})(5)).toBe(1));

  it.each([[[[1.5, 0.1]]], [[[-1, 0.1]]], [[[3, 0]]], [[[3, NaN]]]] as [[number, number][]][])(
    'refuses %o',
    (pairs) => {
      expect(() => stepSchedule(pairs)).toThrow(ArgumentError);
    },
  );
});
