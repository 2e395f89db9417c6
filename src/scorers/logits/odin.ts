import * as tf from '@tensorflow/tfjs-core';
import { checkFinite } from '../../tensors/embeddings';
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkFiniteImages } from '../../tensors/finite-images';
import { finiteScores } from '../contract/finite-scores';
import { inUse } from '../contract/in-use';
import { indexOfLargest, type LogitRow } from '../contract/logit-scores';
import { checkOption, COUNT, POSITIVE, type NumberRule } from '../../core/check';
import type { LogitsOf, ModelParts, Scorer, ScorerMethod } from '../contract/scorer';
import { checkKind, savedOption } from '../contract/scorer-state';

/** Options of {@link odin}. */
export interface OdinOptions {
  /** T; default 1000. */
  temperature?: number;
  /** Size of the step on the image, in units of its pixels; default 0.0014. */
  epsilon?: number;
  /** Images that go through the model at once; default 64. */
  blockSize?: number;
}

const EPSILON: NumberRule = { expected: 'a number from 0', holds: (v) => v >= 0 && Number.isFinite(v) };

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

function scorerOf(logitsOf: LogitsOf, options: Required<OdinOptions>): Scorer<'images'> {
  const where = 'odin';
  const { temperature, epsilon, blockSize } = options;
  const guard = inUse(where);
  return {
    kind: 'odin',
    needs: ['images'],
    largestScore: 0, // equal logits
    async score(batch) {
      guard.check();
      const images = (batch as typeof batch | undefined)?.images;
      if (!(images instanceof tf.Tensor) || images.rank !== 4) {
        const received = images instanceof tf.Tensor ? `[${(images as tf.Tensor).shape.join(', ')}]` : typeof images;
        throw new ShapeError(where, 'images', 'a tensor [N, H, W, C]', received);
      }
      await checkFiniteImages(where, images);
      const scores: number[] = [];
      for (let first = 0; first < images.shape[0]; first += blockSize) {
        const count = Math.min(blockSize, images.shape[0] - first);
        const logits = tf.tidy(() => {
          const block = tf.slice(images, first, count);
          return logitsOf(epsilon > 0 ? stepped(block, logitsOf, temperature, epsilon) : block);
        });
        try {
          const numbers = await logits.data<'float32'>();
          const classes = logits.shape[1];
          checkFinite(where, numbers, classes, 'logits of the images');
          for (let at = 0; at < numbers.length; at += classes) {
            scores.push(logOdds(numbers.subarray(at, at + classes), temperature));
          }
        } finally {
          logits.dispose();
        }
      }
      return finiteScores(where, scores);
    },
    state: () => ({ kind: 'odin', options: { temperature, epsilon }, tensors: {} }),
    dispose: () => guard.end(),
  };
}

function checkedLogitsOf(where: string, parts: Partial<ModelParts> | undefined): LogitsOf {
  const logitsOf = parts?.logitsOf;
  if (typeof logitsOf === 'function') return logitsOf;
  const expected = 'a differentiable function of images that gives logits (ODIN goes through the model)';
  throw new ArgumentError(where, 'logitsOf', expected, typeof logitsOf);
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
export function odin({ temperature = 1000, epsilon = 0.0014, blockSize = 64 }: OdinOptions = {}): ScorerMethod<
  'images',
  'logitsOf'
> {
  const where = 'odin';
  checkOption(where, 'temperature', temperature, POSITIVE);
  checkOption(where, 'epsilon', epsilon, EPSILON);
  checkOption(where, 'blockSize', blockSize, COUNT);
  return {
    kind: 'odin',
    needs: ['images'],
    fitNeeds: ['logitsOf'],
    fit: (_, parts) =>
      new Promise((resolve) => {
        resolve(scorerOf(checkedLogitsOf(where, parts), { temperature, epsilon, blockSize }));
      }),
    restore(state, parts) {
      const from = 'odin.restore';
      checkKind(from, state, 'odin');
      const saved = {
        temperature: savedOption(from, state, 'temperature', POSITIVE),
        epsilon: savedOption(from, state, 'epsilon', EPSILON),
      };
      return scorerOf(checkedLogitsOf(from, parts), { ...saved, blockSize });
    },
  };
}
