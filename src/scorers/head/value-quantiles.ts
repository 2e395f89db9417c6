import { ArgumentError, FormatError } from '../../core/errors';
import type { NamedArray } from '../../core/saved/safetensors';
import { firstWrong, readArrays, writeArrays, type SavedArrays } from '../../core/saved/saved-arrays';
import type { StateArrays } from '../partial/accumulator';

/** Mantissa bits that a bin keeps; a value is known to half a bin, 2^-18 of itself. */
const BITS = 17;
const BINS = 2 ** BITS;

const VALUES = { values: { dtype: 'F32', shape: ['V'] } } as const satisfies SavedArrays;
/** Sign and exponent of a finite number. */
const isPage = (page: number, at: number, all: readonly number[]) =>
  page >= 0 && page < 511 && page !== 255 && (at === 0 || page > all[at - 1]!);
const COUNTED = {
  pages: {
    dtype: 'I32',
    shape: ['P'],
    rule: { expected: 'signs and exponents, ascending', wrong: /* @__PURE__ */ firstWrong(isPage) },
    empty: true,
  },
  /** Counts of 32 bits without a sign. */
  bins: { dtype: 'I32', shape: ['P', BINS], empty: true },
  /** Of all numbers, and of zeros. */
  counts: {
    dtype: 'F64',
    shape: [2],
    rule: {
      expected: 'whole numbers from 0',
      wrong: /* @__PURE__ */ firstWrong((count) => Number.isSafeInteger(count) && count >= 0),
    },
  },
} as const satisfies SavedArrays;

/**
 * Quantiles of a stream of float32 numbers in bounded memory.
 *
 * Exact up to `exactUpTo` numbers, which are kept. From there on it counts by sign, exponent and the upper 17 bits of
 * the mantissa: an order statistic comes out within 2^-18 (3.8e-6) of its size, zeros are exact. 512 KB for each power
 * of two (and sign) that occurs, commonly 10 MB in all.
 */
export class ValueQuantiles {
  #kept: Float32Array[] | undefined = [];
  readonly #pages = new Map<number, Uint32Array>();
  #zeros = 0;
  #count = 0;

  constructor(readonly exactUpTo = 2 ** 22) {}

  /** Adds finite numbers. */
  add(values: Float32Array): void {
    this.#count += values.length;
    if (this.#kept === undefined) return this.#countIn(values);
    this.#kept.push(values.slice());
    if (this.#count > this.exactUpTo) this.#countKept();
  }

  /** All of it: the numbers while they are kept, or the bins that were counted in. */
  state(): Record<string, NamedArray> {
    if (this.#kept) return writeArrays(VALUES, { values: inOrder(this.#kept) });
    const pages = [...this.#pages].sort(([a], [b]) => a - b);
    const bins = new Int32Array(pages.length * BINS);
    pages.forEach(([, own], i) => bins.set(new Int32Array(own.buffer), i * BINS));
    const counts = Float64Array.of(this.#count, this.#zeros);
    return writeArrays(COUNTED, { pages: Int32Array.from(pages, ([page]) => page), bins, counts });
  }

  /**
   * Adds what `state` gave of other numbers: what comes of all of them is the same bits as of one stream.
   *
   * @throws FormatError for what is no such state; ArgumentError where a bin of both would hold 2^32 numbers
   */
  merge(where: string, state: StateArrays): void {
    if (state.values) return this.add(readArrays(where, state, VALUES, 'state').values);
    const { pages, bins, counts } = readArrays(where, state, COUNTED, 'state');
    const [count, zeros] = counts as ArrayLike<number> as [number, number];
    const own = new Uint32Array(bins.buffer, bins.byteOffset, bins.length);
    const sum = own.reduce((all, bin) => all + bin, 0);
    if (sum + zeros !== count) throw new FormatError(where, 'state.counts', `${sum + zeros} numbers in all`, count);
    if (count <= this.exactUpTo) throw new FormatError(where, 'state.counts', `above ${this.exactUpTo}`, count);
    pages.forEach((page, i) => {
      const mine = this.#pages.get(page);
      const full = mine
        ? own.subarray(i * BINS, (i + 1) * BINS).findIndex((bin, at) => bin + mine[at]! >= 2 ** 32)
        : -1;
      if (full >= 0)
        throw new ArgumentError(where, 'other', 'of fewer than 2^32 numbers that are nearly equal', 'more');
    });
    if (this.#kept) this.#countKept();
    this.#count += count;
    this.#zeros += zeros;
    pages.forEach((page, i) => {
      const mine = this.#page(page);
      for (let at = 0; at < BINS; at++) mine[at]! += own[i * BINS + at]!;
    });
  }

  /** The quantile at `share`, with linear interpolation between neighbors as by numpy.percentile. */
  quantile(share: number): number {
    const rank = share * (this.#count - 1);
    const order = this.#kept ? inOrder(this.#kept) : undefined;
    const at = (k: number): number => order?.[k] ?? this.#counted(k);
    const [low, high] = [at(Math.floor(rank)), at(Math.ceil(rank))];
    return low + (rank % 1) * (high - low) + 0; // no -0: JSON has none
  }

  #countKept(): void {
    for (const block of this.#kept!) this.#countIn(block);
    this.#kept = undefined;
  }

  #page(page: number): Uint32Array {
    let bins = this.#pages.get(page);
    if (bins === undefined) this.#pages.set(page, (bins = new Uint32Array(BINS)));
    return bins;
  }

  #countIn(values: Float32Array): void {
    for (const word of new Uint32Array(values.buffer, values.byteOffset, values.length)) {
      if (word << 1 === 0) {
        this.#zeros++;
        continue;
      }
      const page = word >>> 23; // sign and exponent
      this.#page(page)[(word >>> (23 - BITS)) & (BINS - 1)]!++;
    }
  }

  /** About the k-th smallest number, from 0. */
  #counted(k: number): number {
    const pages = [...this.#pages.keys()];
    let left = k;
    for (const page of pages.filter((one) => one >= 256).sort((a, b) => b - a)) {
      const bins = this.#pages.get(page)!;
      for (let bin = BINS - 1; bin >= 0; bin--) if ((left -= bins[bin]!) < 0) return middleOf(page, bin);
    }
    if ((left -= this.#zeros) < 0) return 0;
    for (const page of pages.filter((one) => one < 256).sort((a, b) => a - b)) {
      const bins = this.#pages.get(page)!;
      for (let bin = 0; bin < BINS; bin++) if ((left -= bins[bin]!) < 0) return middleOf(page, bin);
    }
    return NaN;
  }
}

function inOrder(blocks: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(blocks.reduce((length, block) => length + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all.sort();
}

/** The number in the middle of a bin. */
function middleOf(page: number, bin: number): number {
  const half = 2 ** (23 - BITS - 1);
  const word = Uint32Array.of(((page << 23) | (bin << (23 - BITS))) + half);
  return new Float32Array(word.buffer)[0]!;
}
