import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { benjaminiHochberg } from 'tfjs-ood/thresholds';
import { fitOutputDetector } from 'tfjs-ood/detector';
import {
  mahalanobis,
  nearestClassMean,
  nearestNeighbors,
  relativeMahalanobis,
  type ScorerMethod,
} from 'tfjs-ood/scorers';
import { meanOf, worldOf } from './worlds';

const [ROWS, FRESH, RUN, ALPHA] = [200, 500, 20, 0.05];
const HELD = 40;
/** What exchangeable continuous scores give: floor((n + 1) alpha) / (n + 1). */
const EXACT = Math.floor((HELD + 1) * ALPHA) / (HELD + 1);

/** How often a class comes. */
const WORLDS: Readonly<Record<string, number[]>> = {
  'five equal classes': [1, 1, 1, 1, 1],
  "60 classes by Zipf's law": Array.from({ length: 60 }, (_, k) => 1 / (k + 1)),
  'half of the mass in 400 classes': Array.from({ length: 410 }, (_, k) => (k < 10 ? 40 : 1)),
};

type Method = ScorerMethod<'features', 'features' | 'labels'>;

const METHODS: Readonly<Record<string, () => Method>> = {
  'nearest-class-mean': nearestClassMean,
  mahalanobis,
  'relative-mahalanobis': relativeMahalanobis,
  'nearest-neighbors': () => nearestNeighbors({ k: 5, normalize: 'none' }),
};

/** The same method, whose scorers take nothing in. */
function asFitted(method: Method): Method {
  return {
    ...method,
    fit: async (blocks, options) => {
      const { takeIn, ...rest } = await method.fit(blocks, options);
      expect(takeIn).toBeTypeOf('function');
      return rest;
    },
  };
}

/**
 * Known rows through many fitted detectors: the share that is called OoD is what was asked for, with long tails too.
 */
export function falseAlarmsSuite({ fits, print }: { fits: number; print?: boolean }): void {
  beforeAll(() => tf.setBackend('cpu'));

  describe.each(Object.keys(WORLDS))('%s', (name) => {
    test.each(Object.keys(METHODS))('%s', { timeout: 3_600_000 }, async (kind) => {
      vi.spyOn(console, 'warn').mockImplementation(() => undefined); // of the missing mass
      const [drawn, known, someAlarm, someFound]: [number[], number[], number[], number[]] = [[], [], [], []];
      for (let seed = 1; seed <= fits; seed++) {
        const world = worldOf(WORLDS[name]!, seed);
        const [data, fresh] = [world.draw(ROWS), world.draw(FRESH)];
        const verdictsOf = async (scorer: Method) => {
          const detector = await fitOutputDetector(data, { scorer, alpha: ALPHA, seed });
          expect(detector.calibration.count).toBe(HELD);
          const verdicts = await detector.predict({ features: fresh.features });
          detector.dispose();
          return verdicts;
        };
        const shareOf = (verdicts: { isOod: boolean }[]) => verdicts.filter(({ isOod }) => isOod).length / FRESH;
        const method = METHODS[kind]!();
        const [before, after] = [await verdictsOf(asFitted(method)), await verdictsOf(method)];
        // Scores only fall (but for rounding), so what was no alarm is none.
        before.forEach(({ score }, row) => {
          expect(after[row]!.score).toBeLessThanOrEqual(score + 1e-5 * Math.abs(score));
        });
        drawn.push(shareOf(before));
        known.push(shareOf(after));
        const runs = Array.from({ length: FRESH / RUN }, (_, r) => before.slice(r * RUN, (r + 1) * RUN));
        someAlarm.push(runs.filter((run) => run.some(({ isOod }) => isOod)).length / runs.length);
        const found = runs.filter((run) =>
          benjaminiHochberg(
            Float64Array.from(run, ({ pValue }) => pValue),
            ALPHA,
          ).some(Boolean),
        );
        someFound.push(found.length / runs.length);
      }
      const [exact, taken, some, hochberg] = [drawn, known, someAlarm, someFound].map(meanOf);
      if (print) {
        const figures = [exact, taken, some, hochberg].map(
          (one) => `${one!.mean.toFixed(4)} (${one!.error.toFixed(4)})`,
        );
        console.info([name, kind, ...figures].join(' | '));
      }
      expect(Math.abs(exact!.mean - EXACT)).toBeLessThan(4 * exact!.error);
      expect(taken!.mean).toBeLessThan(EXACT + 4 * taken!.error);
      expect(taken!.mean).toBeLessThanOrEqual(exact!.mean);
      // Of a run: 1 - E (1 - p)^20 with p of Beta(2, 39), and never more than 1 - 0.95^20; Benjamini-Hochberg keeps it
      // below alpha.
      expect(Math.abs(some!.mean - (1 - (40 * 39) / (60 * 59)))).toBeLessThan(4 * some!.error);
      expect(some!.mean).toBeLessThan(1 - (1 - ALPHA) ** RUN + 4 * some!.error);
      expect(hochberg!.mean).toBeLessThanOrEqual(ALPHA + 4 * hochberg!.error);
    });
  });
}
