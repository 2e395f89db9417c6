import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { POSITIVE, SHARE_OR_NONE } from '../core/check';
import { ArgumentError } from '../core/errors';
import { readOptions, type Declared } from '../core/read-options';
import { stepKernel } from './step/step-kernel';
import { LAYER_ARGS, type LayerArgs } from './layer-args';
import { normalizeChannels } from './normalize-channels';

/** Arguments of {@link batchNormLayer}. */
export interface ClosedFormBatchNormArgs extends LayerArgs {
  /** Share of the old moving statistics that a training step keeps, in [0, 1); default 0.9. */
  momentum?: number;
  /** Added to the variance; default 1e-3. */
  epsilon?: number;
}

const ARGS = {
  ...LAYER_ARGS,
  momentum: [SHARE_OR_NONE, 0.9],
  epsilon: [POSITIVE, 1e-3],
} as const satisfies Declared<ClosedFormBatchNormArgs>;

/**
 * Batch normalization over the last axis (Ioffe, Szegedy 2015) whose gradient is in closed form instead of
 * the chain of broadcasts of tfjs's own layer, which doubles a training step on wasm. Same numbers, same weights
 * (`gamma`, `beta`; not trainable: `moving_mean`, `moving_variance`), other class name: `ClosedFormBatchNorm`.
 *
 * A batch that a trainer does in parts is normalized part by part.
 *
 * @throws ArgumentError if `momentum` is not in [0, 1) or `epsilon` is not positive
 * @example
 * const layer = new ClosedFormBatchNorm({ name: 'norm', momentum: 0.99 });
 * layer.apply(tf.ones([8, 4, 4, 3])); // a tensor [8, 4, 4, 3]
 */
export class ClosedFormBatchNorm extends tfl.layers.Layer {
  /** @nocollapse */
  static className = 'ClosedFormBatchNorm';
  readonly momentum: number;
  readonly epsilon: number;
  private gamma!: tfl.LayerVariable;
  private beta!: tfl.LayerVariable;
  private movingMean!: tfl.LayerVariable;
  private movingVariance!: tfl.LayerVariable;

  constructor(args: ClosedFormBatchNormArgs = {}) {
    const { momentum, epsilon } = readOptions('batchNormLayer', args, ARGS);
    super(args);
    this.momentum = momentum;
    this.epsilon = epsilon;
  }

  override build(inputShape: tfl.Shape | tfl.Shape[]): void {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as tfl.Shape;
    const channels = shape.at(-1);
    if (typeof channels !== 'number') {
      throw new ArgumentError(this.name, 'last axis of the input', 'a known size', `[${shape.join(', ')}]`);
    }
    const zeros = tfl.initializers.zeros();
    const ones = tfl.initializers.ones();
    this.gamma = this.addWeight('gamma', [channels], 'float32', ones);
    this.beta = this.addWeight('beta', [channels], 'float32', zeros);
    this.movingMean = this.addWeight('moving_mean', [channels], 'float32', zeros, undefined, false);
    this.movingVariance = this.addWeight('moving_variance', [channels], 'float32', ones, undefined, false);
    this.built = true;
  }

  override computeOutputShape(inputShape: tfl.Shape | tfl.Shape[]): tfl.Shape | tfl.Shape[] {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    const [gamma, beta, mean, variance] = [this.gamma, this.beta, this.movingMean, this.movingVariance].map(
      (weight) => weight.read() as tf.Tensor1D,
    ) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
    if (!kwargs.training) {
      return tf.tidy(() => {
        const factor = tf.mul(gamma, tf.rsqrt(tf.add(variance, this.epsilon)));
        return tf.add(tf.mul(x, factor), tf.sub(beta, tf.mul(mean, factor)));
      });
    }
    const towards = (old: tf.Tensor1D, value: tf.Tensor1D) =>
      tf.add(old, tf.mul(tf.sub(value, old), 1 - this.momentum));
    return normalizeChannels(x, gamma, beta, this.epsilon, (batchMean, batchVariance) => {
      const share = 1 - this.momentum;
      const own = stepKernel(
        'MoveTowards',
        { oldMean: mean, oldVariance: variance, newMean: batchMean, newVariance: batchVariance },
        { share },
      );
      if (own) {
        [this.movingMean, this.movingVariance].forEach((weight, i) => weight.write((own as tf.Tensor[])[i]!));
        return;
      }
      this.movingMean.write(towards(mean, batchMean));
      this.movingVariance.write(towards(variance, batchVariance));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), momentum: this.momentum, epsilon: this.epsilon };
  }
}
tf.serialization.registerClass(ClosedFormBatchNorm);

/**
 * Batch normalization that costs little on wasm: {@link ClosedFormBatchNorm}.
 *
 * @example
 * const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 4, inputShape: [2] }), batchNormLayer()] });
 */
export function batchNormLayer(args: ClosedFormBatchNormArgs = {}): ClosedFormBatchNorm {
  return new ClosedFormBatchNorm(args);
}
