import { UMAP } from 'umap-js';
import { seededRandom } from '../../core/random';
import { UNIT, type PointView } from '../page-data';
import { principalComponents, project } from './principal-components';

/** The embeddings of the points after some epochs; the last frame is the one that the axes are made from. */
export interface Frames {
  size: number;
  epochs: number[];
  /** [P, D] each */
  data: Float32Array[];
}

const LARGEST = 32_767;

/**
 * Middle of the last frame to 0, its 98 % radius to 1; the same for all frames, so that one sees the embedding grow.
 */
function toUnits(frames: readonly Float32Array[], dimensions: number): Int16Array {
  const last = frames.at(-1)!;
  const count = last.length / dimensions;
  // Between the 1 % and the 99 % quantile: an outlier must not move the others to the rim.
  const middle = Array.from({ length: dimensions }, (_, k) => {
    const along = Float32Array.from({ length: count }, (_, p) => last[p * dimensions + k]!).sort();
    return (along[Math.floor(0.01 * (count - 1))]! + along[Math.ceil(0.99 * (count - 1))]!) / 2;
  });
  const radii = Float64Array.from({ length: count }, (_, p) =>
    Math.hypot(...middle.map((center, k) => last[p * dimensions + k]! - center)),
  ).sort();
  const radius = radii[Math.floor(0.98 * (count - 1))]! || 1;
  const coordinates = new Int16Array(frames.length * last.length);
  frames.forEach((frame, f) => {
    frame.forEach((value, i) => {
      const units = ((value - middle[i % dimensions]!) / radius) * UNIT;
      coordinates[f * last.length + i] = Math.round(Math.min(LARGEST, Math.max(-LARGEST, units)));
    });
  });
  return coordinates;
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

/** The embedding as it is in two or three dimensions, else along its principal components. */
export function linearView({ size, epochs, data }: Frames): PointView {
  if (size === 2 || size === 3) {
    const note = `The embedding itself, ${size}-D.`;
    return { name: 'Embedding', note, dimensions: size, epochs, coordinates: toUnits(data, size) };
  }
  const dimensions = size === 1 ? 2 : 3;
  const components = principalComponents(data.at(-1)!, size, dimensions);
  const shown = components.shares.slice(0, dimensions).reduce((sum, share) => sum + share, 0);
  const note =
    `Principal components of the ${size}-D embedding after the last epoch; ` +
    `they hold ${percent(shown)} of its variance (${components.shares.map(percent).join(', ')}).`;
  const places = data.map((frame) => project(frame, size, components));
  return { name: 'PCA', note, dimensions, epochs, coordinates: toUnits(places, dimensions) };
}

/** UMAP of the last frame in 2-D: near neighbors stay near, distances between groups mean little. */
export async function umapView({ size, epochs, data }: Frames, seed: number): Promise<PointView> {
  const last = data.at(-1)!;
  const count = last.length / size;
  const rows = Array.from({ length: count }, (_, p) => Array.from(last.subarray(p * size, (p + 1) * size)));
  const random = seededRandom(seed, 31);
  const umap = new UMAP({ nComponents: 2, nNeighbors: Math.min(15, count - 1), random: () => random.uniform() });
  const places = (await umap.fitAsync(rows)).flat();
  const note =
    'UMAP after the last epoch (15 neighbors): neighbors stay together, distances between groups mean little.';
  return {
    name: 'UMAP',
    note,
    dimensions: 2,
    epochs: epochs.slice(-1),
    coordinates: toUnits([Float32Array.from(places)], 2),
  };
}
