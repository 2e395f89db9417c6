import { describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { growingDetector } from 'tfjs-ood/detector';
import { meanOf } from './worlds';

const SIZE = 64;

/** Normal rows about the means of some classes and of one more, which is strange; lengths of the means are drawn. */
function drawnClasses(classes: number, seed: number) {
  const random = seededRandom(seed);
  const means = Array.from({ length: classes + 1 }, () => Array.from({ length: SIZE }, () => random.normal()));
  const rowOf = (label: number) => means[label]!.map((mean) => mean + random.normal());
  const batch = (labels: number[]) => ({
    features: { data: Float32Array.from(labels.flatMap(rowOf)), shape: [labels.length, SIZE] as const },
    labels,
  });
  return {
    known: (count: number) => batch(Array.from({ length: count }, () => random.integer(classes))),
    strange: () => batch([classes]),
  };
}

/** What so many rows allow, where no two of them are each other's nearest: floor(alpha (M + 1)) / (M + 1). */
const mostOf = (rows: number, alpha: number) => Math.floor(alpha * (rows + 1) + 1e-9) / (rows + 1);

/**
 * A trial draws classes, so many known images of them, which the detector is given one by one, then one more known
 * image and one of a class that it has not seen.
 */
export function growingAlarmsSuite({ trials, print }: { trials: number; print?: boolean }): void {
  describe.each([
    { rows: 20, classes: 1, k: 1, alpha: 0.05, found: 0.99 },
    { rows: 20, classes: 2, k: 1, alpha: 0.05, found: 0.99 },
    { rows: 20, classes: 4, k: 1, alpha: 0.05, found: 0.9 },
    { rows: 20, classes: 4, k: 3, alpha: 0.05, found: 0.5 },
    { rows: 19, classes: 1, k: 1, alpha: 0.05, found: 0.99 },
    { rows: 59, classes: 5, k: 1, alpha: 0.05, found: 0.95 },
    { rows: 20, classes: 1, k: 1, alpha: 0.2, found: 0.99 },
  ])('$rows images of $classes classes, k = $k, alpha $alpha', ({ rows, classes, k, alpha, found }) => {
    test.each(['length', 'none'] as const)('rows of %s', { timeout: 3_600_000 }, async (normalize) => {
      const [alarms, hits]: [number[], number[]] = [[], []];
      for (let seed = 1; seed <= trials; seed++) {
        const drawn = drawnClasses(classes, seed);
        const detector = growingDetector({ k, normalize, alpha });
        const bank = drawn.known(rows);
        await detector.add(bank.features, bank.labels);
        const [fresh] = await detector.predict(drawn.known(1).features);
        const [strange] = await detector.predict(drawn.strange().features);
        alarms.push(fresh!.isOod ? 1 : 0);
        hits.push(strange!.isOod ? 1 : 0);
      }
      const most = mostOf(rows, alpha);
      const [{ mean, error }, power] = [meanOf(alarms), meanOf(hits)];
      if (print) {
        const figures = [mean, error, most, power.mean].map((value) => value.toFixed(4));
        console.info(['', rows, classes, k, normalize, alpha, ...figures, ''].join(' | ').trim());
      }
      expect(mean).toBeLessThan(most + 4 * error);
      expect(mean).toBeGreaterThan(0.6 * most - 4 * error); // ties of two that are each other's nearest lower it
      expect(power.mean).toBeGreaterThan(found - 4 * Math.sqrt((found * (1 - found)) / trials));
      if (trials >= 2000 && alpha === 0.05) {
        expect(mean).toBeGreaterThan(0.03);
        expect(mean).toBeLessThan(0.06);
      }
    });
  });
}
