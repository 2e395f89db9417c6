import { FormatError } from '../../core/errors';
import type { NamedArray } from '../../core/safetensors';
import type { NumberRule } from '../../core/check';
import type { ScorerState } from '../contract/scorer';
import { tensorOf } from '../contract/scorer-state';
import { whiteningFrom, type Whitening } from '../../linalg/whitening';

/** What a shrinkage can be. */
export const SHRINKAGE: NumberRule = { expected: 'a number from 0 to 1', holds: (v) => v >= 0 && v <= 1 };

/** Factors L of covariances, of which there are `count` in a tensor [count, D, D]. @throws FormatError */
export function savedWhitenings(
  where: string,
  state: ScorerState,
  name: string,
  count: number,
  size: number,
): Whitening[] {
  const { data } = tensorOf(where, state, name, 'F64', [count, size, size]);
  return Array.from({ length: count }, (_, c) => {
    const factor = data.slice(c * size ** 2, (c + 1) * size ** 2);
    for (let i = 0; i < size; i++) {
      const rest = factor.subarray(i * size + i + 1, (i + 1) * size);
      if (factor[i * size + i]! > 0 && rest.every((value) => value === 0)) continue;
      const expected = 'lower triangles with a diagonal above 0';
      throw new FormatError(where, `state.tensors.${name}`, expected, `another row ${i} in matrix ${c}`);
    }
    return whiteningFrom(factor, size);
  });
}

/** The factors as a tensor of a state. */
export function factorsOf(whitenings: readonly Whitening[]): NamedArray {
  const size = whitenings[0]!.size;
  const data = new Float64Array(whitenings.length * size ** 2);
  whitenings.forEach(({ factor }, c) => data.set(factor, c * size ** 2));
  return { dtype: 'F64', shape: [whitenings.length, size, size], data };
}
