import { RunCursor } from './run-cursor';

/** Levels of a page: their bytes, and how large one can be. */
export interface Levels {
  bytes: Uint8Array;
  most: number;
}

const bitsOf = (most: number): number => 32 - Math.clz32(most);

/** The place of the first of `count` definition levels that is below the largest: a null, or an empty list. */
export function firstNull({ bytes, most }: Levels, count: number): number | undefined {
  if (most === 0) return undefined;
  const width = bitsOf(most);
  const runs = new RunCursor(bytes, width);
  const pattern = width === 1 ? 0xff : 0x55 * most;
  for (let at = 0; at < count;) {
    if (width <= 2) {
      const skipped = runs.skipPattern(pattern, count - at);
      at += skipped;
      if (skipped > 0) continue;
    }
    const run = runs.next(count - at);
    if (run.value !== most) return at;
    at += run.count;
  }
  return undefined;
}

/** How many rows begin before a place. */
export function rowsBefore(levels: Levels, place: number): number {
  if (levels.most === 0) return place;
  const runs = new RunCursor(levels.bytes, bitsOf(levels.most));
  let rows = 0;
  for (let at = 0; at < place;) {
    const run = runs.next(place - at);
    if (run.value === 0) rows += run.count;
    at += run.count;
  }
  return rows;
}

/** Lists that come page by page, of which all have one length. */
export class ListLengths {
  /** Length of a list, once one has ended. */
  width: number | undefined;
  /** Whole lists so far. */
  rows = 0;
  /** Values of a list that goes on. */
  open = 0;

  /** What a list is that is not as long as the others. */
  #wrong(length: string): never {
    throw new LengthError(this.width!, length, this.rows);
  }

  /** Ends the list that is open. */
  #end(): void {
    if (this.open === 0) return;
    this.width ??= this.open;
    if (this.open !== this.width) this.#wrong(String(this.open));
    this.rows++;
    this.open = 0;
  }

  /** Takes the repetition levels of a page's values: 0 begins a list, 1 goes on with it. */
  add({ bytes }: Levels, count: number): void {
    const runs = new RunCursor(bytes, 1);
    for (let at = 0; at < count;) {
      const skipped = runs.skipPattern(0xff, count - at);
      const run = skipped > 0 ? { value: 1, count: skipped } : runs.next(count - at);
      at += run.count;
      if (run.value === 1) {
        if (this.open === 0) throw new Error('a list that goes on before it begins');
        this.open += run.count;
        if (this.width !== undefined && this.open > this.width) this.#wrong(`more than ${this.width}`);
        continue;
      }
      this.#end();
      this.open = 1;
      if (run.count === 1) continue;
      // Lists of one number; a few bytes can stand for very many
      this.#end();
      if (this.width !== 1) this.#wrong('1');
      this.rows += run.count - 2;
      this.open = 1;
    }
  }

  /** The last page of a chunk is over: a list ends there. */
  finish(): void {
    this.#end();
  }
}

/** A list that is not as long as those before. */
export class LengthError extends Error {
  constructor(
    readonly width: number,
    readonly length: string,
    readonly row: number,
  ) {
    super(`a list of ${length} at row ${row}`);
  }
}
