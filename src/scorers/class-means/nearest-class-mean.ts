import { COUNT, oneOf } from '../../core/check';
import { FormatError } from '../../core/errors';
import { ClassMeans, type Means } from '../../embeddings/class-means';
import { CLASS_MEANS, meanArrays } from '../contract/class-mean-arrays';
import { defineRowScorer } from '../contract/define-row-scorer';
import type { Blocks, FitProgress, ModelParts, PartialCalls, ScorerMethod, ScorerState } from '../contract/scorer';
import { CLASS_MEAN_DISTANCES, classMeanRows, type ClassMeanDistance, type ClassMeanScorer } from './class-mean-scorer';
import { checkMeans } from './centered-means';
import { rowsOfUnitLength, zeroMean } from './unit-length-rows';

const WHERE = 'nearestClassMean';

/** Options of {@link nearestClassMean}. */
export interface NearestClassMeanOptions {
  /** `'euclidean'` (default): squared distance; `'cosine'`: 1 - cosine of the angle. */
  distance?: ClassMeanDistance;
  /** Rows that go through the backend at once, default 4096; changes no result. */
  blockSize?: number;
}

/** A way to make a {@link ClassMeanScorer}: by a fit, of means that are there, of a saved state. */
export interface NearestClassMean extends ScorerMethod<'features', 'features' | 'labels'> {
  fit(blocks: Blocks<'features' | 'labels'>, options: FitProgress): Promise<ClassMeanScorer>;
  /**
   * The scorer of a store, or of its means: labels [C], data [C, D]; copied.
   *
   * @throws ArgumentError for a store without samples, a label below 0 or twice; ShapeError, NotFiniteError
   */
  of(source: ClassMeans | Means): ClassMeanScorer;
  restore(state: ScorerState, parts: Partial<ModelParts>): ClassMeanScorer;
  fromPartial: PartialCalls<'features' | 'labels', ClassMeanScorer>['fromPartial'];
}

/**
 * Distance to the nearest class mean; the nearest class is the prediction (`classify`).
 *
 * s(x) = min over c of ||x - m_c||^2, or 1 - max over c of cos(x, m_c) with means of unit vectors. Fits in one pass,
 * with memory of C x D, or takes the means of a `ClassMeans` (`of`). Scores are exact to float32 rounding on every
 * backend, near a mean and far from the origin; O(N C D) time on the backend, memory of one block. `scoreTensor` keeps
 * a C x C table. A zero row has no direction: its cosine distance is 1.
 *
 * Measured on wasm: a fit grows as N^0.8 (2,000 to 8,000), D^1.1 (256 to 1,024) and C^0.3 (10 to 90); scores grow as
 * D^0.6 (256 to 1,024) and C^0.9 (50 to 800).
 *
 * Source: Masana et al., BMVC 2018, section 3.1 (Euclidean).
 *
 * @throws ArgumentError for an unknown distance, a block size that is no whole number from 1; fitting without rows; a
 *   cosine mean of 0; NotFiniteError naming the row of a NaN or infinity, or of a score that float32 does not hold
 * @example
 * const means = { labels: Int32Array.of(0, 1), data: Float64Array.of(0, 0, 10, 0), shape: [2, 2] as [number, number] };
 * const scorer = nearestClassMean().of(means);
 * await scorer.score({ features: { data: Float32Array.of(1, 2), shape: [1, 2] } }); // Float32Array [5]
 */
export function nearestClassMean(options?: NearestClassMeanOptions): NearestClassMean {
  const method = defineRowScorer(WHERE, options, {
    needs: ['features'],
    fitNeeds: ['features', 'labels'],
    options: { distance: [oneOf(...CLASS_MEAN_DISTANCES), 'euclidean'], blockSize: [COUNT, 4096] },
    saved: ['distance'],
    fitted: CLASS_MEANS,
    gather(_, { distance }) {
      const store = new ClassMeans();
      return {
        add: ({ features, labels }) => store.add(distance === 'cosine' ? rowsOfUnitLength(features) : features, labels),
        merge(state, where, _, { D }) {
          const other = ClassMeans.from(state);
          if (other.embeddingSize !== D) throw new FormatError(where, 'state', `rows of ${D}`, other.embeddingSize);
          store.merge(other);
        },
        state: () => store.state(),
        finish: () => meanArrays(store.means()),
      };
    },
    check({ labels, means }, { distance }, { D }) {
      const zero = distance === 'cosine' ? zeroMean({ data: means, shape: [labels.length, D!] }) : -1;
      if (zero < 0) return undefined;
      return { what: 'tensors.means', expected: 'means with a direction', received: `one of 0 at index ${zero}` };
    },
    score: (means, { options: settings, check }) => classMeanRows(means, settings, check),
  });
  return {
    ...method,
    of(source) {
      const means = source instanceof ClassMeans ? source.means() : source;
      checkMeans(WHERE, means);
      return method.of(meanArrays(means));
    },
  };
}
