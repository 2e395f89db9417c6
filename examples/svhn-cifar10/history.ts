import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { decodeSafetensors, encodeSafetensors, seededRandom, type NamedArray } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { embed } from 'tfjs-ood/layers';
import type { RunFolder } from 'tfjs-ood/node';
import type { EmbeddingHistory } from 'tfjs-ood/report';
import type { Config } from './config';
import type { ExperimentData } from './data';

/** Most epochs that are kept: a film of more is no better. */
const MOST_EPOCHS = 50;

const fileOf = (epoch: number) => `embedding-${String(epoch).padStart(5, '0')}.safetensors`;

/** The test images whose embedding is kept after each epoch, half of them known. */
export interface Tracked {
  rows: Record<string, Int32Array>;
  images: Record<string, ImageSet>;
}

export function trackedImages(
  { trackedImages: count, seed }: Config,
  { known, out }: ExperimentData,
): Tracked | undefined {
  if (count === 0) return undefined;
  const rows: Tracked['rows'] = {};
  const images: Tracked['images'] = {};
  const sets = [{ name: known.name, images: known.test as ImageSet }, ...out];
  sets.forEach(({ name, images: set }, i) => {
    const share = Math.ceil(count / 2 / (i === 0 ? 1 : out.length));
    const [n, ...rest] = set.shape;
    const each = rest[0] * rest[1] * rest[2];
    const taken = seededRandom(seed, 12, i).permutation(n).slice(0, share).sort();
    const pixels = new Uint8Array(taken.length * each);
    taken.forEach((row, k) => pixels.set(set.images.subarray(row * each, (row + 1) * each), k * each));
    rows[name] = taken;
    images[name] = { images: pixels, shape: [taken.length, ...rest] };
  });
  return { rows, images };
}

/** Epoch 0 is the network before training. */
export const isTracked = ({ epochs }: Config, epoch: number): boolean =>
  epoch === epochs || epoch % Math.ceil(epochs / MOST_EPOCHS) === 0;

/** Writes where the tracked images lie after an epoch; a resumed run writes the same again. */
export async function recordEpoch(
  folder: RunFolder,
  epoch: number,
  model: LayersModel,
  tracked: Tracked,
): Promise<void> {
  const embeddings: Record<string, NamedArray> = {};
  for (const [name, images] of Object.entries(tracked.images)) {
    embeddings[name] = { dtype: 'F32', ...(await embed(model, images)) };
  }
  await folder.writeBytes(fileOf(epoch), encodeSafetensors(embeddings));
}

/** All epochs that were written. */
export async function readHistory(config: Config, folder: RunFolder, { rows }: Tracked): Promise<EmbeddingHistory> {
  const epochs: EmbeddingHistory['epochs'][number][] = [];
  for (let epoch = 0; epoch <= config.epochs; epoch++) {
    if (!isTracked(config, epoch)) continue;
    const file = join(folder.path, fileOf(epoch));
    const { tensors } = decodeSafetensors(await readFile(file), file);
    const embeddings = Object.entries(tensors).map(([name, { data, shape }]) => {
      return [name, { data: data as Float32Array, shape: shape as readonly [number, number] }] as const;
    });
    epochs.push({ epoch, embeddings: Object.fromEntries(embeddings) });
  }
  return { rows, epochs };
}
