import { check, SHARE, wholeFrom } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import type { Scores } from '../../core/scores';
import type { NamedArray } from '../../core/saved/safetensors';
import { COUNTS, firstWrong, readArrays, writeArrays } from '../../core/saved/saved-arrays';
import { checkFloat32Scores } from './float32-scores';
import { bucketOf, bucketOfBits, edgesOf, LEADING_BITS } from './score-buckets';

const BITS = wholeFrom(LEADING_BITS + 1, 24);
/** Counters are made this many (2^9) at a time, where the scores are. */
const PAGE_BITS = 9;

const STATE = {
  bits: { dtype: 'I32', shape: [1], rule: { expected: BITS.expected, wrong: firstWrong(BITS.holds) } },
  buckets: {
    dtype: 'I32',
    shape: ['K'],
    rule: { expected: 'ascending buckets', wrong: firstWrong((bucket, k, all) => bucket > (all[k - 1] ?? -1)) },
    empty: true,
  },
  counts: { dtype: 'F64', shape: ['K'], rule: COUNTS, empty: true },
  range: { dtype: 'F64', shape: [2] },
} as const;

/** Where an order statistic lies, as {@link ScoreSketch} knows it. */
export interface SketchQuantile {
  /** The order statistic is at least this. */
  lower: number;
  /** And at most this: as a threshold it keeps at least the share that was asked for. */
  upper: number;
  /** Share of the scores that are at most `upper`, exactly. */
  share: number;
}

/** The buckets of a {@link ScoreSketch} that have scores, ascending, [K]. */
export interface SketchBuckets {
  /** Smallest number that a bucket takes. */
  lowest: Float64Array;
  /** Largest number that it takes; the next bucket begins above. */
  highest: Float64Array;
  counts: Float64Array;
}

/**
 * Counts scores in fixed buckets, for streams that do not end: the memory is bounded, and so is every error.
 *
 * A bucket holds the numbers that agree in the first `bits` bits of a float32: sign, exponent and bits - 9 bits of
 * mantissa, so it is 2^-(bits - 9) of its numbers wide. It needs no range in advance, blocks and sketches merge exactly
 * in any order, and nothing is random. At most 2^bits counters of 8 bytes, made 512 at a time where scores are: with 20
 * bits 16 KiB for each factor of 2 that the scores span, 8 MiB at the very most.
 *
 * {@link sketchMetrics} gives metrics with guaranteed bounds, {@link rankSketches} what every metric takes for two
 * lists.
 *
 * @example
 * const sketch = new ScoreSketch();
 * sketch.add([1, 2, 3, 4]);
 * sketch.quantile(0.5); // { lower: 2, upper: 2.0009..., share: 0.5 }
 */
export class ScoreSketch {
  /** Leading bits of a float32 that name a bucket. */
  readonly bits: number;
  readonly #pages: (Float64Array | undefined)[];
  #count = 0;
  #min = Infinity;
  #max = -Infinity;

  /**
   * @param options `bits`: 10 to 24, 20 by default; one more halves the width of the buckets
   * @throws ArgumentError for any other number of bits
   */
  constructor(options?: { bits?: number }) {
    const { bits } = readOptions('ScoreSketch', options, { bits: [BITS, 20] });
    this.bits = bits;
    this.#pages = new Array<undefined>(2 ** (bits - PAGE_BITS)).fill(undefined);
  }

  /** Number of scores. */
  get count(): number {
    return this.#count;
  }

  /** Smallest score, exactly; undefined where there is none. */
  get min(): number | undefined {
    return this.#count === 0 ? undefined : this.#min;
  }

