import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { NotFiniteError } from '../../core/errors';
import type { GraphModelLike } from './graph-model-like';
import { readsAtOnce } from '../../tensors/precision';

/**
 * Numbers that were looked at. tfjs never writes into numbers that it has: a weight that is trained or set gets others.
 */
const known = new WeakSet<object>();

interface NamedTensor {
  name: string;
  tensor: tf.Tensor;
  isConstant: boolean;
}

/** Weights of floats that nobody has looked at yet. */
function unknownWeights(model: LayersModel | GraphModelLike): NamedTensor[] {
  const all =
    'layers' in model
      ? model.weights.map((weight) => ({ name: weight.originalName, tensor: weight.read(), isConstant: false }))
      : Object.entries(model.weights).flatMap(([name, tensors]) =>
          tensors.map((tensor) => ({ name, tensor, isConstant: true })),
        );
  return all.filter(({ tensor }) => tensor.dtype === 'float32' && !known.has(tensor.dataId));
}

/** A graph's constants bound and mask by infinities: any number alone, and -Infinity anywhere. */
const isFine = (value: number, { tensor, isConstant }: NamedTensor): boolean =>
  Number.isFinite(value) || (isConstant && (value === -Infinity || (value === Infinity && tensor.rank === 0)));

function check(where: string, weight: NamedTensor, numbers: ArrayLike<number>): void {
  const { length } = numbers;
  for (let i = 0; i < length; i++) {
    if (isFine(numbers[i]!, weight)) continue;
    const what = `weights of the model (${weight.name})`;
    throw new NotFiniteError(where, what, 'finite numbers', `${numbers[i]} at index ${i}`);
  }
  known.add(weight.tensor.dataId);
}

/** Throws unless all weights are finite, naming the weight; each is read once, until it changes. */
export async function checkFiniteWeights(where: string, model: LayersModel | GraphModelLike): Promise<void> {
  for (const weight of unknownWeights(model)) check(where, weight, await weight.tensor.data());
}

/** The same at once; on webgpu, which cannot always be read at once, nothing. */
export function checkFiniteWeightsNow(where: string, model: LayersModel | GraphModelLike): void {
  if (!readsAtOnce()) return;
  for (const weight of unknownWeights(model)) check(where, weight, weight.tensor.dataSync());
}
