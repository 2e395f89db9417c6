import { describe, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { classGaussians, mahalanobis, relativeMahalanobis, type FitBlock, type ScorerMethod } from 'tfjs-ood/scorers';
import type { CovarianceEstimator } from 'tfjs-ood/embeddings';
import { expectClose } from '../expect-close';
import fixture from '../fixtures/gaussian-scorers.json';
import { onEachBackend } from '../on-each-backend';
import { gaussianRows, type Settings } from './gaussian-rows';

type Method = ScorerMethod<'features', 'features' | 'labels'>;
interface Expected {
  shrinkage: number;
  mahalanobis: number[];
  relativeMahalanobis: number[];
  classGaussians?: number[];
}
type Case = { settings: Settings } & Partial<Record<CovarianceEstimator, Expected>>;
const cases = Object.entries(fixture as unknown as Record<string, Case>);

export const rows = (...all: number[][]) => ({
  data: Float32Array.from(all.flat()),
  shape: [all.length, all[0]!.length] as const,
});

/** The rows of the fixture's script, in blocks. */
function made(settings: Settings) {
  const { train, labels, test: features } = gaussianRows(settings);
  const [count, size] = train.shape;
  const blocks: FitBlock<'features' | 'labels'>[] = [];
  for (let from = 0; from < count; from += 700) {
    const to = Math.min(from + 700, count);
    const part = { data: train.data.slice(from * size, to * size), shape: [to - from, size] as const };
    blocks.push({ features: part, labels: labels.slice(from, to) });
  }
  return { blocks, features };
}

/** Within 1e-5 of each score, or of the typical size of one. */
export const SCORE = { relative: 1e-5, absolute: 1e-5 };

export async function scoresOf(
  method: Method,
  blocks: FitBlock<'features' | 'labels'>[],
  features: FitBlock['features'],
) {
  const scorer = await method.fit(blocks, {});
  try {
    return { scores: await scorer.score({ features }), options: scorer.state().options };
  } finally {
    scorer.dispose();
  }
}

/** Each scorer with each covariance against the fixture. */
export const gaussianParity = (title: string): void =>
  onEachBackend(title, (backend) => {
    const methods = { mahalanobis, relativeMahalanobis, classGaussians };
    describe.each(cases)('%s', (_, { settings, ...byEstimator }) => {
      for (const [estimator, expected] of Object.entries(byEstimator)) {
        if (backend === 'webgpu' && estimator === 'ledoit-wolf') continue; // differs from the others in float64 alone
        const covariance = estimator as CovarianceEstimator;
        test.each(Object.keys(methods) as (keyof typeof methods)[])(`${estimator}, %s`, async (name) => {
          const wanted = expected[name];
          if (!wanted) return;
          const { blocks, features } = made(settings);
          const { scores, options } = await scoresOf(methods[name]({ covariance }), blocks, features);
          // The difference of two distances is only as exact as these.
          const ofDistances = name === 'relativeMahalanobis' ? 1e-7 * Math.max(...expected.mahalanobis) : 0;
          expectClose(scores, wanted, { ...SCORE, absolute: SCORE.absolute + ofDistances });
          if (name === 'classGaussians') return;
          expectClose(options.shrinkage as number, expected.shrinkage, { relative: 1e-7, absolute: 1e-12 });
        });
      }
    });
  });

/** 64 features, 200 rows in two classes, all times `scale`. */
export function wideBlocks(scale: number): FitBlock<'features' | 'labels'>[] {
  const random = seededRandom(2);
  const data = Float32Array.from({ length: 200 * 64 }, (_, at) => scale * (random.normal() + (at % 128 < 64 ? 0 : 2)));
  return [{ features: { data, shape: [200, 64] }, labels: Int32Array.from({ length: 200 }, (_, row) => row % 2) }];
}

export function wideRow(size: number) {
  return { data: new Float32Array(64).map((_, i) => size * (i % 3)), shape: [1, 64] as const };
}
