import { checkFinite } from '../../tensors/embeddings';
import { ArgumentError, ShapeError } from '../../core/errors';
import type { Arrays, SavedArrays } from '../../core/saved/saved-arrays';
import type { Head } from './scorer';

/** A copy of the head, checked: finite weights [D, C] and bias [C]. */
export function checkedHead(where: string, parts: { head?: Head | undefined } | undefined): Head {
  const head = parts?.head;
  if (typeof head !== 'object' || head === null) {
    throw new ArgumentError(where, 'head', "the model's last layer { weights, bias, shape }", head ?? 'none');
  }
  const { weights, bias, shape } = head as { [K in keyof Head]?: Head[K] };
  const arrays = weights instanceof Float32Array && bias instanceof Float32Array;
  const isShape = Array.isArray(shape) && shape.length === 2;
  const [size, classes] = isShape ? shape : [NaN, NaN];
  const sides = [size, classes].every((side) => Number.isSafeInteger(side) && side >= 1);
  if (!arrays || !sides || weights.length !== size * classes || bias.length !== classes) {
    const received = `${weights?.length} weights and ${bias?.length} biases for [${(isShape ? shape : []).join(', ')}]`;
    throw new ShapeError(where, 'head', 'Float32Arrays weights [D, C] and bias [C], shape [D, C]', received);
  }
  checkFinite(where, weights, classes, 'head.weights');
  checkFinite(where, bias, classes, 'head.bias');
  return { weights: weights.slice(), bias: bias.slice(), shape: [size, classes] };
}

/** The head among the arrays of a fit. */
export const HEAD = {
  bias: { dtype: 'F32', shape: ['C'] },
  weights: { dtype: 'F32', shape: ['D', 'C'] },
} as const satisfies SavedArrays;

/** The head of those arrays. */
export const headOf = ({ weights, bias }: Arrays<typeof HEAD>): Head => ({
  weights,
  bias,
  shape: [weights.length / bias.length, bias.length],
});
