import * as tf from '@tensorflow/tfjs-core';
import { COUNT, NOT_NEGATIVE, POSITIVE } from '../../core/check';
import { checkFinite } from '../../tensors/embeddings';
import { defineScorer } from '../contract/define-scorer';
import { indexOfLargest, type LogitRow } from '../contract/logit-scores';
import type { LogitsOf, ScorerMethod } from '../contract/scorer';

/** Options of {@link odin}. */
export interface OdinOptions {
  /** T; default 1000. */
  temperature?: number;
  /** Size of the step on the image, in units of its pixels; default 0.0014. */
  epsilon?: number;
  /** Images that go through the model at once; default 64. */
  blockSize?: number;
}

/** The images, each moved to where the model is surer of what it says: x + e sign(grad of log S_max(x; T)). */
function stepped(images: tf.Tensor4D, logitsOf: LogitsOf, temperature: number, epsilon: number): tf.Tensor4D {
  return tf.tidy(() => {
    const logits = logitsOf(images);
    // The prediction as a mask: argMax has no gradient, and needs none.
    const predicted = tf.oneHot(tf.argMax(logits, 1), logits.shape[1]);
    const mask = tf.cast(predicted, 'float32');
    const logShare = (x: tf.Tensor) => {
      const scaled = tf.div(logitsOf(x as tf.Tensor4D), temperature);
      return tf.sum(tf.sub(tf.sum(tf.mul(scaled, mask), 1), tf.logSumExp(scaled, 1)));
    };
    return tf.add<tf.Tensor4D>(images, tf.mul(epsilon, tf.sign(tf.grad(logShare)(images))));
  });
}

/** log of the mean over j != top of exp((x_j - x_top) / T): the odds against the prediction, over those of chance. */
function logOdds(logits: LogitRow, temperature: number): number {
  if (logits.length === 1) return 0;
  const top = indexOfLargest(logits);
  let second = -Infinity;
  for (let j = 0; j < logits.length; j++) if (j !== top) second = Math.max(second, logits[j]!);
  let sum = 0;
  for (let j = 0; j < logits.length; j++) if (j !== top) sum += Math.exp((logits[j]! - second) / temperature);
  return (second - logits[top]!) / temperature + Math.log(sum / (logits.length - 1));
}

/**
 * ODIN: the largest softmax probability at a high temperature, after a small step of the image towards what is
 * predicted.
 *
 * x' = x - e sign(-grad_x log S_max(x; T)), S the softmax of the logits / T in both places. The paper's confidence is
 * S_max(x'; T), at T = 1000 about 1 / C for every image, which float32 rounds to few values. Scores have its order and
 * keep the difference: s(x) = log((1 - S_max) / S_max) - log(C - 1), in float64, 0 where all logits are equal, below 0
 * else. Images [N, H, W, C]; three passes through the model and a gradient. `sign` of a gradient of 0 is 0: such a
 * pixel stays.
 *
 * Gradients must be registered: import `@tensorflow/tfjs-layers`, and on wasm `tfjs-ood/wasm`. The model is not saved:
 * `restore` wants `logitsOf` again.
 *
 * Source: Liang, Li, Srikant, ICLR 2018, equations 1 and 2; their T = 1000, e = 0.0014 (of pixels in [0, 1], divided by
 * the standard deviations that they normalize by).
 *
 * @throws ArgumentError for an option out of range, or without `logitsOf`; ShapeError for images that are no
 *   [N, H, W, C]; NotFiniteError naming the row of an image or a logit that is not finite
 * @example
 * const logitsOf = (x: tf.Tensor4D) => model.predict(x) as tf.Tensor2D; // up to the softmax
 * const scorer = await odin().fit([], { logitsOf });
 * await scorer.score({ images });
 */
export function odin(options?: OdinOptions): ScorerMethod<'images', 'logitsOf'> {
  return defineScorer('odin', options, {
    needs: ['images'],
    fitNeeds: ['logitsOf'],
    options: { temperature: [POSITIVE, 1000], epsilon: [NOT_NEGATIVE, 0.0014], blockSize: [COUNT, 64] },
    saved: ['temperature', 'epsilon'],
    fitted: {},
    fit: () => ({}),
    score: (_, { options: { temperature, epsilon, blockSize }, parts: { logitsOf } }) => ({
      largestScore: 0, // equal logits
      async scoresOf({ images, count: all }, pause) {
        const scores: number[] = [];
        for (let first = 0; first < all; first += blockSize) {
          await pause();
          const count = Math.min(blockSize, all - first);
          const logits = tf.tidy(() => {
            const block = tf.slice(images, first, count);
            return logitsOf(epsilon > 0 ? stepped(block, logitsOf, temperature, epsilon) : block);
          });
          try {
            const numbers = await logits.data<'float32'>();
            const classes = logits.shape[1];
            checkFinite('odin', numbers, classes, 'logits of the images');
            for (let at = 0; at < numbers.length; at += classes) {
              scores.push(logOdds(numbers.subarray(at, at + classes), temperature));
            }
          } finally {
            logits.dispose();
          }
        }
        return scores;
      },
    }),
  });
}
