import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { nextTask } from '../../core/next-task';
import { stepKernel } from './step-kernel';

/** (labels [B] int32, embeddings [B, D]) -> scalar. */
export type BatchLoss = (labels: tf.Tensor1D, embeddings: tf.Tensor2D) => tf.Scalar;

/** Loss of a batch and its gradient by variable; both belong to the caller. */
export type StepGradients = {
  loss: tf.Scalar;
  /** `undefined` where the loss does not depend on the variable. */
  gradients: (tf.Tensor | undefined)[];
};

/** One part of a batch: makes its images, and draws its dropout masks, the same ones each time. */
export interface BatchPart {
  images: () => tf.Tensor4D;
  restartDropout: () => void;
}

function forward(model: LayersModel, part: BatchPart): tf.Tensor2D {
  part.restartDropout();
  return model.apply(part.images(), { training: true }) as tf.Tensor2D;
}

function differentiate(loss: () => tf.Scalar, variables: readonly tf.Variable[]): StepGradients {
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(loss, [...variables]);
    return { loss: value, gradients: variables.map(({ name }) => grads[name]) };
  });
}

/**
 * Sum of the squares of all gradients; two at a time, as WebGPU has no more than eight inputs and does nothing, in
 * silence, beyond.
 */
export function squaredNorm(gradients: readonly (tf.Tensor | undefined)[]): tf.Scalar {
  return tf.tidy(() => {
    const squares = gradients.flatMap((gradient) => (gradient ? [tf.sum<tf.Scalar>(tf.square(gradient))] : []));
    return squares.reduce((total, square) => tf.add(total, square));
  });
}

/** Loss and {@link squaredNorm}, read. */
export async function lossAndNorm({ loss, gradients }: StepGradients): Promise<[loss: number, norm: number]> {
  const value = (await loss.data())[0]!;
  const norm = squaredNorm(gradients);
  const size = (await norm.data())[0]!;
  norm.dispose();
  return [value, size];
}

/**
 * [loss, {@link squaredNorm}, 1 where one of these is not finite] by our own kernel, where there is one: one tensor to
 * read, and what Adam's kernel looks at.
 */
export function stepHealth({ loss, gradients }: StepGradients, before?: tf.Tensor1D): tf.Tensor1D | undefined {
  const named = gradients.flatMap((gradient, i) => (gradient ? [[`gradient${i}`, gradient] as const] : []));
  return stepKernel('StepHealth', { loss, ...Object.fromEntries(named), ...(before && { before }) }) as
    tf.Tensor1D | undefined;
}

/** The whole batch at once. */
export function wholeGradients(
  model: LayersModel,
  variables: readonly tf.Variable[],
  batch: BatchPart,
  labels: tf.Tensor1D,
  loss: BatchLoss,
): StepGradients {
  return differentiate(() => loss(labels, forward(model, batch)), variables);
}

/**
 * The same gradient with the memory of one part: embeddings of all parts without a tape, the loss's gradient with
 * respect to them, then part by part a second forward pass whose scalar is sum(embeddings * that gradient) (the chain
 * rule). Right for any loss of the batch, also one that compares every row with every other. Costs a forward pass more.
 *
 * @param afterForward called between the two passes
 */
export async function partGradients(
  model: LayersModel,
  variables: readonly tf.Variable[],
  parts: readonly BatchPart[],
  labels: tf.Tensor1D,
  loss: BatchLoss,
  afterForward: () => void,
): Promise<StepGradients> {
  const owned: tf.Tensor[] = [];
  const total: (tf.Tensor | undefined)[] = variables.map(() => undefined);
  try {
    for (const part of parts) {
      owned.push(tf.tidy(() => forward(model, part)));
      await nextTask();
    }
    afterForward();
    const { value, grad } = tf.tidy(() => {
      const embeddings = tf.concat(owned as tf.Tensor2D[]);
      return tf.valueAndGrad((x: tf.Tensor) => loss(labels, x as tf.Tensor2D))(embeddings);
    });
    const rows = owned.map(({ shape }) => shape[0]);
    owned.push(value, grad);
    let start = 0;
    for (const [i, part] of parts.entries()) {
      const step = tf.tidy(() => {
        const upstream = tf.slice(grad, start, rows[i]);
        return differentiate(() => tf.sum(tf.mul(forward(model, part), upstream)), variables);
      });
      start += rows[i]!;
      step.loss.dispose();
      step.gradients.forEach((gradient, k) => {
        const sum = total[k];
        if (!gradient || !sum) {
          total[k] = sum ?? gradient;
          return;
        }
        total[k] = tf.add(sum, gradient);
        tf.dispose([sum, gradient]);
      });
      await nextTask();
    }
    owned.splice(owned.indexOf(value), 1);
    return { loss: value, gradients: total };
  } catch (error) {
    tf.dispose(total.filter((tensor) => tensor !== undefined));
    throw error;
  } finally {
    tf.dispose(owned);
  }
}
