import { check, SHARE, wholeFrom } from '../../core/check';
import { ArgumentError, ShapeError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import type { Scores } from '../../core/scores';
import type { NamedArray } from '../../core/safetensors';
import { checkFloat32Scores } from './float32-scores';
import { bucketOf, bucketOfBits, edgesOf, LEADING_BITS } from './score-buckets';
import { statePart } from './state-part';

const BITS = wholeFrom(LEADING_BITS + 1, 24);
/** Counters are made this many (2^9) at a time, where the scores are. */
const PAGE_BITS = 9;

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
    const { buckets, counts } = this.#filled();
    const range = Float64Array.from(this.#count === 0 ? [] : [this.#min, this.#max]);
    return {
      bits: { dtype: 'I32', shape: [1], data: Int32Array.of(this.bits) },
      buckets: { dtype: 'I32', shape: [buckets.length], data: buckets },
      counts: { dtype: 'F64', shape: [counts.length], data: counts },
      range: { dtype: 'F64', shape: [range.length], data: range },
    };
  }

  /** A sketch from its {@link state}. @throws ArgumentError or ShapeError where it is no such state */
  static from(state: Readonly<Record<string, NamedArray | undefined>>): ScoreSketch {
    const where = 'ScoreSketch.from';
    const [bits, buckets] = [statePart(where, state, 'bits', 'I32'), statePart(where, state, 'buckets', 'I32')];
    const [counts, range] = [statePart(where, state, 'counts', 'F64'), statePart(where, state, 'range', 'F64')];
    if (bits.length !== 1 || counts.length !== buckets.length || range.length !== (counts.length === 0 ? 0 : 2)) {
      const received = `${bits.length}, ${buckets.length}, ${counts.length} and ${range.length}`;
      throw new ShapeError(where, 'state', 'bits [1], buckets and counts [K], range [2]', received);
    }
    const sketch = new ScoreSketch({ bits: bits[0]! });
    for (let k = 0; k < buckets.length; k++) {
      const [bucket, count] = [buckets[k]!, counts[k]!];
      const fits = bucket > (k === 0 ? -1 : buckets[k - 1]!) && bucket < 2 ** sketch.bits;
      if (!fits || !Number.isSafeInteger(count) || count < 1) {
        const received = `bucket ${bucket} with ${count} scores`;
        throw new ArgumentError(where, 'state', 'ascending buckets with scores', received);
      }
      sketch.#addTo(bucket, count);
    }
    if (sketch.#count === 0) return sketch;
    const [min, max] = [range[0]!, range[1]!];
    const isIn = (score: number, bucket: number) => {
      const [lowest, highest] = edgesOf(bucket, sketch.bits);
      return score >= lowest && score <= highest;
    };
    if (!(min <= max && isIn(min, buckets[0]!) && isIn(max, buckets.at(-1)!))) {
      throw new ArgumentError(where, 'state.range', 'in the first and last bucket', `[${min}, ${max}]`);
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
