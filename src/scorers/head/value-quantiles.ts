/** Mantissa bits that a bin keeps; a value is known to half a bin, 2^-18 of itself. */
const BITS = 17;
const BINS = 2 ** BITS;

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
    if (this.#count <= this.exactUpTo) return;
    for (const block of this.#kept) this.#countIn(block);
    this.#kept = undefined;
  }

  /** The quantile at `share`, with linear interpolation between neighbors as by numpy.percentile. */
  quantile(share: number): number {
    const rank = share * (this.#count - 1);
    const order = this.#kept ? inOrder(this.#kept) : undefined;
    const at = (k: number): number => order?.[k] ?? this.#counted(k);
    const [low, high] = [at(Math.floor(rank)), at(Math.ceil(rank))];
    return low + (rank % 1) * (high - low) + 0; // no -0: JSON has none
  }

  #countIn(values: Float32Array): void {
    for (const word of new Uint32Array(values.buffer, values.byteOffset, values.length)) {
      if (word << 1 === 0) {
        this.#zeros++;
        continue;
      }
      const page = word >>> 23; // sign and exponent
      let bins = this.#pages.get(page);
      if (bins === undefined) this.#pages.set(page, (bins = new Uint32Array(BINS)));
      bins[(word >>> (23 - BITS)) & (BINS - 1)]!++;
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
