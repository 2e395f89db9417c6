import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../../core/errors';
import { readNumbers, type ReadNumbers, type Widths } from './read-numbers';
import type { Rows } from './rows';
import type { FitBlock, FitNeed, Need } from './scorer';

/** A block as numbers; images too, so that parts of it outlive the block. */
export interface NumberBlock {
  count: number;
  features?: Rows;
  logits?: Rows;
  images?: { data: Float32Array; shape: readonly [number, number, number, number] };
  labels?: ArrayLike<number>;
}

/** Reads what is needed of a block, images too; refuses unequal numbers of rows. */
export async function readBlock(
  where: string,
  block: Partial<FitBlock>,
  needs: ReadonlySet<FitNeed>,
  widths: Widths,
  classes?: number,
): Promise<NumberBlock> {
  const read = await readNumbers(where, block, [...needs], widths, classes);
  if (!needs.has('images')) return read;
  const images = checkedImages(where, block, read);
  return {
    ...read,
    count: images.shape[0],
    images: { data: await images.data<'float32'>(), shape: images.shape },
  };
}

/** The images of a batch, of rank 4 and as many as what was read beside them. */
export function checkedImages(where: string, block: Partial<FitBlock>, beside: ReadNumbers): tf.Tensor4D {
  const images = (block as typeof block | undefined)?.images;
  if (!(images instanceof tf.Tensor) || images.rank !== 4) {
    const received = images instanceof tf.Tensor ? `[${(images as tf.Tensor).shape.join(', ')}]` : typeof images;
    throw new ShapeError(where, 'images', 'a tensor [N, H, W, C]', received);
  }
  const other = (['features', 'logits', 'labels'] as const).find((name) => beside[name]);
  if (other && images.shape[0] !== beside.count) {
    throw new ShapeError(where, 'images', `${beside.count} rows, as the ${other}`, images.shape[0]);
  }
  return images;
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
