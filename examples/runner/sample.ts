import { seededRandom } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import type { Sets } from './experiment';
import { takeRows } from './take-rows';

/**
 * `count` rows of a set, drawn by the seed and in their old order; all of them where there are no more, or `count` is
 * 0.
 */
export function sample<T extends ImageSet>(set: T, count: number, seed: number): T {
  const [n] = set.shape;
  if (count === 0 || count >= n) return set;
  return takeRows(set, seededRandom(seed, 11).permutation(n).slice(0, count).sort());
}

/** The sets with at most `count` images each, for a quick evaluation. */
export function sampleSets(sets: Sets, count: number, seed: number): Sets {
  const { train, test } = sets.known;
  return {
    ...sets,
    known: { ...sets.known, train: sample(train, count, seed), test: sample(test, count, seed) },
    out: sets.out.map((set) => ({ ...set, images: sample(set.images, count, seed) })),
  };
}