  /** Largest score, exactly; undefined where there is none. */
  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#max;
  }

  /**
   * Adds a block. One that is refused changes nothing.
   *
   * @param scores [N], higher = more out of distribution; none is fine
   * @throws NotFiniteError with the index in this block for NaN, an infinity, or a number past the range of float32;
   *   ArgumentError for what is no array
   */
  add(scores: Scores): void {
    checkFloat32Scores('ScoreSketch.add', scores);
    const { bits } = this;
    const patterns =
      scores instanceof Float32Array ? new Int32Array(scores.buffer, scores.byteOffset, scores.length) : undefined;
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i]! + 0; // -0 is 0, so that no order can show in the range
      if (score < this.#min) this.#min = score;
      if (score > this.#max) this.#max = score;
      this.#addTo(patterns ? bucketOfBits(patterns[i]!, bits) : bucketOf(score, bits), 1);
    }
  }

  /** Adds all that another sketch counted; that one stays as it is. @throws ArgumentError for one with other bits */
  merge(other: ScoreSketch): void {
    const [where, what] = ['ScoreSketch.merge', 'other'];
    if (!(other instanceof ScoreSketch) || other.bits !== this.bits) {
      const received = other instanceof ScoreSketch ? `one of ${other.bits} bits` : typeof other;
      throw new ArgumentError(where, what, `a ScoreSketch of ${this.bits} bits`, received);
    }
    const { buckets, counts } = other.#filled();
    buckets.forEach((bucket, k) => this.#addTo(bucket, counts[k]!));
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** The buckets that have scores, ascending: a histogram. */
  buckets(): SketchBuckets {
    const { buckets, counts } = this.#filled();
    const edges = Array.from(buckets, (bucket) => edgesOf(bucket, this.bits));
    return {
      lowest: Float64Array.from(edges, ([lowest]) => lowest),
      highest: Float64Array.from(edges, ([, highest]) => highest),
      counts,
    };
  }

  /**
   * Where the ceil(q N)-th smallest score lies: the threshold that keeps a share `q`.
   *
   * The width of the answer is at most 2^-(bits - 9) of the number (from 1.2e-38 on; below, 1.2e-38 times that).
   *
   * @param q share in (0, 1)
   * @throws ArgumentError for a share outside (0, 1), or where there is no score
   */
  quantile(q: number): SketchQuantile {
    const where = 'ScoreSketch.quantile';
    check(where, 'q', q, SHARE);
    if (this.#count === 0) {
      throw new ArgumentError(where, 'sketch', 'one that has scores', 'an empty one');
    }
    const rank = Math.max(1, Math.ceil(q * this.#count - 1e-9)); // as thresholdAtTpr
    const { buckets, counts } = this.#filled();
    let [k, atOrBelow] = [0, counts[0]!];
    while (atOrBelow < rank) atOrBelow += counts[++k]!;
    const [lowest, highest] = edgesOf(buckets[k]!, this.bits);
    return {
      lower: Math.max(lowest, this.#min),
      upper: Math.min(highest, this.#max),
      share: atOrBelow / this.#count,
    };
  }

  /** Counts and range as named arrays, for `encodeSafetensors`: at most 12 bytes for each bucket that has scores. */
  state(): Record<'bits' | 'buckets' | 'counts' | 'range', NamedArray> {
    const range = this.#count === 0 ? Float64Array.of(0, 0) : Float64Array.of(this.#min, this.#max);
    return writeArrays(STATE, { bits: Int32Array.of(this.bits), ...this.#filled(), range });
  }

  /** A sketch from its {@link state}. @throws FormatError where it is no such state */
  static from(state: Readonly<Record<string, NamedArray | undefined>>): ScoreSketch {
    const where = 'ScoreSketch.from';
    const { bits, buckets, counts, range } = readArrays(where, state, STATE, 'state');
    const sketch = new ScoreSketch({ bits: bits[0]! });
    const [first, last] = [buckets[0], buckets.at(-1)];
    if (first === undefined || last === undefined) return sketch;
    if (last >= 2 ** sketch.bits) throw new FormatError(where, 'state.buckets', `below 2^${sketch.bits}`, last);
    buckets.forEach((bucket, k) => sketch.#addTo(bucket, counts[k]!));
    const isIn = (score: number, bucket: number) => {
      const [lowest, highest] = edgesOf(bucket, sketch.bits);
      return score >= lowest && score <= highest;
    };
    const [min, max] = [range[0]!, range[1]!];
    if (!(min <= max && isIn(min, first) && isIn(max, last))) {
      throw new FormatError(where, 'state.range', 'in the first and last bucket', `[${min}, ${max}]`);
    }
    [sketch.#min, sketch.#max] = [min, max];
    return sketch;
  }

  #addTo(bucket: number, count: number): void {
    const page = (this.#pages[bucket >>> PAGE_BITS] ??= new Float64Array(2 ** PAGE_BITS));
    page[bucket & (2 ** PAGE_BITS - 1)]! += count;
    this.#count += count;
  }

  #filled(): { buckets: Int32Array; counts: Float64Array } {
    const [buckets, counts]: [number[], number[]] = [[], []];
    this.#pages.forEach((page, p) =>
      page?.forEach((count, i) => {
        if (count === 0) return;
        buckets.push(p * 2 ** PAGE_BITS + i);
        counts.push(count);
      }),
    );
    return { buckets: Int32Array.from(buckets), counts: Float64Array.from(counts) };
  }
}
