import { ShapeError } from '../../core/errors';
import type { Dtype, NamedArray } from '../../core/safetensors';

type DataOf<D extends Dtype> = Extract<NamedArray, { dtype: D }>['data'];

/** One vector of a saved state. @throws ShapeError where it is missing or of another type or rank */
export function statePart<D extends Dtype>(
  where: string,
  state: Readonly<Record<string, NamedArray | undefined>>,
  name: string,
  dtype: D,
): DataOf<D> {
  const array = Object.hasOwn(state, name) ? state[name] : undefined;
  const fits = array?.dtype === dtype && array.shape.length === 1 && array.shape[0] === array.data.length;
  if (fits) return array.data as DataOf<D>;
  const received = array ? `${array.dtype} [${array.shape.join(', ')}] of ${array.data.length}` : 'none';
  throw new ShapeError(where, `state.${name}`, `${dtype} of rank 1`, received);
}
