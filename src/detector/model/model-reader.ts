import type * as tf from '@tensorflow/tfjs-core';
import type { Head, LogitMeaning, LogitsOf } from '../../scorers/contract/scorer';

export type { LogitMeaning };

/** Where in a model features and logits are. */
export interface OutputNames {
  /** Layer (LayersModel) or node (GraphModel) of the features; by default what goes into the last dense layer. */
  features?: string;
  /**
   * Layer or node of the logits; by default the last dense layer before its softmax, or a GraphModel's first output
   * before its.
   */
  logits?: string;
  /** `'average'`: features [N, H, W, D] become their mean over H and W; without it they are an error. */
  pool?: 'average';
}

/** A model as a function of images that gives features and logits in one pass. */
export interface ModelReader {
  /** The names that are used, for saving. */
  readonly names: { features: string; logits: string };
  /**
   * Features [N, D] and logits [N, C]; the caller owns them.
   *
   * Images and weights are read back and must be finite. On webgpu, which cannot be read at once, the outputs of an
   * image that is not are NaN instead, and the weights are not looked at.
   *
   * @throws ShapeError where the images do not fit the model; NotFiniteError naming the image's row, or the weight
   */
  run(images: tf.Tensor): { features: tf.Tensor2D; logits: tf.Tensor2D };
  /** Logits alone, differentiable where the model is. */
  readonly logitsOf: LogitsOf;
  /** The last dense layer's numbers; undefined where there is none to be found. */
  head(): Promise<Head | undefined>;
  /**
   * What a row of logits says: `'classes'`, one of C (a softmax stands behind them, or a single sigmoid, whose z becomes
   * two logits -z/2 and z/2); `'tags'`, each of C by itself (several sigmoids).
   */
  readonly meaning: LogitMeaning;
}

/** A reader before its checks. */
export interface ModelPasses extends Omit<ModelReader, 'run'> {
  /**
   * As `run`, of images that fit; `fine` [N] (bool), where the backend has half precision, says which rows stayed
   * within it.
   */
  pass(images: tf.Tensor): { features: tf.Tensor2D; logits: tf.Tensor2D; fine?: tf.Tensor1D };
}
