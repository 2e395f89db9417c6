import { COUNT, FLAG } from '../core/check';
import type { Pause } from '../core/pauses';
import { atOnce, type Steps } from '../core/steps';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import { readOptions, type Declared } from '../core/read-options';
import type { NamedArray } from '../core/saved/safetensors';
import { blockMoments, blockSamples } from './block-moments';
import type { Means } from './class-means';
import { mergeMoments, shifted, type ClassMoments } from './class-moments';
import { ClassSamples } from './class-samples';
import { readClassScatter, writeClassScatter } from './class-scatter-state';
import type { Scatter } from './covariance';
import { pausesOf, type MeasureOptions } from './measure-options';
import { readEmbeddings, type Embeddings } from '../tensors/embeddings';
import { addingNumbers } from '../linalg/add-numbers';
import { mirroring } from '../linalg/mirror';
import { addOuterProducts } from '../linalg/scatter-products';
import { Scratch } from '../linalg/scratch';

/** Options of {@link ClassScatter}. */
export interface ClassScatterOptions {
  /** Keep a scatter for each class (C x D x D numbers), not one for all of them (D x D). Default false. */
  perClass?: boolean;
  /** Rows that go through a GPU at once, default 4096, fewer of wide rows; changes no result beyond 1e-10. */
  blockSize?: number;
}

const OPTIONS = {
  perClass: [FLAG, false],
  blockSize: [COUNT, 4096],
} as const satisfies Declared<ClassScatterOptions>;

/**
 * Class means and scatter matrices of a stream of labeled embeddings, for covariances.
 *
 * Takes blocks as they come, and other stores, in any order. Every block is centered on its own class means and joined
 * to the rest by the formula of Chan, Golub and LeVeque (1979), in float64: nothing is lost far from the origin. O(N
 * D^2), in float64 by wasm; on a GPU by products that are exact to about 1e-10 of the variances; with `perClass` also
 * the sums of ||z||^4 that the Ledoit-Wolf estimate needs (they move from one mean to another only with the scatter of
 * each class), and of a class of fewer rows than D (or 64) the rows themselves until they are asked for.
 *
 * Measured on wasm: time grows as N^0.9 (2,000 to 8,000), D^2.1 (256 to 1,024) and C^0.1 (10 to 90).
 *
 * @example
 * const store = new ClassScatter();
 * await store.add({ data: Float32Array.of(0, 0, 2, 4), shape: [2, 2] }, [7, 7]);
 * store.within().data; // Float64Array [2, 4, 4, 8]
 */
export class ClassScatter {
  readonly perClass: boolean;
  readonly #blockSize: number;
  /** Lent to one block at a time: another that comes meanwhile takes its own. */
  #scratch: Scratch | undefined;
  #size: number | undefined;
  #classes = new Map<number, ClassMoments | ClassSamples>();
  /** Scatter within all classes, upper triangle, where they have none of their own. */
  #within: Float64Array | undefined;

  constructor(options?: ClassScatterOptions) {
    const { perClass, blockSize } = readOptions('ClassScatter', options, OPTIONS);
    this.perClass = perClass;
    this.#blockSize = blockSize;
  }

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
   * @param options `signal` gives it up; the store stays as it was
   * @throws ShapeError for another D than before, or another number of labels
   * @throws ArgumentError for a label below 0 (OoD has no class) or no whole number; NotFiniteError for a NaN or
   *   infinity; the reason of `signal`
   */
  async add(embeddings: Embeddings, labels: ArrayLike<number>, options?: MeasureOptions): Promise<void> {
    return this.addWith(pausesOf('ClassScatter.add', options), embeddings, labels);
  }

