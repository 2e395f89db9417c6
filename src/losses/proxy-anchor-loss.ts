import * as tf from '@tensorflow/tfjs-core';
import { NOT_NEGATIVE, POSITIVE } from '../core/check';
import { readOptions } from '../core/read-options';
import { labelColumn, type BatchLabels } from './batch-labels';
import { checkRowsOf } from '../tensors/batch-rows';
import { oneHotKnown } from './class-masks';
import { unitRows } from '../linalg/unit-rows';

/** Options of {@link proxyAnchorLoss}. */
export interface ProxyAnchorOptions {
  /** Scale of the cosines, alpha in the paper; default 32. */
  scale?: number;
  /** delta in the paper; default 0.1. */
  margin?: number;
}

/**
 * What a row that does not count has in place of its cosine: e^-80 is nothing beside 1. No more than that, as the webgl
 * backend pads textures with zeros, and e^(0 - m) of the gradient must be finite there too.
 */
const NEVER = 80;

/** log(1 + sum over rows where the mask is 1 of e^v), for each column. */
function logOnePlusSum(v: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const within = tf.sub(tf.mul(v, mask), tf.mul(NEVER, tf.sub(1, mask)));
  return tf.softplus(tf.logSumExp(within, 0));
}

/**
 * Proxy anchor loss: a learned proxy of each class pulls all rows of its class and pushes all others, the hard ones
 * most.
 *
 * 1/|P+| * sum over proxies with a positive of log(1 + sum over their rows of e^(-a (s - d))) + 1/|P| * sum over all
 * proxies of log(1 + sum over the other rows of e^(a (s + d))), s the cosine (the loss scales both sides to length 1).
 * OoD rows (label below 0) are "other rows" of every proxy, and never meet each other.
 *
 * Source: Kim, Kim, Cho, Kwak, CVPR 2020, equation 4.
 *
 * @param labels class indices [B], below 0 for OoD
 * @param embeddings [B, D]
 * @param proxies [C, D]; usually a `tf.variable`, trained along
 * @returns a scalar, differentiable with respect to `embeddings` and `proxies`, on every backend
 * @throws ShapeError for shapes that do not fit; ArgumentError for an option out of range, or a label from C on in an
 *   array
 * @example
 * proxyAnchorLoss([0], tf.tensor2d([[1, 0]]), tf.tensor2d([[1, 0]])); // 3.1e-13: the row lies on its proxy
 */
export function proxyAnchorLoss(
  labels: BatchLabels,
  embeddings: tf.Tensor2D,
  proxies: tf.Tensor2D,
  options?: ProxyAnchorOptions,
): tf.Scalar {
  const where = 'proxyAnchorLoss';
  const { scale, margin } = readOptions(where, options, { scale: [POSITIVE, 32], margin: [NOT_NEGATIVE, 0.1] });
  return tf.tidy(() => {
    checkRowsOf(where, 'proxies', proxies, embeddings);
    const classes = proxies.shape[0];
    const column = labelColumn(where, labels, embeddings, { below: classes });
    const own = oneHotKnown(column, classes); // [B, C]
    const cosines = tf.matMul(unitRows(embeddings), tf.transpose(unitRows(proxies)));
    const present = tf.max(own, 0); // [C]
    const pull = logOnePlusSum(tf.mul(-scale, tf.sub(cosines, margin)), own);
    const push = logOnePlusSum(tf.mul(scale, tf.add(cosines, margin)), tf.sub(1, own));
    return tf.add<tf.Scalar>(
      tf.div(tf.sum(tf.mul(pull, present)), tf.maximum(tf.sum(present), 1)),
      tf.div(tf.sum(push), classes),
    );
  });
}
