import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../../core/errors';
import { readRows, type Rows } from './rows';
import type { FitBlock, FitNeed, Need } from './scorer';

/** A block as numbers; images too, so that parts of it outlive the block. */
export interface NumberBlock {
  count: number;
  features?: Rows;
  logits?: Rows;
  images?: { data: Float32Array; shape: readonly [number, number, number, number] };
  labels?: ArrayLike<number>;
}

/** How many numbers a row has: D of features, C of logits. */
export type Widths = { features?: number | undefined; logits?: number | undefined };

/** Reads what is needed of a block; refuses unequal numbers of rows. */
export async function readBlock(
  where: string,
  block: Partial<FitBlock>,
  needs: ReadonlySet<FitNeed>,
  widths: Widths,
): Promise<NumberBlock> {
  const read: NumberBlock = { count: 0 };
  const counts: [string, number][] = [];
  for (const what of ['features', 'logits'] as const) {
    if (!needs.has(what)) continue;
    read[what] = await readRows(where, what, block, widths[what]);
    counts.push([what, read[what].shape[0]]);
  }
  if (needs.has('images')) {
    read.images = await readImages(where, block);
    counts.push(['images', read.images.shape[0]]);
  }
  if (needs.has('labels')) {
    if (!Number.isInteger(block?.labels?.length)) {
      throw new ArgumentError(where, 'labels', 'class indices of the rows', typeof block?.labels);
    }
    read.labels = block.labels!;
    counts.push(['labels', read.labels.length]);
  }
  const [first, ...rest] = counts;
  read.count = first?.[1] ?? 0;
  const other = rest.find(([, count]) => count !== read.count);
  if (!other) return read;
  const [what, expected] = [other[0], `${read.count} rows, as the ${first![0]}`];
  throw new ShapeError(where, what, expected, other[1]);
}

async function readImages(where: string, block: Partial<FitBlock>): Promise<NonNullable<NumberBlock['images']>> {
  const images = checkedImages(where, block);
  return { data: await images.data<'float32'>(), shape: images.shape };
}

/** The images of a batch, of rank 4. */
export function checkedImages(where: string, block: Partial<FitBlock>): tf.Tensor4D {
  const images = (block as typeof block | undefined)?.images;
  if (images instanceof tf.Tensor && images.rank === 4) return images;
  const received = images instanceof tf.Tensor ? `[${(images as tf.Tensor).shape.join(', ')}]` : typeof images;
  throw new ShapeError(where, 'images', 'a tensor [N, H, W, C]', received);
}

/** The rows of a block with these indices. */
export function rowsAt(block: NumberBlock, indices: readonly number[]): NumberBlock {
  const chosen: NumberBlock = { count: indices.length };
  const take = (data: Float32Array, size: number) => {
    const own = new Float32Array(indices.length * size);
    indices.forEach((row, i) => own.set(data.subarray(row * size, (row + 1) * size), i * size));
    return own;
  };
  for (const what of ['features', 'logits'] as const) {
    const rows = block[what];
    if (rows) chosen[what] = { data: take(rows.data, rows.shape[1]), shape: [indices.length, rows.shape[1]] };
  }
  if (block.images) {
    const [, h, w, c] = block.images.shape;
    chosen.images = { data: take(block.images.data, h * w * c), shape: [indices.length, h, w, c] };
  }
  const { labels } = block;
  if (labels) chosen.labels = indices.map((row) => labels[row]!);
  return chosen;
}

/** Lends the block as fitting and scoring take it; the images are a tensor only meanwhile. */
export async function withBlock<T>(
  { features, logits, labels, images }: NumberBlock,
  use: (block: FitBlock & Record<Need, never>) => Promise<T>,
): Promise<T> {
  const tensor = images && tf.tensor4d(images.data, [...images.shape]);
  try {
    return await use({ features, logits, labels, images: tensor } as FitBlock & Record<Need, never>);
  } finally {
    tensor?.dispose();
  }
}
