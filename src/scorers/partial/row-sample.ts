import { idHash, STREAMS } from './id-hash';
import { compareIds } from './compare-ids';
import type { RowId } from './row-ids';

/** Rows that get room at once, where a block has fewer. */
const ROOM = 1024;

/**
 * A uniform sample of rows [N, D], at most `limit`: those whose ids have the smallest hashes by the seed. So it is the
 * same of every order and split of the rows. Rows without ids are numbered as they come.
 *
 * Rows lie in pieces, the first as large as the first block: of one block there is no second copy. Hashes are made when
 * they decide something.
 */
export class RowSample {
  #size: number | undefined;
  #pieces: { first: number; data: Float32Array }[] = [];
  #room = 0;
  #kept = 0;
  #seen = 0;
  /** Of each place; undefined while the places are the ids. */
  #ids: RowId[] | undefined;
  #isNamed = false;
  #known: Set<RowId> | undefined;
  /** Of each place, where it is known. */
  #hashes: number[] = [];
  /** Places, the largest hash first, as a heap; from when it is full on. */
  #heap: Int32Array | undefined;
  readonly #hash: (id: RowId) => number;

  constructor(
    readonly limit: number,
    seed: number,
    stream: number = STREAMS.sample,
  ) {
    this.#hash = idHash(seed, stream);
  }

  /** D; undefined before the first row. */
  get size(): number | undefined {
    return this.#size;
  }

  /** Whether rows have ids; undefined before the first. */
  get isNamed(): boolean | undefined {
    return this.#seen > 0 ? this.#isNamed : undefined;
  }

  /** Rows that are kept. */
  get count(): number {
    return this.#kept;
  }

  /** Adds rows [., D]; either all have ids, in their one form and none known from before, or none has. */
  add(rows: Float32Array, size: number, ids?: readonly RowId[]): void {
    const count = ids ? ids.length : rows.length / size;
    if (count === 0) return;
    this.#size = size;
    if (ids && this.#seen === 0) [this.#isNamed, this.#ids] = [true, []];
    const fresh = Math.min(count, this.limit - this.#kept);
    for (let at = 0; at < fresh;) {
      if (this.#kept === this.#room) this.#makeRoom(fresh - at);
      const now = Math.min(fresh - at, this.#room - this.#kept);
      this.#put(rows.subarray(at * size, (at + now) * size), this.#kept);
      at += now;
      this.#kept += now;
    }
    for (let row = 0; row < fresh && ids; row++) {
      this.#ids!.push(ids[row]!);
      this.#known?.add(ids[row]!);
    }
    for (let row = fresh; row < count; row++) {
      this.#offer(rows.subarray(row * size, (row + 1) * size), ids ? ids[row]! : this.#seen + row);
    }
    this.#seen += count;
  }

  /** The ids of the rows that are kept, by their hashes; of rows without ids as they came. */
  ids(): RowId[] {
    return Array.from(this.#order(), (place) => this.#idAt(place));
  }

  /** The rows that are kept [., D], in the order of {@link ids}. */
  rows(): Float32Array {
    const size = this.#size ?? 0;
    const order = this.#order();
    const [first] = this.#pieces;
    const isAsItLies = order.every((place, at) => place === at);
    if (isAsItLies && this.#pieces.length === 1 && this.#kept === this.#room && !this.#isNamed) return first!.data;
    const all = new Float32Array(this.#kept * size);
    order.forEach((place, at) => all.set(this.#rowAt(place), at * size));
    return all;
  }

  /** Whether the row of this id is kept; of rows with ids. */
  has(id: RowId): boolean {
    return (this.#known ??= new Set(this.#ids)).has(id);
  }

  /** The row of this id, where it is kept; of rows with ids. */
  rowOf(id: RowId): Float32Array | undefined {
    return this.has(id) ? this.#rowAt(this.#ids!.indexOf(id)) : undefined;
  }

  #makeRoom(needed: number): void {
    const count = Math.min(this.limit - this.#room, this.#pieces.length === 0 ? needed : Math.max(ROOM, needed));
    this.#pieces.push({ first: this.#room, data: new Float32Array(count * this.#size!) });
    this.#room += count;
  }

  #pieceOf(place: number): { first: number; data: Float32Array } {
    let [low, high] = [0, this.#pieces.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#pieces[middle]!.first <= place) low = middle;
      else high = middle - 1;
    }
    return this.#pieces[low]!;
  }

  #put(rows: Float32Array, place: number): void {
    const { first, data } = this.#pieceOf(place);
    data.set(rows, (place - first) * this.#size!);
  }

  #rowAt(place: number): Float32Array {
    const { first, data } = this.#pieceOf(place);
    return data.subarray((place - first) * this.#size!, (place - first + 1) * this.#size!);
  }

  #idAt(place: number): RowId {
    return this.#ids ? this.#ids[place]! : place;
  }

  #hashAt(place: number): number {
    return (this.#hashes[place] ??= this.#hash(this.#idAt(place)));
  }

  /** Which place stands before which. */
  readonly #compare = (a: number, b: number): number =>
    this.#hashAt(a) - this.#hashAt(b) || compareIds(this.#idAt(a), this.#idAt(b));

  #order(): Int32Array {
    const places = Int32Array.from({ length: this.#kept }, (_, place) => place);
    if (this.#isNamed) return places.sort(this.#compare);
    return this.#ids ? places.sort((a, b) => compareIds(this.#idAt(a), this.#idAt(b))) : places;
  }

  /** A row for which one must go, or which is not kept itself. */
  #offer(row: Float32Array, id: RowId): void {
    if (!this.#heap) {
      this.#ids ??= Array.from({ length: this.#kept }, (_, place) => place);
      this.#heap = Int32Array.from({ length: this.#kept }, (_, place) => place).sort((a, b) => this.#compare(b, a));
    }
    const heap = this.#heap;
    const place = heap[0]!;
    const hash = this.#hash(id);
    if ((hash - this.#hashAt(place) || compareIds(id, this.#idAt(place))) > 0) return;
    this.#known?.delete(this.#idAt(place));
    this.#known?.add(id);
    this.#put(row, place);
    [this.#ids![place], this.#hashes[place]] = [id, hash];
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let most = at;
      if (left < heap.length && this.#compare(heap[left]!, heap[most]!) > 0) most = left;
      if (right < heap.length && this.#compare(heap[right]!, heap[most]!) > 0) most = right;
      if (most === at) return;
      [heap[at], heap[most]] = [heap[most]!, heap[at]!];
      at = most;
    }
  }
}
