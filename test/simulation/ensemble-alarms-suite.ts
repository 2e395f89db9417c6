import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { ensemble, nearestClassMean, nearestNeighbors } from 'tfjs-ood/scorers';
import { meanOf, worldOf } from './worlds';

const [FRESH, ALPHA] = [300, 0.05];
const neighbors = () => nearestNeighbors({ k: 3, normalize: 'none' });

const ENSEMBLES = {
  'Fisher, one member': () => ensemble([neighbors()]),
  'Fisher, two members': () => ensemble([neighbors(), nearestClassMean()]),
  'max, two members': () => ensemble([neighbors(), nearestClassMean()], { combine: 'max' }),
};

/**
 * Rows of five classes, and one that is thousands of deviations away: every ensemble calls that OoD, and keeps its
 * false-alarm rate.
 */
export function ensembleAlarmsSuite({ fits, print }: { fits: number; print?: boolean }): void {
  beforeAll(() => tf.setBackend('cpu'));

  describe.each(Object.keys(ENSEMBLES) as (keyof typeof ENSEMBLES)[])('%s', (name) => {
    test.each([100, 200, 500])('%d rows', { timeout: 3_600_000 }, async (rows) => {
      const alarms: number[] = [];
      let never = 0;
      for (let seed = 1; seed <= fits; seed++) {
        const world = worldOf([1, 1, 1, 1, 1], seed);
        const [data, fresh] = [world.draw(rows), world.draw(FRESH)];
        const detector = await fitOutputDetector(data, { scorer: ENSEMBLES[name](), alpha: ALPHA, seed });
        const far = { data: new Float32Array(8).fill(1e4), shape: [1, 8] as const };
        if (!(await detector.predict({ features: far }))[0]!.isOod) never++;
        const verdicts = await detector.predict({ features: fresh.features });
        alarms.push(verdicts.filter(({ isOod }) => isOod).length / FRESH);
        detector.dispose();
      }
      const held = rows / 5;
      const exact = Math.floor((held + 1) * ALPHA) / (held + 1);
      const { mean, error } = meanOf(alarms);
      if (print)
        console.info([name, rows, never / fits, `${mean.toFixed(4)} (${error.toFixed(4)})`, exact].join(' | '));
      expect(never).toBe(0);
      expect(mean).toBeLessThan(exact + 4 * error);
      expect(mean).toBeGreaterThan(exact / 2 - 4 * error); // equal p-values only lower it
    });
  });
}
