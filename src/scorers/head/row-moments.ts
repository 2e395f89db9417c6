import { FormatError } from '../../core/errors';
import type { Pause } from '../../core/pauses';
import type { NamedArray } from '../../core/saved/safetensors';
import { COUNTS, readArrays, writeArrays, type SavedArrays } from '../../core/saved/saved-arrays';
import { float64Kernel } from '../../linalg/kernels/float64-kernel';
import { negativeSquare } from '../../core/saved/negative-square';
import { secondMoments, type SecondMoments } from '../../linalg/second-moments';
import type { StateArrays } from '../partial/accumulator';

const MOMENTS = {
  center: { dtype: 'F64', shape: ['D'] },
  sum: { dtype: 'F64', shape: ['D'] },
  products: { dtype: 'F64', shape: ['D', 'D'] },
  count: { dtype: 'F64', shape: [1], rule: COUNTS },
} as const satisfies SavedArrays;
const FEW = { rows: { dtype: 'F32', shape: ['N', 'D'] } } as const satisfies SavedArrays;

/**
 * Second moments of a stream of rows; while these are at most half as many as features, the rows themselves, whose own
 * Gram matrix is the smaller one then. Where a call throws, nothing was added.
 */
export class RowMoments {
  readonly #most: number;
  #pieces: Float32Array[] | undefined = [];
  #length = 0;
  readonly sums: SecondMoments;

  constructor(
    readonly size: number,
    blockSize: number,
  ) {
    this.sums = secondMoments(size, blockSize);
    this.#most = float64Kernel() ? Math.floor(size / 2) * size : 0;
  }

  /** All rows, where they are few. */
  get few(): Float32Array | undefined {
    return this.#pieces && this.#joined();
  }

  async add(rows: Float32Array, pause: Pause): Promise<void> {
    if (this.#pieces && this.#length + rows.length <= this.#most) {
      this.#pieces.push(rows.slice()); // a block may be filled anew
      this.#length += rows.length;
      return;
    }
    await this.sums.add(this.#length > 0 ? this.#joined(rows) : rows, pause);
    [this.#pieces, this.#length] = [undefined, 0];
  }

  state(): Record<string, NamedArray> {
    const { few } = this;
    if (few) return writeArrays(FEW, { rows: few }, { D: this.size });
    const { count, ...sums } = this.sums.sums();
    return writeArrays(MOMENTS, { ...sums, count: Float64Array.of(count) });
  }

  /** Adds what `state` gave of others. @throws FormatError */
  async merge(where: string, state: StateArrays, pause: Pause): Promise<void> {
    const sizes: Record<string, number> = { D: this.size };
    if (state.rows) return this.add(readArrays(where, state, FEW, 'state', sizes).rows, pause);
    const { count, ...sums } = readArrays(where, state, MOMENTS, 'state', sizes);
    const { size } = this;
    const under = sums.products.findIndex((value, at) => at % size < Math.floor(at / size) && value !== 0);
    if (under >= 0) {
      const received = `${sums.products[under]} at index ${under}`;
      throw new FormatError(where, 'state.products', 'an upper triangle', received);
    }
    const negative = negativeSquare(sums.products, size, count, sums.center);
    if (negative >= 0) {
      const received = `${sums.products[negative]} at index ${negative}`;
      throw new FormatError(where, 'state.products', 'sums of squares on the diagonal', received);
    }
    if (this.#length > 0) await this.sums.add(this.#joined(), pause);
    [this.#pieces, this.#length] = [undefined, 0];
    this.sums.merge({ ...sums, count: count[0]! });
  }

  #joined(more?: Float32Array): Float32Array {
    const rows = new Float32Array(this.#length + (more?.length ?? 0));
    let at = 0;
    for (const piece of [...(this.#pieces ?? []), ...(more ? [more] : [])]) {
      rows.set(piece, at);
      at += piece.length;
    }
    return rows;
  }
}
