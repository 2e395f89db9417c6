import { describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { alarmChance } from '../../../src/detector/evaluation/alarm-chance';

/** n choose k, exact. */
function choose(n: number, k: number): bigint {
  let result = 1n;
  for (let i = 1; i <= k; i++) result = (result * BigInt(n - k + i)) / BigInt(i);
  return result;
}

/**
 * The same by counting: of all orders of `count` calibration scores and `rows` new ones, no two alike, those in which
 * at least `alarms` new ones are above the `allowed`-th largest of calibration: exact whole numbers.
 */
function countedChance(alarms: number, rows: number, allowed: number, count: number): number {
  let ways = 0n;
  for (let j = alarms; j <= rows; j++) {
    // j new ones above that score with the allowed - 1 other calibration ones, the rest below
    ways += choose(j + allowed - 1, j) * choose(rows - j + count - allowed, rows - j);
  }
  return Number((ways * 10n ** 25n) / choose(rows + count, rows)) / 1e25;
}

describe('how often so many alarms come by chance', () => {
  test('as counting all orders of the scores gives, exactly', () => {
    for (const [rows, count] of [
      [1, 19],
      [5, 19],
      [40, 39],
      [120, 80],
      [7, 1],
    ] as const) {
      for (const allowed of [1, 2, Math.ceil(count / 3), count].filter((own) => own <= count)) {
        for (let alarms = 0; alarms <= rows; alarms += rows > 50 ? 9 : 1) {
          const exact = countedChance(alarms, rows, allowed, count);
          expect(alarmChance(alarms, rows, allowed, count)).toBeCloseTo(exact, 12);
          if (exact > 1e-12) expect(alarmChance(alarms, rows, allowed, count) / exact).toBeCloseTo(1, 9);
        }
      }
    }
  });

  test('SciPy: betabinom(10000, 50, 951).sf(k - 1)', () => {
    expect(alarmChance(500, 10_000, 50, 1000)).toBeCloseTo(0.4826115974748565, 9);
    expect(alarmChance(700, 10_000, 50, 1000)).toBeCloseTo(0.005587339194313534, 9);
  });

  test('as drawing gives', () => {
    const [count, allowed, rows, draws] = [39, 2, 20, 4000];
    const random = seededRandom(5);
    const seen = new Float64Array(rows + 1);
    for (let i = 0; i < draws; i++) {
      const known = Float64Array.from({ length: count }, () => random.normal()).sort();
      let alarms = 0;
      for (let row = 0; row < rows; row++) if (random.normal() > known[count - allowed]!) alarms++;
      for (let k = 0; k <= alarms; k++) seen[k]!++;
    }
    for (const k of [1, 2, 4, 6]) {
      const chance = alarmChance(k, rows, allowed, count);
      expect(Math.abs(seen[k]! - draws * chance)).toBeLessThan(4.5 * Math.sqrt(draws * chance * (1 - chance)));
    }
  });

  test('nothing ever alarms: no alarm is certain, one impossible', () => {
    expect([alarmChance(0, 9, 0, 9), alarmChance(1, 9, 0, 9)]).toEqual([1, 0]);
  });
});
