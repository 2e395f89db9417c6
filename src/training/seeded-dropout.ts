import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { check, INTEGER, SHARE_OR_NONE } from '../core/check';
import { deriveSeed } from '../core/random';
import { readOptions, type Declared } from '../core/read-options';
import { LAYER_ARGS, type LayerArgs } from './layer-args';

/**
 * Arguments of {@link SeededDropout}: `rate` of the elements are zeroed, `seed` tells two layers of one model apart.
 */
export interface SeededDropoutArgs extends LayerArgs {
  rate: number;
  seed: number;
}

const ARGS = { ...LAYER_ARGS, rate: [SHARE_OR_NONE], seed: [INTEGER] } as const satisfies Declared<SeededDropoutArgs>;

/**
 * Dropout whose masks follow from seeds alone, so that a resumed run draws the masks of the uninterrupted one (tfjs's
 * own layer has either one mask forever or unseeded ones). Off in inference; kept elements are divided by `1 - rate`.
 *
 * Saved and loaded like any layer, by its class name `SeededDropout`.
 *
 * @throws ArgumentError if `rate` is not in [0, 1) or `seed` is no integer
 * @example
 * const layer = new SeededDropout({ rate: 0.2, seed: 7 });
 * layer.restart(3); // step 3 of the run
 * const y = layer.apply(x, { training: true });
 */
export class SeededDropout extends tfl.layers.Layer {
  /** @nocollapse */
  static className = 'SeededDropout';
  readonly rate: number;
  readonly seed: number;
  private stream = 0;
  private draws = 0;

  constructor(args: SeededDropoutArgs) {
    const { rate, seed } = readOptions('SeededDropout', args, ARGS);
    check('SeededDropout', 'rate', rate, SHARE_OR_NONE);
    check('SeededDropout', 'seed', seed, INTEGER);
    super(args);
    this.rate = rate;
    this.seed = seed;
    this.supportsMasking = true;
  }

  /** The masks to come are those of `stream` (a step of a run), from its first on. */
  restart(stream: number): void {
    this.stream = stream;
    this.draws = 0;
  }

  override computeOutputShape(inputShape: tfl.Shape | tfl.Shape[]): tfl.Shape | tfl.Shape[] {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    if (!kwargs.training || this.rate === 0) return tf.clone(x);
    const seed = deriveSeed(this.seed, this.stream, this.draws++);
    return tf.tidy(() => tf.dropout(x, this.rate, undefined, seed));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed };
  }
}
tf.serialization.registerClass(SeededDropout);
