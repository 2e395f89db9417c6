import { ArgumentError } from '../../core/errors';
import type { Scores } from '../../core/scores';
import type { NamedArray } from '../../core/saved/safetensors';
import { readArrays, writeArrays } from '../../core/saved/saved-arrays';
import { checkFloat32Scores } from './float32-scores';

const STATE = { scores: { dtype: 'F32', shape: ['N'], empty: true } } as const;

const [SMALLEST, LARGEST] = [1024, 1 << 20];

/**
 * Collects scores block by block, exactly, for metrics at the end: 4 bytes a score, and what is there is never copied
 * to grow.
 *
 * Scores are kept as float32: a float64 number is rounded to the nearest float32 (of two equally near ones the even
 * one, as `Math.fround` does), so two that differ by less than 6e-8 of their size may become a tie.
 *
 * @example
 * const inside = new ScoreAccumulator();
 * inside.add([0.25, 0.5]);
 * inside.add(Float32Array.of(1));
 * auroc(inside.scores(), [0.75, 2]); // 0.8333
 */
export class ScoreAccumulator {
  /** All but the last are full. */
  readonly #chunks: Float32Array[] = [];
  /** Scores in the last chunk. */
  #filled = 0;
  #count = 0;

  /** Number of scores. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds a block. One that is refused changes nothing.
   *
   * @param scores [N], higher = more out of distribution; none is fine
   * @throws NotFiniteError with the index in this block for NaN, an infinity, or a number past the range of float32;
   *   ArgumentError for what is no array
   */
  add(scores: Scores): void {
    checkFloat32Scores('ScoreAccumulator.add', scores);
    this.#append(scores instanceof Float32Array ? scores : Float32Array.from(scores));
  }

  /** Adds all that another one has, after the own; that one stays as it is. */
  merge(other: ScoreAccumulator): void {
    if (!(other instanceof ScoreAccumulator)) {
      throw new ArgumentError('ScoreAccumulator.merge', 'other', 'a ScoreAccumulator', typeof other);
    }
    // Views made before the first append: the other may be this one.
    for (const part of other.#parts()) this.#append(part);
  }

  /** A copy of all scores in the order in which they came, [count]. */
  scores(): Float32Array {
    const all = new Float32Array(this.#count);
    let place = 0;
    for (const part of this.#parts()) {
      all.set(part, place);
      place += part.length;
    }
    return all;
  }

  /** The scores as a named array, for `encodeSafetensors`. */
  state(): Record<'scores', NamedArray> {
    return writeArrays(STATE, { scores: this.scores() });
  }

  /** An accumulator from its {@link state}. @throws FormatError where it is no such state */
  static from(state: Readonly<Record<string, NamedArray | undefined>>): ScoreAccumulator {
    const accumulator = new ScoreAccumulator();
    accumulator.#append(readArrays('ScoreAccumulator.from', state, STATE, 'state').scores);
    return accumulator;
  }

  #parts(): Float32Array[] {
    const last = this.#chunks.length - 1;
    return this.#chunks.map((chunk, i) => (i === last ? chunk.subarray(0, this.#filled) : chunk));
  }

  #append(scores: Float32Array): void {
    for (let start = 0; start < scores.length;) {
      let chunk = this.#chunks.at(-1);
      if (!chunk || this.#filled === chunk.length) {
        // As much again as there is, within limits: few chunks, and little room left over.
        chunk = new Float32Array(Math.min(LARGEST, Math.max(SMALLEST, this.#count)));
        this.#chunks.push(chunk);
        this.#filled = 0;
      }
      const end = Math.min(scores.length, start + chunk.length - this.#filled);
      chunk.set(scores.subarray(start, end), this.#filled);
      this.#filled += end - start;
      this.#count += end - start;
      start = end;
    }
  }
}
