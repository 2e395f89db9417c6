import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ArgumentError, decodeSafetensors, encodeSafetensors, seededRandom, type NamedArray } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import type { RunFolder } from 'tfjs-ood/node';
import type { EmbeddingHistory, EmbeddingRows } from 'tfjs-ood/report';
import { testSets, type Sets, type Training } from './experiment';
import { embeddingsOf } from './outputs-of';
import { takeRows } from './take-rows';

/** Most epochs that are kept: the page moves the points between them, and a film of more is no better. */
const MOST_EPOCHS = 25;

const fileOf = (epoch: number) => `embedding-${String(epoch).padStart(5, '0')}.safetensors`;

/** Epoch 0 is the network before training. */
export const isTracked = (epoch: number, epochs: number): boolean =>
  epoch === epochs || epoch % Math.ceil(epochs / MOST_EPOCHS) === 0;

/** Training images that say where the classes lie after each epoch. */
const MOST_TRAINING_IMAGES = 500;
const TRAINING_IMAGES = 'training images of the known classes';

/** What was tracked: for the report, and where some known training images lie, with their classes. */
export interface Tracked {
  history: EmbeddingHistory;
  /** Where animations were asked for. */
  training?: { labels: Int32Array; epochs: EmbeddingRows[] };
}

function refuse(received: string): never {
  const expected = 'given from the first call on, so that all epochs are tracked for it (another --out)';
  throw new ArgumentError('experiment', '--animations', expected, received);
}

/** Follows some test images through a training: where their outputs lie after each epoch. */
export interface Tracker {
  /** Writes it down; a resumed run writes the same again. */
  record(epoch: number, model: LayersModel): Promise<void>;
  /** All epochs that were written. */
  read(): Promise<Tracked>;
}

/**
 * `count` test images, half of them known; for animations some training images with them, half as much work again.
 */
export function trackImages(
  sets: Sets,
  { count, animations }: { count: number; animations: boolean },
  training: Training,
  seed: number,
  folder: RunFolder,
): Tracker {
  const { epochs } = training;
  const rows: Record<string, Int32Array> = {};
  const images: Record<string, ImageSet> = {};
  testSets(sets).forEach(({ name, images: set }, i) => {
    const share = Math.ceil(count / 2 / (i === 0 ? 1 : sets.out.length));
    rows[name] = seededRandom(seed, 12, i).permutation(set.shape[0]).slice(0, share).sort();
    images[name] = takeRows(set, rows[name]);
  });
  const known = sets.known.train;
  const trainingRows = seededRandom(seed, 13).permutation(known.shape[0]).slice(0, MOST_TRAINING_IMAGES).sort();
  const trainingImages = takeRows(known, trainingRows);
  if (animations) images[TRAINING_IMAGES] = trainingImages;
  return {
    async record(epoch, model) {
      if (!isTracked(epoch, epochs)) return;
      const embeddings: Record<string, NamedArray> = {};
      for (const [name, set] of Object.entries(images)) {
        embeddings[name] = { dtype: 'F32', ...(await embeddingsOf(model, training, set)) };
      }
      await folder.writeBytes(fileOf(epoch), encodeSafetensors(embeddings));
    },
    async read() {
      const found: EmbeddingHistory['epochs'][number][] = [];
      const trainingEpochs: EmbeddingRows[] = [];
      for (let epoch = 0; epoch <= epochs; epoch++) {
        if (!isTracked(epoch, epochs)) continue;
        const file = join(folder.path, fileOf(epoch));
        const bytes = await readFile(file).catch(() => refuse(`none of epoch ${epoch}: ${file}`));
        const { tensors } = decodeSafetensors(bytes, file);
        const embeddings = Object.entries(tensors).map(([name, { data, shape }]) => {
          return [name, { data: data as Float32Array, shape: shape as readonly [number, number] }] as const;
        });
        const { [TRAINING_IMAGES]: training, ...tested } = Object.fromEntries(embeddings);
        found.push({ epoch, embeddings: tested });
        if (training) trainingEpochs.push(training);
        else if (animations) refuse(`an epoch ${epoch} without training images: ${file}`);
      }
      return {
        history: { rows, epochs: found },
        ...(animations && { training: { labels: trainingImages.labels, epochs: trainingEpochs } }),
      };
    },
  };
}
