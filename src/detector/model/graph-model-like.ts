import type * as tf from '@tensorflow/tfjs-core';

/** What this package uses of a tfjs GraphModel; that of tfjs-converter fits. */
export interface GraphModelLike {
  execute(inputs: tf.Tensor, outputs: string | string[]): tf.Tensor | tf.Tensor[];
  /** Only for graphs with loops, branches or shapes that depend on numbers. */
  executeAsync?(inputs: tf.Tensor, outputs: string | string[]): Promise<tf.Tensor | tf.Tensor[]>;
  readonly weights: Readonly<Record<string, tf.Tensor[]>>;
  readonly outputs: readonly { readonly name: string }[];
}
