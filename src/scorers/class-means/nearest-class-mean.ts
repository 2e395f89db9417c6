import { ClassMeans, type Means } from '../../embeddings/class-means';
import { ArgumentError, FormatError } from '../../core/errors';
import { classMeanScorer } from './class-mean-scorer';
import { finiteScores } from '../contract/finite-scores';
import { inUse } from '../contract/in-use';
import { withMoreMeans } from './more-means';
import { readRows, type Rows } from '../contract/rows';
import { savedMeans } from '../gaussian/saved-gaussian';
import type { Scorer, ScorerMethod } from '../contract/scorer';
import { checkKind, wordOf } from '../contract/scorer-state';

const KIND = 'nearest-class-mean';
const DISTANCES = ['euclidean', 'cosine'] as const;

/** Options of {@link nearestClassMean}. */
export interface NearestClassMeanOptions {
  /** `'euclidean'` (default): squared distance; `'cosine'`: 1 - cosine of the angle. */
  distance?: (typeof DISTANCES)[number];
}

/** Rows of length 1; a zero row, which has no direction, stays zero. */
function unitRows({ data, shape }: Rows): Rows {
  const [rows, size] = shape;
  const unit = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * size, (row + 1) * size);
    const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0); // keeps squares in range
    if (largest === 0) continue;
    const norm = Math.sqrt(own.reduce((sum, value) => sum + (value / largest) ** 2, 0));
    own.forEach((value, i) => (unit[row * size + i] = value / largest / norm));
  }
  return { data: unit, shape };
}

/** Index of the first mean that points nowhere; -1 where all have a direction. */
function zeroMean({ data, shape: [classes, size] }: Pick<Means, 'data' | 'shape'>): number {
  const isZero = (_: unknown, c: number) => data.subarray(c * size, (c + 1) * size).every((value) => value === 0);
  return Array.from({ length: classes }).findIndex(isZero);
}

/** Class means scaled to length 1. @throws ArgumentError for a mean of 0, which points nowhere */
function unitMeans({ labels, data, shape }: Means): Means {
  const size = shape[1];
  const unit = data.slice();
  labels.forEach((label, c) => {
    const own = unit.subarray(c * size, (c + 1) * size);
    const norm = Math.hypot(...own);
    if (norm === 0) {
      const [expected, received] = ['class means with a direction', `a mean of 0 for class ${label}`];
      throw new ArgumentError({ where: 'nearestClassMean', what: 'features', expected, received });
    }
    own.forEach((value, i) => (own[i] = value / norm));
  });
  return { labels, data: unit, shape };
}

function scorerOf(means: Means, distance: 'euclidean' | 'cosine'): Scorer<'features'> {
  const nearest = classMeanScorer(distance === 'cosine' ? unitMeans(means) : means);
  const guard = inUse(KIND);
  const end = () => {
    guard.end();
    nearest.dispose();
  };
  return {
    kind: KIND,
    needs: ['features'],
    largestScore: distance === 'cosine' ? 2 : undefined,
    async score(batch) {
      guard.check();
      const rows = await readRows(KIND, 'features', batch, means.shape[1]);
      if (distance === 'euclidean') return finiteScores(KIND, await nearest.score(rows));
      const unit = unitRows(rows);
      const squared = await nearest.score(unit); // of unit vectors: 2 - 2 cos
      return squared.map((value, row) => (isZero(unit, row) ? 1 : Math.min(2, value / 2)));
    },
    async takeIn(block) {
      guard.check();
      const rows = await readRows(KIND, 'features', block, means.shape[1]);
      const all = await withMoreMeans(means, distance === 'cosine' ? unitRows(rows) : rows, block.labels);
      const next = scorerOf(all, distance);
      end();
      return next;
    },
    state: () => ({
      kind: KIND,
      options: { distance },
      tensors: {
        labels: { dtype: 'I32', shape: [means.labels.length], data: means.labels },
        means: { dtype: 'F64', shape: means.shape, data: means.data },
      },
    }),
    dispose: end,
  };
}

const isZero = ({ data, shape }: Rows, row: number): boolean =>
  data.subarray(row * shape[1], (row + 1) * shape[1]).every((value) => value === 0);

/**
 * Distance to the nearest class mean.
 *
 * s(x) = min over c of ||x - m_c||^2, or 1 - max over c of cos(x, m_c) with means of unit vectors. Fits in one pass, with
 * memory of C x D; O(C D) a row. A zero row has no direction: its cosine distance is 1.
 *
 * Source: Masana et al., BMVC 2018, section 3.1 (Euclidean).
 *
 * @throws ArgumentError for an unknown distance; fitting without rows; a cosine mean of 0; NotFiniteError naming the row of a NaN or
 *   infinity, or of a score that float32 does not hold
 * @example
 * const scorer = await nearestClassMean().fit([{ features: { data: Float32Array.of(0, 0, 4, 0), shape: [2, 2] }, labels: [0, 1] }], {});
 * await scorer.score({ features: { data: Float32Array.of(1, 0), shape: [1, 2] } }); // Float32Array [1]
 */
export function nearestClassMean({ distance = 'euclidean' }: NearestClassMeanOptions = {}): ScorerMethod<
  'features',
  'features' | 'labels'
> {
  if (!DISTANCES.includes(distance)) {
    const [where, what, expected] = ['nearestClassMean', 'distance', `one of ${DISTANCES.join(', ')}`];
    throw new ArgumentError({ where, what, expected, received: String(distance) });
  }
  return {
    kind: KIND,
    needs: ['features'],
    fitNeeds: ['features', 'labels'],
    async fit(blocks, { onProgress }) {
      const means = new ClassMeans();
      let seen = 0;
      for await (const block of blocks) {
        const rows = await readRows(KIND, 'features', block, means.embeddingSize);
        await means.add(distance === 'cosine' ? unitRows(rows) : rows, block.labels);
        seen += rows.shape[0];
        onProgress?.(seen);
      }
      return scorerOf(means.means(), distance);
    },
    restore(state) {
      const where = 'nearestClassMean.restore';
      checkKind(where, state, KIND, ['labels', 'means']);
      const { labels, means, classes, size } = savedMeans(where, state);
      const distance = wordOf(where, state, 'distance', DISTANCES);
      const zero = distance === 'cosine' ? zeroMean({ data: means, shape: [classes, size] }) : -1;
      if (zero >= 0) {
        const [what, expected] = ['state.tensors.means', 'means with a direction'];
        throw new FormatError({ where, what, expected, received: `one of 0 at index ${zero}` });
      }
      return scorerOf({ labels, data: means, shape: [classes, size] }, distance);
    },
  };
}
