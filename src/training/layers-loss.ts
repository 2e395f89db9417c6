import * as tf from '@tensorflow/tfjs-core';
import { check, COUNT, FUNCTION } from '../core/check';
import { ShapeError } from '../core/errors';
import { exactLabels } from '../losses/batch-labels';
import type { BatchLoss } from './step/step-gradients';

/**
 * Labels [N] as `model.fit` of tfjs-layers takes them beside embeddings [N, D]: [N, D] int32, each label D times. It
 * refuses labels of another width before any loss runs; the loss is one of {@link asLayersLoss}.
 *
 * @param labels class indices [N], below 0 for OoD
 * @param embeddingSize D, the units of the model's last layer
 * @throws ArgumentError for a label that is no whole number of 32 bits (on webgl of 24 bits), or a size that is no
 *   whole number from 1
 * @example
 * model.compile({ optimizer: 'adam', loss: asLayersLoss((labels, x) => odmLoss(labels, x, { pairs: 'all' })) });
 * await model.fit(images, asLayersLabels(labels, 10), { epochs: 1, verbose: 0 });
 */
export function asLayersLabels(labels: ArrayLike<number>, embeddingSize: number): tf.Tensor2D {
  const where = 'asLayersLabels';
  check(where, 'embeddingSize', embeddingSize, COUNT);
  const own = exactLabels(where, labels);
  return tf.tensor2d(
    Int32Array.from({ length: own.length * embeddingSize }, (_, at) => own[Math.floor(at / embeddingSize)]!),
    [own.length, embeddingSize],
    'int32',
  );
}

/**
 * A loss of this package as `model.compile` of tfjs-layers takes it: (labels [B, D], embeddings [B, D]) -> scalar,
 * whose labels are those of {@link asLayersLabels}.
 *
 * A last batch may be smaller: losses of halves want an even one.
 *
 * @param loss (labels [B], embeddings [B, D]) -> scalar, as `createTrainer` takes it
 * @throws ArgumentError for what is no function; from the loss, ShapeError for labels that are not [B, D]
 * @example
 * const loss = asLayersLoss((labels, embeddings) => odmLoss(labels, embeddings, { pairs: 'all' }));
 * model.compile({ optimizer: 'adam', loss });
 */
export function asLayersLoss(loss: BatchLoss): (labels: tf.Tensor, embeddings: tf.Tensor) => tf.Scalar {
  const where = 'asLayersLoss';
  check(where, 'loss', loss, FUNCTION);
  return (labels, embeddings) => {
    const [rows, size] = embeddings.shape;
    if (labels.rank !== 2 || labels.shape[0] !== rows || labels.shape[1] !== size) {
      const expected = `[${rows}, ${size}], as asLayersLabels(labels, ${size}) makes them`;
      throw new ShapeError(where, 'labels', expected, labels.shape);
    }
    return tf.tidy(() => {
      const column = tf.reshape<tf.Rank.R1>(tf.slice(labels, [0, 0], [rows, 1]), [rows]);
      return loss(tf.cast(column, 'int32'), embeddings as tf.Tensor2D);
    });
  };
}