  /** The same as {@link add}, as a part of other work. @internal */
  async addWith(pause: Pause, embeddings: Embeddings, labels: ArrayLike<number>): Promise<void> {
    const where = 'ClassScatter.add';
    const owners = checkLabels(where, labels); // as they are now: reading takes a while
    const { data, shape } = await readEmbeddings(where, embeddings);
    const [rows, size] = shape;
    this.#checkSize(where, size);
    if (owners.length !== rows) {
      throw new ShapeError(where, 'labels', `${rows} labels`, owners.length);
    }
    const block = new ClassScatter({ perClass: this.perClass });
    const scratch = this.#scratch ?? new Scratch();
    this.#scratch = undefined;
    try {
      if (this.perClass) {
        block.#classes = await blockSamples(data, size, owners, this.#blockSize, scratch, pause);
      } else {
        const { classes, within } = await blockMoments(data, size, owners, this.#blockSize, scratch, pause);
        block.#classes = classes;
        block.#within = within;
      }
    } finally {
      this.#scratch = scratch;
    }
    block.#size = size;
    await pause();
    this.merge(block);
  }

  /**
   * Adds all that another store has; that one stays as it is. @throws ShapeError for another D; ArgumentError for
   * another `perClass`
   */
  merge(other: ClassScatter): void {
    const where = 'ClassScatter.merge';
    if (!(other instanceof ClassScatter) || other.perClass !== this.perClass) {
      const received: unknown = other instanceof ClassScatter ? other.perClass : other;
      throw new ArgumentError(where, 'other', `a ClassScatter with perClass ${this.perClass}`, received);
    }
    if (other.#size === undefined) return;
    this.#checkSize(where, other.#size);
    const size = (this.#size = other.#size);
    const ways: Float64Array[] = [];
    for (const [label, more] of other.#classes) {
      const own = this.#classes.get(label);
      if (more instanceof ClassSamples) {
        const samples = own instanceof ClassSamples ? own : new ClassSamples(size);
        samples.merge(more);
        this.#classes.set(label, samples);
      } else if (own) ways.push(mergeMoments(own as ClassMoments, more));
      else this.#classes.set(label, { ...more });
    }
    if (this.perClass) return;
    const [before, more] = [this.#within, other.#within];
    const within = (this.#within ??= more?.slice() ?? new Float64Array(size * size));
    if (before && more) atOnce(addingNumbers(within, more, 1));
    const joined = new Float64Array(ways.length * size);
    ways.forEach((way, i) => joined.set(way, i * size));
    addOuterProducts(within, joined, size);
  }

  /** The mean of each class that has samples. @throws ArgumentError where there is none yet */
  means(): Means {
    const [classes, size] = this.#filled('ClassScatter.means');
    const data = new Float64Array(classes.length * size);
    classes.forEach(([, { mean }], c) => data.set(mean, c * size));
    return { labels: Int32Array.from(classes, ([label]) => label), data, shape: [classes.length, size] };
  }

  /** The mean of all rows [D]. @throws ArgumentError where there is none yet */
  mean(): Float64Array {
    const [classes, size] = this.#filled('ClassScatter.mean');
    const count = this.#count();
    const first = classes[0]![1].mean;
    const mean = new Float64Array(size); // about the first class: far from the origin nothing is lost
    for (const [, own] of classes) {
      for (let i = 0; i < size; i++) mean[i]! += ((own.mean[i]! - first[i]!) * own.count) / count;
    }
    return mean.map((value, i) => value + first[i]!);
  }

  /**
   * Scatter of all rows about the mean of their class; divided by N it is the tied covariance. @throws ArgumentError
   * where there is no row
   */
  within(): Scatter {
    return atOnce(this.withinInSteps());
  }

  /** The same as {@link within}, in steps of a few milliseconds for pauses between. @internal */
  *withinInSteps(): Steps<Scatter> {
    const [classes, size] = this.#filled('ClassScatter.within');
    const data = this.#within?.slice() ?? new Float64Array(size * size);
    let fourth = 0;
    for (const [, own] of classes) {
      if (!(own instanceof ClassSamples)) continue;
      yield* own.addScatter(data);
      fourth += (yield* own.own()).fourth;
    }
    yield;
    return yield* this.#scatter(this.#count(), data, fourth);
  }

  /** Scatter of all rows about the mean of all. @throws ArgumentError where there is no row */
  total(): Scatter {
    const { data, shape } = this.within();
    const size = shape[0];
    const mean = this.mean();
    const classes = this.#ascending();
    const between = new Float64Array(classes.length * size);
    let fourth = 0;
    classes.forEach(([, one], c) => {
      const { count, mean: own } = one;
      const way = own.map((value, i) => value - mean[i]!);
      if (one instanceof ClassSamples) fourth += shifted(atOnce(one.own()), count, way).fourth;
      way.forEach((value, i) => (between[c * size + i] = value * Math.sqrt(count)));
    });
    addOuterProducts(data, between, size);
    return atOnce(this.#scatter(this.#count(), data, fourth));
  }

  /**
   * Scatter of the rows of one class about its mean. @throws ArgumentError for a class without rows, or a store that
   * has one for all classes
   */
  ofClass(label: number): Scatter {
    return atOnce(this.ofClassInSteps(label));
  }

  /** The same as {@link ofClass}, in steps of a few milliseconds for pauses between. @internal */
  *ofClassInSteps(label: number): Steps<Scatter> {
    const own = this.#classes.get(label);
    if (own instanceof ClassSamples) {
      const { scatter, fourth } = yield* own.own();
      return yield* this.#scatter(own.count, scatter, fourth);
    }
    const expected = this.perClass ? 'a class that has rows' : 'a class of a store made with perClass: true';
    throw new ArgumentError('ClassScatter.ofClass', 'label', expected, label);
  }

  /** Everything as named arrays, for `encodeSafetensors`. @throws ArgumentError where the store is empty */
  state(): Record<string, NamedArray> {
    const [classes] = this.#filled('ClassScatter.state');
    const moments = classes.map(([label, one]): [number, ClassMoments] => [
      label,
      one instanceof ClassSamples ? one.join() : one,
    ]);
    return writeClassScatter(moments, this.perClass ? undefined : this.#within);
  }

  /** A store from its {@link state}. @throws FormatError where it is no such state; ArgumentError for the options */
  static from(
    state: Readonly<Record<string, NamedArray | undefined>>,
    options?: Pick<ClassScatterOptions, 'blockSize'>,
  ): ClassScatter {
    const where = 'ClassScatter.from';
    const { blockSize } = readOptions(where, options, { blockSize: OPTIONS.blockSize });
    const { perClass, size, classes, within } = readClassScatter(where, state);
    const store = new ClassScatter({ blockSize, perClass });
    store.#size = size;
    for (const [label, { own, ...one }] of classes) {
      store.#classes.set(label, own ? new ClassSamples(size, { ...one, own }) : one);
    }
    store.#within = within;
    return store;
  }

  /** With both triangles. */
  *#scatter(count: number, data: Float64Array, fourth: number): Steps<Scatter> {
    const size = this.#size!;
    yield* mirroring(data, size);
    return { count, data, shape: [size, size], ...(this.perClass && { fourth }) };
  }

  #count(): number {
    let count = 0;
    for (const own of this.#classes.values()) count += own.count;
    return count;
  }

  #filled(where: string): [classes: [number, ClassMoments | ClassSamples][], size: number] {
    const classes = this.#ascending();
    if (this.#size !== undefined && classes.length > 0) return [classes, this.#size];
    throw new ArgumentError(where, 'store', 'one that has samples (add at least one row first)', 'an empty one');
  }

  #checkSize(where: string, size: number): void {
    if (this.#size === undefined || this.#size === size) return;
    throw new ShapeError(where, 'embeddings', `[N, ${this.#size}]`, `[N, ${size}]`);
  }

  #ascending(): [number, ClassMoments | ClassSamples][] {
    return [...this.#classes].sort(([a], [b]) => a - b);
  }
}
