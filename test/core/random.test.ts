import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveSeed, seededRandom } from 'tfjs-ood';

const draw = (count: number, next: () => number) => Array.from({ length: count }, next);

describe('seededRandom', () => {
  test('the same seed and path give the same stream, others another', () => {
    const stream = (...args: [number, ...number[]]) => draw(20, seededRandom(...args).uniform);
    expect(stream(7, 1, 2)).toEqual(stream(7, 1, 2));
    expect(stream(7, 1, 2)).not.toEqual(stream(7, 2, 1));
    expect(stream(7)).not.toEqual(stream(8));
    expect(stream(7)).not.toEqual(stream(7, 0));
    expect(stream(2 ** 40)).not.toEqual(stream(0));
  });

  test('moments of uniform and normal', () => {
    const n = 200_000;
    const random = seededRandom(3);
    const uniform = draw(n, random.uniform);
    const normal = draw(n, random.normal);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const moment = (values: number[], k: number) => mean(values.map((value) => value ** k));
    // Five standard errors each.
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan((5 * Math.sqrt(1 / 12)) / Math.sqrt(n));
    expect(Math.abs(mean(normal))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(moment(normal, 2) - 1)).toBeLessThan((5 * Math.SQRT2) / Math.sqrt(n));
    expect(Math.abs(moment(normal, 4) - 3)).toBeLessThan((5 * Math.sqrt(96)) / Math.sqrt(n));
    expect(Math.min(...uniform.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform.slice(0, 1000))).toBeLessThan(1);
  });

  test('streams of neighboring steps are not correlated', () => {
    const n = 20_000;
    const first = Array.from({ length: n }, (_, step) => seededRandom(1, 0, step).uniform() - 0.5);
    let sum = 0;
    for (let i = 1; i < n; i++) sum += first[i]! * first[i - 1]!;
    expect(Math.abs((12 * sum) / n)).toBeLessThan(5 / Math.sqrt(n));
  });

  test('a permutation holds every number once, and every order is as likely', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(50), (seed, n) => {
        expect([...seededRandom(seed).permutation(n)].sort((a, b) => a - b)).toEqual(
          draw(
            n,
            (
              (i) => () =>
                i++
            )(0),
          ),
        );
      }),
    );
    const counts = new Map<string, number>();
    const random = seededRandom(5);
    for (let i = 0; i < 6000; i++) {
      const key = random.permutation(3).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(6);
    expect(chiSquare).toBeLessThan(20.5); // 5 degrees of freedom, p = 0.001
  });
});

describe('deriveSeed', () => {
  test('is never 0 and differs between parts', () => {
    const seeds = new Set<number>();
    for (let layer = 0; layer < 10_000; layer++) seeds.add(deriveSeed(1, layer));
    expect(seeds.has(0)).toBe(false);
    expect(seeds.size).toBeGreaterThan(9990);
  });

  test('refuses what is no integer', () => {
    expect(() => deriveSeed(0.5)).toThrow('deriveSeed: seed must be a whole number, got 0.5');
    expect(() => seededRandom(NaN)).toThrow('got NaN');
  });
});
