import { atOnce, type Steps } from '../core/steps';
import { addingNumbers } from '../linalg/add-numbers';
import { addingOuterProducts } from '../linalg/scatter-products';
import { mergeMoments, type ClassMoments, type OwnScatter } from './class-moments';

/** Moments of a class that has its own scatter. */
export type OwnMoments = ClassMoments & { own: OwnScatter };

/** Rows that wait are fewer than this, or D, and at most so many are joined at once where D is less. */
const [LEAST_LIMIT, AT_ONCE] = [64, 512];

/**
 * One class of a store that has a scatter for each: rows as they came while these are fewer than D (or 64), the
 * moments of all others. So few rows are smaller than a scatter [D, D], and are joined to it together.
 */
export class ClassSamples {
  #joined: OwnMoments | undefined;
  /** Room for rows, of which `#waiting` are there. */
  #rows = new Float32Array(0);
  #waiting = 0;
  #mean: Float64Array | undefined;

  constructor(
    readonly size: number,
    moments?: OwnMoments,
  ) {
    this.#joined = moments;
  }

  get count(): number {
    return (this.#joined?.count ?? 0) + this.#waiting;
  }

  /** [D]; not to be changed. */
  get mean(): Float64Array {
    if (this.#mean) return this.#mean;
    const joined = this.#joined;
    if (this.#waiting === 0) return (this.#mean = joined!.mean);
    const mean = meanOfRows(this.#waitingRows(), this.size);
    const share = this.#waiting / this.count;
    return (this.#mean = joined ? joined.mean.map((value, i) => value + (mean[i]! - value) * share) : mean);
  }

  /** Adds rows [., D]; those that wait are a copy. */
  addRows(rows: Float32Array): void {
    if (rows.length === 0) return;
    this.#mean = undefined;
    const size = this.size;
    const limit = Math.max(size, LEAST_LIMIT) * size;
    for (let at = 0; at < rows.length;) {
      const from = this.#waiting * size;
      const take = Math.min(rows.length - at, from === 0 ? Math.max(limit, AT_ONCE * size) : limit - from);
      const part = rows.subarray(at, at + take);
      at += take;
      if (from === 0 && take >= limit) {
        this.#addMoments(atOnce(momentsOfRows(part, size)));
        continue;
      }
      if (from + take > this.#rows.length) {
        const all = new Float32Array(Math.max(from + take, Math.min(2 * this.#rows.length, limit)));
        all.set(this.#waitingRows());
        this.#rows = all;
      }
      this.#rows.set(part, from);
      this.#waiting += take / size;
      if (from + take === limit) this.join();
    }
  }

  /** Joins the rows that wait, as going on from a saved state would. @returns all moments, not to be changed */
  join(): OwnMoments {
    if (this.#waiting > 0) this.#addMoments(atOnce(momentsOfRows(this.#waitingRows(), this.size)));
    [this.#rows, this.#waiting] = [new Float32Array(0), 0];
    return this.#joined!;
  }

  /** Adds all of another, which stays as it is. */
  merge(other: ClassSamples): void {
    this.#mean = undefined;
    if (other.#joined) this.#addMoments(this.#joined ? other.#joined : copyOf(other.#joined));
    this.addRows(other.#waitingRows());
  }

  /** The sums about the mean of all rows; a copy. */
  *own(): Steps<OwnScatter> {
    if (this.#waiting === 0) return copyOf(this.#joined!).own;
    const moments = yield* momentsOfRows(this.#waitingRows(), this.size);
    if (!this.#joined) return moments.own;
    const all = copyOf(this.#joined);
    yield;
    mergeMoments(all, moments);
    return all.own;
  }

  /** Adds the scatter about the mean (upper triangle) to a sum [D, D]. */
  *addScatter(sum: Float64Array): Steps<void> {
    const joined = this.#joined;
    if (joined) yield* addingNumbers(sum, joined.own.scatter, 1);
    if (this.#waiting === 0) return;
    const rows = this.#waitingRows();
    const mean = meanOfRows(rows, this.size);
    yield* addingOuterProducts(sum, centered(rows, mean), this.size);
    if (!joined) return;
    const root = Math.sqrt((joined.count * this.#waiting) / this.count);
    yield* addingOuterProducts(
      sum,
      mean.map((value, i) => (value - joined.mean[i]!) * root),
      this.size,
    );
  }

  #waitingRows(): Float32Array {
    return this.#rows.subarray(0, this.#waiting * this.size);
  }

  #addMoments(moments: OwnMoments): void {
    if (this.#joined) mergeMoments(this.#joined, moments);
    else this.#joined = moments;
  }
}

/** Copies what `mergeMoments` changes in place. */
const copyOf = (moments: OwnMoments): OwnMoments => ({
  ...moments,
  own: { ...moments.own, scatter: moments.own.scatter.slice() },
});

/** About the first row: the sum keeps its digits far from the origin. */
export function meanOfRows(rows: Float32Array, size: number): Float64Array {
  const sum = new Float64Array(size);
  for (let from = 0; from < rows.length; from += size) {
    for (let i = 0; i < size; i++) sum[i]! += rows[from + i]! - rows[i]!;
  }
  const count = rows.length / size;
  return sum.map((value, i) => rows[i]! + value / count);
}

/** Rows less the mean. */
export function centered(
  rows: Float32Array,
  mean: Float64Array,
  into: Float64Array = new Float64Array(rows.length),
): Float64Array {
  const size = mean.length;
  for (let from = 0; from < rows.length; from += size) {
    for (let i = 0; i < size; i++) into[from + i] = rows[from + i]! - mean[i]!;
  }
  return into;
}

/** Adds the sums of ||z||^2 z and ||z||^4 of centered rows. */
export function addHigherMoments(own: OwnScatter, z: Float64Array, size: number): void {
  for (let from = 0; from < z.length; from += size) {
    const square = squareOf(z, from, from + size);
    own.fourth += square * square;
    for (let i = 0; i < size; i++) own.third[i]! += square * z[from + i]!;
  }
}

/** Two sums, because one would wait for itself. */
function squareOf(z: Float64Array, from: number, to: number): number {
  let [square, other] = [0, 0];
  let at = from;
  for (; at + 2 <= to; at += 2) {
    square += z[at]! * z[at]!;
    other += z[at + 1]! * z[at + 1]!;
  }
  if (at < to) square += z[at]! * z[at]!;
  return square + other;
}

function* momentsOfRows(rows: Float32Array, size: number): Steps<OwnMoments> {
  const mean = meanOfRows(rows, size);
  const z = centered(rows, mean);
  const own = { scatter: new Float64Array(size * size), third: new Float64Array(size), fourth: 0 };
  addHigherMoments(own, z, size);
  yield* addingOuterProducts(own.scatter, z, size);
  return { count: rows.length / size, mean, own };
}
