import { checkFinite } from '../../tensors/embeddings';
import { ArgumentError, ShapeError } from '../../core/errors';
import type { NamedArray } from '../../core/safetensors';
import type { Head, ScorerState } from './scorer';
import { tensorOf } from './scorer-state';

/** A copy of the head, checked: finite weights [D, C] and bias [C]. */
export function checkedHead(where: string, parts: { head?: Head } | undefined): Head {
  const head = parts?.head;
  if (head === undefined) {
    throw new ArgumentError(where, 'head', "the model's last layer { weights, bias, shape }", 'none');
  }
  const { weights, bias, shape } = head;
  const [size, classes] = shape;
  const arrays = weights instanceof Float32Array && bias instanceof Float32Array;
  const sides = shape.length === 2 && shape.every((side) => Number.isSafeInteger(side) && side >= 1);
  if (!arrays || !sides || weights.length !== size * classes || bias.length !== classes) {
    const received = `${weights?.length} weights and ${bias?.length} biases for [${shape.join(', ')}]`;
    throw new ShapeError(where, 'head', 'Float32Arrays weights [D, C] and bias [C], shape [D, C]', received);
  }
  checkFinite(where, weights, classes, 'head.weights');
  checkFinite(where, bias, classes, 'head.bias');
  return { weights: weights.slice(), bias: bias.slice(), shape: [size, classes] };
}

/** The head as tensors of a state. */
export function headTensors({ weights, bias, shape }: Head): { weights: NamedArray; bias: NamedArray } {
  return {
    weights: { dtype: 'F32', shape, data: weights },
    bias: { dtype: 'F32', shape: [bias.length], data: bias },
  };
}

/** The head that {@link headTensors} wrote. @throws FormatError */
export function savedHead(where: string, state: ScorerState): Head {
  const { data: bias } = tensorOf(where, state, 'bias', 'F32', [undefined]);
  const { data: weights, shape } = tensorOf(where, state, 'weights', 'F32', [undefined, bias.length]);
  return { weights, bias, shape: [shape[0]!, bias.length] };
}
