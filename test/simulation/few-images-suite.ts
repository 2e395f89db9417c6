import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, expect, test } from 'vitest';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { mahalanobis, nearestClassMean, nearestNeighbors, type ScorerMethod } from 'tfjs-ood/scorers';
import { meanOf, worldOf } from './worlds';

const FRESH = 300;
const METHODS: Readonly<Record<string, () => ScorerMethod>> = {
  'nearest-class-mean': nearestClassMean,
  mahalanobis,
  'nearest-neighbors': () => nearestNeighbors({ k: 1, normalize: 'none' }),
};

/** Known rows through detectors of few images, which folds calibrate: about alpha is called OoD, never twice that. */
export function fewImagesSuite({ fits, print }: { fits: number; print?: boolean }): void {
  beforeAll(() => tf.setBackend('cpu'));

  test.each(
    Object.keys(METHODS).flatMap((kind) => [
      [kind, 20, 0.05] as const,
      [kind, 40, 0.05] as const,
      [kind, 80, 0.05] as const,
      [kind, 40, 0.1] as const,
    ]),
  )('%s, %i images, alpha %d', { timeout: 3_600_000 }, async (kind, count, alpha) => {
    const [known, strange]: [number[], number[]] = [[], []];
    for (let seed = 1; seed <= fits; seed++) {
      const world = worldOf([1, 1], seed);
      const detector = await fitOutputDetector(world.draw(count), { scorer: METHODS[kind]!(), alpha, seed });
      expect(detector.calibration).toMatchObject({ count, method: 'cross', canAlarm: true });
      const shareOf = async ({ features }: ReturnType<typeof world.draw>) =>
        (await detector.predict({ features })).filter(({ isOod }) => isOod).length / FRESH;
      known.push(await shareOf(world.draw(FRESH)));
      strange.push(await shareOf(worldOf([1, 1], seed + 1e6).draw(FRESH)));
      detector.dispose();
    }
    const [rate, found] = [meanOf(known), meanOf(strange)];
    if (print) {
      const shown = ({ mean, error }: typeof rate) => `${mean.toFixed(4)} +- ${error.toFixed(4)}`;
      console.log(`${kind}, ${count} images, alpha ${alpha}: false alarms ${shown(rate)}, found ${shown(found)}`);
    }
    // What comes is near alpha, somewhat below: a fold's scorer has seen fewer images than new ones are compared with.
    expect(rate.mean).toBeLessThan(alpha + 3 * rate.error);
    expect(rate.mean).toBeGreaterThan(0.6 * alpha - 3 * rate.error);
    expect(found.mean).toBeGreaterThan(0.6); // of other classes
  });
}
