import type * as tf from '@tensorflow/tfjs-core';
import type { Head, LogitMeaning, LogitsOf } from '../../scorers/contract/scorer';

export type { LogitMeaning };

/** Where in a model features and logits are. */
export interface OutputNames {
  /**
   * Layer (LayersModel) or node (GraphModel) of the features; by default what goes into the last dense layer.
   *
   * A layer of a nested model has its name behind those of the models that it is in, `sequential_3/dense_Dense2`; its
   * own name is enough where there is one such layer.
   */
  features?: string;
  /**
   * Layer or node of the logits; by default the last dense layer, or a convolution that gives one row for each image,
   * before its softmax, or what a GraphModel's first output is the softmax of. Of a layer with a softmax or sigmoid, or
   * that is one, the logits are what this is of.
   */
  logits?: string;
  /**
   * Which output of several, by the name of its layer: `output: 'class'`. It may be a layer inside the model too, from
   * which the logits are then looked for.
   */
  output?: string;
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
  /** As `run`, of a GraphModel with loops or branches too. */
  runAsync(images: tf.Tensor): Promise<{ features: tf.Tensor2D; logits: tf.Tensor2D }>;
  /** Logits alone, differentiable where the model is. */
  readonly logitsOf: LogitsOf;
  /** The last dense layer's numbers; undefined where there is none to be found. */
  head(): Promise<Head | undefined>;
  /**
   * What a row of logits says: `'classes'`, one of C (a softmax stands behind them, or nothing, or a single sigmoid,
   * whose z becomes two logits -z/2 and z/2); `'tags'`, each of C by itself (several sigmoids). One column with nothing
   * behind it is one class, and leaves nothing to choose.
   */
  readonly meaning: LogitMeaning;
}

export type ModelPass = { features: tf.Tensor2D; logits: tf.Tensor2D; fine?: tf.Tensor1D };

/** A reader before its checks. */
export interface ModelPasses extends Omit<ModelReader, 'run' | 'runAsync'> {
  /**
   * As `run`, of images that fit; `fine` [N] (bool), where the backend has half precision, says which rows stayed
   * within it.
   */
  pass(images: tf.Tensor): ModelPass;
  /** The same where a pass has to wait for numbers in between; `pass` throws there. */
  passAsync?(images: tf.Tensor): Promise<ModelPass>;
}

/** The features of a model of which nobody wants logits. */
export interface FeaturePasses {
  pass(images: tf.Tensor): Omit<ModelPass, 'logits'>;
  passAsync?(images: tf.Tensor): Promise<Omit<ModelPass, 'logits'>>;
}
