import * as tf from '@tensorflow/tfjs-core';
import { exactly, TEXT } from '../../core/check';
import { ArgumentError, ShapeError } from '../../core/errors';
import type { Declared } from '../../core/read-options';
import type { OutputNames } from './model-reader';

/** The names that a caller may give. */
export const OUTPUT_NAMES = {
  features: [TEXT],
  logits: [TEXT],
  output: [TEXT],
  pool: [exactly('average')],
} as const satisfies Declared<OutputNames>;

/** Those of some options that are names, none of them empty. */
export function namesIn(options: { readonly [K in keyof OutputNames]?: OutputNames[K] | undefined }): OutputNames {
  const isName = ([name, value]: [string, unknown]) => Object.hasOwn(OUTPUT_NAMES, name) && Boolean(value);
  return Object.fromEntries(Object.entries(options).filter(isName));
}

/**
 * The names that there are, nearest first, so that a long list starts with what was meant; each as `shown` writes it.
 */
export function listed(
  names: readonly string[],
  wanted: string,
  shown: (name: string) => string = (name) => name,
): string {
  const shared = (name: string) => {
    const [a, b] = [name.toLowerCase(), wanted.toLowerCase()];
    let length = 0;
    while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
    return length + (a.includes(b) || b.includes(a) ? 100 : 0);
  };
  // Of a path the last name alone may be what was meant.
  const near = (name: string) => Math.max(shared(name), shared(name.slice(name.lastIndexOf('/') + 1)));
  const sorted = [...names].sort((a, b) => near(b) - near(a));
  const first = sorted.slice(0, 40).map(shown).join(', ');
  return sorted.length > 40 ? `${first} and ${sorted.length - 40} more` : first;
}

export function missing(where: string, what: string, names: readonly string[], wanted: string): ArgumentError {
  return new ArgumentError(where, what, `one of ${listed(names, wanted)}`, wanted);
}

/** [N, D] of features, pooled where asked for. */
export function flat(where: string, features: tf.Tensor, pool: 'average' | undefined, name: string): tf.Tensor2D {
  if (features.rank === 2) return features as tf.Tensor2D;
  if (features.rank === 4 && pool === 'average') return tf.mean<tf.Tensor2D>(features, [1, 2]);
  const expected = features.rank === 4 ? "[N, D] (or take pool: 'average')" : '[N, D]';
  throw new ShapeError(where, `output of ${name}`, expected, features.shape);
}
