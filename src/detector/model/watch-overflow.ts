import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { NotFiniteError } from '../../core/errors';
import { finiteRows } from '../../tensors/finite-images';
import { allLayers } from './model-weights';
import { LARGEST_HALF, isHalf } from '../../tensors/precision';

/** What is used of a layer. */
interface Called {
  call(inputs: tf.Tensor | tf.Tensor[], kwargs: unknown): unknown;
}

/** Of a tensor that has the rows of the batch each row's answer, of another one the answer of all. */
function rowsOf(tensor: tf.Tensor, count: number): tf.Tensor {
  if (tensor.shape[0] === count && tensor.rank > 0) return finiteRows(tensor, LARGEST_HALF);
  return finiteRows(tf.reshape(tensor, [1, -1]), LARGEST_HALF);
}

/** Which of `count` rows [N] (bool) are within half precision in all tensors of floats. */
export function withinHalf(tensors: readonly tf.Tensor[], count: number): tf.Tensor1D {
  return tf.tidy(() =>
    tensors
      .filter(({ dtype }) => dtype === 'float32')
      .map((tensor) => rowsOf(tensor, count))
      .reduce<tf.Tensor>((all, one) => tf.logicalAnd(all, one), tf.ones([count], 'bool')),
  ) as tf.Tensor1D;
}

/**
 * Runs a LayersModel on `count` rows and looks at what each of its layers is given, where the backend has half
 * precision: beyond 65504 is Infinity there, and what cuts, divides by it or pools makes a plausible number of that.
 * What a layer holds inside itself is not seen.
 */
export function watchOverflow<T>(model: LayersModel, count: number, run: () => T): { result: T; fine?: tf.Tensor1D } {
  if (!isHalf()) return { result: run() };
  let fine: tf.Tensor1D = tf.keep(tf.ones([count], 'bool'));
  const look = (inputs: tf.Tensor | tf.Tensor[]) => {
    const before = fine;
    const own = Array.isArray(inputs) ? inputs : [inputs];
    fine = tf.tidy(() => tf.keep(tf.logicalAnd<tf.Tensor1D>(before, withinHalf(own, count))));
    before.dispose();
  };
  // Each layer's `call` is one of its own until this returns, nested models' layers' too: nothing waits meanwhile. The
  // hook that tfjs-layers has for this is called by few of its layers, and may be the caller's.
  const watched = allLayers(model) as unknown as Called[];
  const own = watched.map((layer) => Object.getOwnPropertyDescriptor(layer, 'call'));
  for (const layer of watched) {
    const call = layer.call.bind(layer);
    layer.call = (inputs, kwargs) => {
      look(inputs);
      return call(inputs, kwargs);
    };
  }
  try {
    return { result: run(), fine };
  } catch (error) {
    fine.dispose();
    throw error;
  } finally {
    watched.forEach((layer, i) => {
      if (own[i]) Object.defineProperty(layer, 'call', own[i]);
      else delete (layer as Partial<Called>).call;
    });
  }
}

/** Throws unless every row stayed within half precision. */
export function checkFits(where: string, fine: ArrayLike<number>, givenRow: (row: number) => number): void {
  for (let row = 0; row < fine.length; row++) {
    if (fine[row]) continue;
    const expected = `at most ${LARGEST_HALF} in size, as this backend has half precision (take 'wasm' or 'cpu')`;
    throw new NotFiniteError(where, 'activations of the model', expected, `more at row ${givenRow(row)}`);
  }
}
