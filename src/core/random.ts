import { check, INTEGER } from './check';
import { mixBits } from './mix-bits';

/** A seeded stream of random numbers. Equal seeds (and equal `path`) give equal streams on every machine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** A fresh permutation of 0..n-1. */
  permutation(n: number): Int32Array;
}

/**
 * A seed for one part of a run (`epoch 3, step 7`), derived from the run's seed; never 0, because tfjs initializers
 * take 0 for "unseeded". Deriving streams from counters instead of carrying one on makes a run's random state its
 * counters.
 *
 * @param seed the run's seed, an integer
 * @param path what the stream is for: integers, e.g. `[epoch, step]`
 * @returns an integer in [1, 2^31)
 * @throws ArgumentError where the seed is no integer
 * @example
 * deriveSeed(1, 3, 7) === deriveSeed(1, 3, 7); // true
 * deriveSeed(1, 3, 7) === deriveSeed(1, 3, 8); // false
 */
export function deriveSeed(seed: number, ...path: number[]): number {
  check('deriveSeed', 'seed', seed, INTEGER);
  let h = mixBits((seed ^ 0x9e3779b9) >>> 0) ^ mixBits(Math.floor(seed / 2 ** 32) | 0);
  for (const part of path) h = mixBits((Math.imul(h, 31) + part + 0x9e3779b9) | 0);
  return mixBits(h) & 0x7fffffff || 1;
}

/**
 * A seeded generator (sfc32: 128 bits of state, passes PractRand).
 *
 * @example
 * const random = seededRandom(7);
 * random.permutation(3); // the same three numbers in every run
 */
export function seededRandom(seed: number, ...path: number[]): Random {
  let a = deriveSeed(seed, ...path, 1);
  let b = deriveSeed(seed, ...path, 2);
  let c = deriveSeed(seed, ...path, 3);
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();

  const uniform = () => next() / 2 ** 32;
  const integer = (n: number) => Math.floor(uniform() * n);
  let spare: number | undefined;
  return {
    uniform,
    integer,
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Box-Muller; 1 - u is never 0.
      const r = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = r * Math.sin(angle);
      return r * Math.cos(angle);
    },
    permutation(n) {
      const order = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = integer(i + 1);
        const swap = order[i]!;
        order[i] = order[j]!;
        order[j] = swap;
      }
      return order;
    },
  };
}
