import * as tf from '@tensorflow/tfjs-core';
import { check, COUNT, required, type Rule } from '../core/check';
import { readOptions } from '../core/read-options';
import { oneBackend } from '../tensors/one-backend';
import { labelColumn, type BatchLabels } from './batch-labels';
import { checkRowsOf } from '../tensors/batch-rows';
import { byDifferences } from './pairwise-distances';

/** What the rows of a batch [B] are held against. */
export interface Columns {
  /** Squared distances [B, C]. */
  squares: tf.Tensor2D;
  /** [1, C] */
  columnLabels: tf.Tensor2D;
}

/** Rows of earlier batches, against which a loss can hold those of this one; see {@link embeddingMemory}. */
export interface EmbeddingMemory {
  /** How many rows it holds, M. */
  readonly size: number;
  /** [M, 1] and [M, D], the oldest first; the memory's own, `undefined` while it is empty. */
  readonly labels: tf.Tensor2D | undefined;
  readonly embeddings: tf.Tensor2D | undefined;
  /**
   * Copies the rows of a batch behind those it holds, and forgets the oldest beyond the capacity.
   *
   * @throws ShapeError for rows of another width than those it holds, or another number of labels
   */
  add(labels: BatchLabels, embeddings: tf.Tensor2D): void;
  /**
   * Columns with the rows of the memory behind them, C + M: what a loss of one's own needs of it. The distances are
   * differentiable with respect to the batch's `embeddings` [B, D].
   *
   * @throws ShapeError for rows of another width than those it holds
   */
  extend(columns: Columns, embeddings: tf.Tensor2D): Columns;
  /** Forgets all rows; it can be filled again. */
  reset(): void;
  /** The same: frees what it holds. */
  dispose(): void;
}

/** What a loss asks of its memory. */
export const MEMORY: Rule = {
  expected: 'embeddingMemory()',
  holds: (value: unknown) => !!(value as Partial<EmbeddingMemory> | null)?.extend,
};
const COLUMNS: Rule = {
  expected: 'tensors { squares, columnLabels }',
  holds: (value: unknown) => {
    const { squares, columnLabels } = (value ?? {}) as Partial<Columns>;
    return squares instanceof tf.Tensor && columnLabels instanceof tf.Tensor;
  },
};

/** Labels are whole numbers, or floats where they came as a tensor of them; then all are. */
const join = (a: tf.Tensor2D, b: tf.Tensor2D, axis: number): tf.Tensor2D =>
  tf.concat(a.dtype === b.dtype ? [a, b] : [tf.cast(a, 'float32'), tf.cast(b, 'float32')], axis);

/** [B, M], with a gradient for `x` alone. */
function squaresTo(held: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor2D {
  const squares = tf.customGrad((rows, save) => {
    (save as tf.GradSaveFunc)([rows as tf.Tensor, held]);
    const gradFunc = (dy: tf.Tensor, [own, others]: tf.Tensor[]) =>
      byDifferences(own as tf.Tensor2D, others as tf.Tensor2D, tf.mul<tf.Tensor2D>(2, dy));
    return { value: byDifferences(rows as tf.Tensor2D, held), gradFunc };
  });
  return tf.tidy(() => squares(x));
}

/**
 * Cross-batch memory: the embeddings of the last batches, OoD rows too, as further columns of a pair or triplet loss.
 *
 * `contrastiveLoss`, `odmLoss` (with `pairs: 'all'`) and `tripletLoss` take it as `memory`: each row of the batch then
 * meets the other rows of the batch and all rows of the memory. Rows of the memory never meet each other, and get no
 * gradient: they are what the network said then, so let it settle first (give `memory` after some hundred steps).
 *
 * Nothing is added unless you say so; the place is inside the loss, after its value (a trainer asks for the loss once a
 * step, in parts too). If a step fails because its loss is not finite, `reset` the memory, which holds these rows now.
 * To go on after a restart as if there was none, save the data of `labels` and `embeddings`, and `add` them again.
 *
 * Source: Wang, Zhang, Huang, Scott, CVPR 2020 (cross-batch memory).
 *
 * @param options `capacity`: rows to hold at most, M
 * @throws ArgumentError unless the capacity is a whole number from 1
 * @example
 * const memory = embeddingMemory({ capacity: 1024 });
 * const loss = (labels: tf.Tensor1D, x: tf.Tensor2D) => {
 *   const value = odmLoss(labels, x, { pairs: 'all', memory });
 *   memory.add(labels, x);
 *   return value;
 * };
 */
export function embeddingMemory(options: { capacity: number }): EmbeddingMemory {
  const { capacity } = readOptions('embeddingMemory', options, { capacity: [required(COUNT)] });
  let held: { labels: tf.Tensor2D; embeddings: tf.Tensor2D; checkBackend: (where: string) => void } | undefined;
  const reset = () => {
    if (held) tf.dispose([held.labels, held.embeddings]);
    held = undefined;
  };
  return {
    get size() {
      return held?.labels.shape[0] ?? 0;
    },
    get labels() {
      return held?.labels;
    },
    get embeddings() {
      return held?.embeddings;
    },
    add(labels, embeddings) {
      const where = 'EmbeddingMemory.add';
      held?.checkBackend(where);
      const checkBackend = oneBackend();
      const next = tf.tidy(() => {
        const column = labelColumn(where, labels, embeddings);
        if (held) checkRowsOf(where, 'embeddings', embeddings, held.embeddings);
        const newest = (old: tf.Tensor2D | undefined, rows: tf.Tensor2D) => {
          const all = old ? join(old, rows, 0) : rows;
          // A copy in any case; kept, because the loss of a trainer runs inside a tidy.
          return tf.keep(tf.clone(tf.slice(all, Math.max(0, all.shape[0] - capacity))));
        };
        return { labels: newest(held?.labels, column), embeddings: newest(held?.embeddings, embeddings) };
      });
      reset();
      held = { ...next, checkBackend };
    },
    extend(columns, embeddings) {
      const where = 'EmbeddingMemory.extend';
      check(where, 'columns', columns, COLUMNS);
      if (!held) return columns;
      held.checkBackend(where);
      checkRowsOf(where, 'embeddings', embeddings, held.embeddings);
      return {
        squares: tf.concat([columns.squares, squaresTo(held.embeddings, embeddings)], 1),
        columnLabels: join(columns.columnLabels, tf.transpose(held.labels), 1),
      };
    },
    reset,
    dispose: reset,
  };
}
