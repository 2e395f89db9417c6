import { FormatError } from '../../core/errors';
import type { NamedArray } from '../../core/safetensors';
import type { NumberRule } from '../../core/check';
import type { ScorerState } from '../contract/scorer';
import { tensorOf } from '../contract/scorer-state';
import { whiteningFrom, type Whitening } from '../../linalg/whitening';

/** What a shrinkage can be. */
export const SHRINKAGE: NumberRule = { expected: 'a number from 0 to 1', holds: (v) => v >= 0 && v <= 1 };

/** Class means [C, D] of a saved scorer, and the class of each. @throws FormatError */
export function savedMeans(where: string, state: ScorerState) {
  const labels = tensorOf(where, state, 'labels', 'I32', [undefined]);
  const means = tensorOf(where, state, 'means', 'F64', [labels.data.length, undefined]);
  const [classes, size] = means.shape as [number, number];
  if (!(classes >= 1 && size >= 1)) {
    const received = `[${classes}, ${size}]`;
    throw new FormatError({ where, what: 'state.tensors.means', expected: '[C, D], both from 1', received });
  }
  const wrong = labels.data.findIndex((label, c) => label < 0 || labels.data.indexOf(label) !== c);
  if (wrong >= 0) {
    const received = `${labels.data[wrong]} at index ${wrong}`;
    const expected = 'class indices from 0, once each';
    throw new FormatError({ where, what: 'state.tensors.labels', expected, received });
  }
  return { labels: labels.data, means: means.data, classes, size };
}

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
      throw new FormatError({
        where,
        what: `state.tensors.${name}`,
        expected,
        received: `another row ${i} in matrix ${c}`,
      });
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
