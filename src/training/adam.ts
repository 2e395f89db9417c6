import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { stepKernel } from './step/step-kernel';

/** Options of {@link createAdam}. */
export interface AdamOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Times 0.5 * ||w||^2 of every variable, biases too, in the loss: its gradient, this times w, joins the gradient. */
  weightDecay: number;
}

/** Adam's memory: the moments m and v of each variable, and the running products of the betas. */
export interface Adam {
  readonly m: readonly tf.Tensor[];
  readonly v: readonly tf.Tensor[];
  /** [beta1^t, beta2^t], as products, which `pow` would not give bit for bit. */
  readonly products: readonly [number, number];
  /**
   * One update; a variable without a gradient feels the weight decay only. By our own kernel where `health` comes from
   * one; that changes nothing where a number is not finite.
   */
  update(gradients: readonly (tf.Tensor | undefined)[], learningRate: number, health?: tf.Tensor1D): void;
  /** Back to the running products of a step that is not to count; moments are as then where its kernel left them. */
  goBack(products: readonly [number, number]): void;
  /** Takes over copies of `m` and `v`. */
  restore(m: readonly tf.Tensor[], v: readonly tf.Tensor[], products: readonly [number, number]): void;
  dispose(): void;
}

/**
 * Adam (Kingma, Ba 2015) in TensorFlow's form: `w -= lr * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)`.
 * Unlike tfjs's own it goes on bit for bit after a restore.
 */
export function createAdam(variables: readonly LayerVariable[], options: AdamOptions): Adam {
  const { beta1, beta2, epsilon, weightDecay } = options;
  const zeros = () => variables.map((variable) => tf.keep(tf.zeros(variable.shape as number[])));
  let m: tf.Tensor[] = zeros();
  let v: tf.Tensor[] = zeros();
  let products: readonly [number, number] = [1, 1];

  const updateOne = (i: number, gradient: tf.Tensor | undefined, rate: number, health?: tf.Tensor1D) => {
    const [newM, newV] = tf.tidy(() => {
      const w = variables[i]!.read();
      if (health) {
        const inputs = { weights: w, gradient, m: m[i], v: v[i], health };
        const own = stepKernel('AdamUpdate', inputs, { beta1, beta2, epsilon, weightDecay, rate }) as tf.Tensor[];
        variables[i]!.write(own[0]!);
        return [tf.keep(own[1]!), tf.keep(own[2]!)] as const;
      }
      const decay = weightDecay === 0 ? undefined : tf.mul(w, weightDecay);
      const g = gradient && decay ? tf.add(gradient, decay) : (gradient ?? decay ?? tf.zerosLike(w));
      const nextM = tf.add(tf.mul(m[i]!, beta1), tf.mul(g, 1 - beta1));
      const nextV = tf.add(tf.mul(v[i]!, beta2), tf.mul(tf.square(g), 1 - beta2));
      variables[i]!.write(tf.sub(w, tf.div(tf.mul(nextM, rate), tf.add(tf.sqrt(nextV), epsilon))));
      return [tf.keep(nextM), tf.keep(nextV)] as const;
    });
    tf.dispose([m[i]!, v[i]!]);
    m[i] = newM;
    v[i] = newV;
  };

  return {
    get m() {
      return m;
    },
    get v() {
      return v;
    },
    get products() {
      return products;
    },
    update(gradients, learningRate, health) {
      products = [products[0] * beta1, products[1] * beta2];
      const rate = (learningRate * Math.sqrt(1 - products[1])) / (1 - products[0]);
      variables.forEach((_, i) => updateOne(i, gradients[i], rate, health));
    },
    goBack: (then) => void (products = then),
    restore(newM, newV, newProducts) {
      tf.dispose([m, v]);
      m = newM.map((tensor) => tf.keep(tf.clone(tensor)));
      v = newV.map((tensor) => tf.keep(tf.clone(tensor)));
      products = newProducts;
    },
    dispose: () => tf.dispose([m, v]),
  };
}
