import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { NotFiniteError } from '../../core/errors';
import type { GraphModelLike } from './graph-model-like';
import type { Pause } from '../../core/pauses';
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

/** Numbers that are looked at between two pauses, in a few milliseconds. */
const AT_ONCE = 2 ** 19;

function check(where: string, weight: NamedTensor, numbers: ArrayLike<number>, from = 0, to = numbers.length): void {
  for (let i = from; i < to; i++) {
    if (isFine(numbers[i]!, weight)) continue;
    const what = `weights of the model (${weight.name})`;
    throw new NotFiniteError(where, what, 'finite numbers', `${numbers[i]} at index ${i}`);
  }
}

/** Throws unless all weights are finite, naming the weight; each is read once, until it changes. */
export async function checkFiniteWeights(
  where: string,
  model: LayersModel | GraphModelLike,
  pause?: Pause,
): Promise<void> {
  for (const weight of unknownWeights(model)) {
    const { dataId } = weight.tensor; // a weight may have other numbers after a pause
    const numbers = await weight.tensor.data();
    for (let from = 0; from < numbers.length; from += AT_ONCE) {
      await pause?.();
      check(where, weight, numbers, from, Math.min(from + AT_ONCE, numbers.length));
    }
    known.add(dataId);
  }
}

/** The same at once; on webgpu, which cannot always be read at once, nothing. */
export function checkFiniteWeightsNow(where: string, model: LayersModel | GraphModelLike): void {
  if (!readsAtOnce()) return;
  for (const weight of unknownWeights(model)) {
    check(where, weight, weight.tensor.dataSync());
    known.add(weight.tensor.dataId);
  }
}
