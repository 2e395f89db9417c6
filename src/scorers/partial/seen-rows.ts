import { ArgumentError, FormatError } from '../../core/errors';
import type { Json } from '../../core/saved/json';
import type { NamedArray } from '../../core/saved/safetensors';
import type { StateArrays } from './accumulator';
import { STREAMS } from './id-hash';
import { shownRow } from './naming-shard';
import { readIds, shownId, twice, type GivenIds, type RowId } from './row-ids';
import { RowSample } from './row-sample';
import { mergeSample, sampleState } from './sampled-rows';

/** Ids that are remembered, a uniform sample: rows that come again are found by them, all while they are no more. */
const REMEMBERED = 1024;
const SEED = 1;
/** Rows of a shard are counted in two float32, each exact below this. */
const HALF = 2 ** 20;

/** Shards by name with the rows of each; those without a name under one. */
export interface SavedShards {
  named: readonly (readonly [name: string, rows: number])[];
  unnamed: number;
}

/** Which rows came: how many of each shard, and of a sample of them their ids and places. */
export class SeenRows {
  readonly shards = new Map<string, number>();
  #unnamed = 0;
  /** Of each id the place of its shard (0: without a name, 1: the first of them), and its row. */
  #ids = SeenRows.#sample();

  static #sample(): RowSample {
    return new RowSample(REMEMBERED, SEED, STREAMS.seen);
  }

  /** Rows of this shard so far. */
  rowsOf(shard: string | undefined): number {
    return shard === undefined ? this.#unnamed : (this.shards.get(shard) ?? 0);
  }

  /** The ids of a block, none of which is known from before. @throws ArgumentError, ShapeError */
  read(where: string, given: GivenIds | undefined, count: number | undefined, needs: string | undefined): RowId[] {
    if (given === undefined && needs === undefined) return [];
    if (given === undefined) {
      throw new ArgumentError(where, 'ids', `those of the rows, as ${needs}`, 'none');
    }
    const ids = readIds(where, given, count);
    const at = ids.findIndex((id) => this.#ids.has(id));
    if (at >= 0) throw twice(where, ids[at]!, `at index ${at}, which is ${this.#placeOf(this.#ids, ids[at]!)} too`);
    return ids;
  }

  add(shard: string | undefined, count: number, ids: readonly RowId[]): void {
    const before = this.rowsOf(shard);
    if (shard === undefined) this.#unnamed += count;
    else this.shards.set(shard, before + count);
    const own = shard === undefined ? 0 : 1 + [...this.shards.keys()].indexOf(shard);
    const places = new Float32Array(ids.length * 3);
    ids.forEach((_, i) => places.set([own, Math.floor((before + i) / HALF), (before + i) % HALF], i * 3));
    if (ids.length > 0) this.#ids.add(places, 3, ids);
  }

  /**
   * Checks those of another. @returns what adds them, to be called before anything else is added
   *
   * @throws ArgumentError for a shard or an id that both have, FormatError for damaged ones
   */
  merging(where: string, { named, unnamed }: SavedShards, state: StateArrays): () => void {
    const both = named.find(([name]) => this.shards.has(name));
    if (both) throw new ArgumentError(where, 'other', 'of other shards', `shard ${both[0]} in both`);
    const other = new SeenRows();
    for (const [name, rows] of named) other.shards.set(name, rows);
    mergeSample(where, other.#ids, state);
    const ids = other.#ids.ids();
    const places = other.#ids.rows();
    const isPlace = (value: number, at: number) =>
      Number.isInteger(value) && value >= 0 && (at % 3 > 0 ? value < HALF : value <= named.length);
    if (ids.length > 0 && (other.#ids.size !== 3 || !places.every(isPlace))) {
      throw new FormatError(where, 'tensors.seen.rows', 'places of rows [R, 3]', 'others');
    }
    const again = ids.find((id) => this.#ids.has(id));
    if (again !== undefined) {
      const [mine, theirs] = [this.#placeOf(this.#ids, again), other.#placeOf(other.#ids, again)];
      throw new ArgumentError(
        where,
        'other',
        'of other rows',
        `id ${shownId(again)} of ${theirs}, which is ${mine} too`,
      );
    }
    return () => {
      const further = this.shards.size;
      const moved = places.map((value, at) => (at % 3 > 0 || value === 0 ? value : value + further));
      for (const [name, rows] of named) this.shards.set(name, rows);
      this.#unnamed += unnamed;
      if (ids.length > 0) this.#ids.add(moved, 3, ids);
    };
  }

  saved(): SavedShards & Json {
    return { named: [...this.shards].map(([name, rows]): [string, number] => [name, rows]), unnamed: this.#unnamed };
  }

  state(): Record<string, NamedArray> {
    return sampleState(this.#ids);
  }

  #placeOf(sample: RowSample, id: RowId): string {
    const [shard, high, low] = sample.rowOf(id)!;
    return shownRow(shard === 0 ? undefined : [...this.shards.keys()][shard! - 1], high! * HALF + low!);
  }
}

/** Whether it is what {@link SeenRows.saved} gives. */
export function areShards(value: unknown): value is SavedShards {
  const { named, unnamed } = (value ?? {}) as Partial<SavedShards>;
  const isCount = (rows: unknown) => Number.isSafeInteger(rows) && (rows as number) >= 0;
  const areNamed = (Array.isArray(named) ? (named as unknown[]) : [0]).every(
    (one) => Array.isArray(one) && one.length === 2 && typeof one[0] === 'string' && isCount(one[1]),
  );
  const names = new Set(areNamed ? named!.map(([name]) => name) : []);
  return areNamed && names.size === named!.length && isCount(unnamed) && Object.keys(value as object).length === 2;
}
