import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countedShare } from '../../../src/detector/evaluation/counted-share';
import { findingOf } from '../../../src/detector/evaluation/finding';

const finding = (found: number, of: number, alarms: number, known: number) =>
  findingOf(countedShare(found, of, 0.95), countedShare(alarms, known, 0.95), true);

test('in words what counts allow', () => {
  expect(finding(3, 40, 6, 120)).toBe('useless');
  expect(finding(38, 40, 6, 120)).toBe('most');
  expect(finding(20, 40, 6, 120)).toBe('some');
  expect(finding(15, 60, 12, 60)).toBe('unclear');
  for (const found of [0, 2, 5]) expect(finding(found, 5, 6, 120)).toBe('few');
  expect(finding(36, 40, 0, 4)).toBe('few'); // too few known ones
  expect(finding(38, 40, 110, 120)).toBe('useless'); // the known are called so as well
  expect(findingOf({ lower: 0, upper: 0.6 }, { lower: 0, upper: 0.1 }, false)).toBe('useless'); // nothing can be
});

test('the ends of each finding', () => {
  const alarms = { lower: 0, upper: 0.125 };
  const at = (lower: number, upper: number) => findingOf({ lower, upper }, alarms, true);
  expect([at(0.5, 1), at(0.4999, 0.9)]).toEqual(['most', 'some']);
  expect([at(0.125, 0.24999), at(0.125, 0.25), at(0.126, 0.25)]).toEqual(['useless', 'unclear', 'some']);
  expect([at(0.2, 0.7), at(0.2, 0.7001)]).toEqual(['some', 'few']);
  const noisy = { lower: 0.1, upper: 0.5 };
  expect([findingOf({ lower: 0.75, upper: 0.9 }, noisy, true), findingOf({ lower: 0.7499, upper: 0.9 }, noisy, true)]).toEqual(['most', 'some']); // prettier-ignore
});

test('praise and blame are for what both intervals bear out', () => {
  const counts = fc.record({ found: fc.nat(60), of: fc.integer({ min: 1, max: 60 }), alarms: fc.nat(60), known: fc.integer({ min: 1, max: 60 }) }); // prettier-ignore
  const property = fc.property(counts, ({ found, of, alarms, known }) => {
    fc.pre(found <= of && alarms <= known);
    const [a, b] = [countedShare(found, of, 0.95), countedShare(alarms, known, 0.95)];
    const said = findingOf(a, b, true);
    if (said === 'most') expect(a.lower >= 0.5 && a.lower > b.upper).toBe(true);
    if (said === 'some') expect(a.lower > b.upper && a.upper - a.lower <= 0.5).toBe(true);
    if (said === 'useless') expect(a.upper - b.lower < 0.25).toBe(true);
  });
  fc.assert(property, { numRuns: 2000 });
});

/** Chance of k of n at a rate. */
function binomial(n: number, p: number): number[] {
  const chances = [(1 - p) ** n];
  for (let k = 0; k < n; k++) chances.push((chances[k]! * (n - k) * p) / ((k + 1) * (1 - p)));
  return chances;
}

test('a detector that is useless is praised in less than 1 of 100 trials, one that finds 60 % more hardly ever blamed', () => {
  for (const [of, known] of [
    [5, 20],
    [6, 40],
    [20, 20],
    [40, 120],
  ] as const) {
    for (const rate of [0.01, 0.05, 0.2, 0.5, 0.8]) {
      const [strange, alarms] = [binomial(of, rate), binomial(known, rate)];
      const finds = binomial(of, Math.min(0.99, rate + 0.6));
      let [praised, blamed] = [0, 0];
      for (let k = 0; k <= of; k++) {
        for (let a = 0; a <= known; a++) {
          const said = finding(k, of, a, known);
          if (said === 'most' || said === 'some') praised += strange[k]! * alarms[a]!;
          if (said === 'useless' && rate < 0.4) blamed += finds[k]! * alarms[a]!;
        }
      }
      expect(praised, `${of} of ${known} at ${rate}`).toBeLessThan(0.01);
      expect(blamed, `${of} of ${known} at ${rate}`).toBeLessThan(0.001);
    }
  }
});
