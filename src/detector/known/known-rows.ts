import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { Rows } from '../../scorers/contract/rows';

/** What is known of some rows; only what the scorer needs must be there. */
export interface KnownBatch {
  features?: Rows;
  logits?: Rows;
  images?: Tensor4D;
}

/** A batch with the class indices of its rows [B], where they are known. */
export interface KnownBlock extends KnownBatch {
  labels?: Int32Array;
}

/** Known images, of which what a scorer needs can be had block by block. */
export interface OutputSource {
  /** N */
  count: number;
  /** Class of each image [N], where it is known. */
  labels: Int32Array | undefined;
  /** What the classes are called, where labels were names that nobody had listed. */
  names?: readonly string[] | undefined;
  /** Shape of a row of each thing that was given. */
  shapes: Readonly<Record<string, readonly number[]>>;
  /** Rows at a time, where these are not as many as others. */
  blockSize?: number;
  /** What is known of these rows; `dispose` frees it. */
  batchOf(rows: Int32Array): Promise<{ batch: KnownBatch; dispose(): void }>;
}

/** Known images as a whole, or as they come. */
export type KnownSource = OutputSource | AsyncIterable<OutputSource>;

/** Known rows in two disjoint parts, block by block. */
export interface SplitRows {
  /** How many there are; nobody knows of a stream. */
  readonly count: number | undefined;
  /** Those that fit. */
  fit(): AsyncGenerator<KnownBlock>;
  /** Goes through what of a stream no fit asked for. */
  end(): Promise<void>;
  /** Labels of all, and which rows fit; of a stream after its end. */
  known(): { labels: ArrayLike<number> | undefined; fit: Int32Array };
  /** Those that calibrate; after the end. */
  calibration(): AsyncGenerator<KnownBlock>;
  /** Those that label sets come from; after the end. */
  sets(): AsyncGenerator<KnownBlock>;
  /** Leaves a stream, and frees what is lent. */
  close(): Promise<void>;
}

/** How known rows are split. */
export interface Split {
  calibrationShare: number;
  /** Share for label sets; 0: none. */
  setsShare: number;
  seed: number;
  blockSize: number;
  /** Called after each block with the rows done. */
  onProgress: (done: number) => void;
}

/** These rows, as a copy. */
export function pickRows({ data, shape }: Rows, rows: ArrayLike<number>): Rows {
  const size = shape[1];
  const own = new Float32Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) own.set(data.subarray(rows[i]! * size, (rows[i]! + 1) * size), i * size);
  return { data: own, shape: [rows.length, size] };
}

/** Blocks of one kind as one. The images of blocks are lent, and stay behind. */
export function joinedRows(blocks: readonly KnownBlock[]): KnownBlock {
  const all = (name: 'features' | 'logits'): Rows | undefined => {
    const size = blocks[0]?.[name]?.shape[1];
    if (size === undefined) return undefined;
    const data = new Float32Array(blocks.reduce((sum, block) => sum + block[name]!.data.length, 0));
    let at = 0;
    for (const block of blocks) {
      data.set(block[name]!.data, at);
      at += block[name]!.data.length;
    }
    return { data, shape: [data.length / size, size] };
  };
  const [features, logits] = [all('features'), all('logits')];
  return {
    ...(features && { features }),
    ...(logits && { logits }),
    ...(blocks[0]?.labels && { labels: Int32Array.from(blocks.flatMap((block) => [...block.labels!])) }),
  };
}

/** So many rows, from one on. */
export const rowsFrom = (from: number, count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => from + i);
