import { COUNT, SIGNAL, type Rule } from '../../core/check';
import { ArgumentError, NotFiniteError, ShapeError } from '../../core/errors';
import { checkSignal } from '../../core/pauses';
import { tagOf } from '../../core/shown-value';
import { shardOf, type Shard } from '../bytes/shard';
import type { Block, BlockIds, BlockPart, BlocksOptions } from './block';
import { idsOf, joinValues, kindOfValues, labelsOf } from './listed-values';
import type { ListedValues, NumberColumn, ShardColumns, ValueColumn } from './shard-columns';

/** Bytes of a block's numbers, where nobody said how many rows it has. */
const BLOCK_BYTES = 2 ** 22;
const MOST_ROWS = 65_536;
/** No model gives more numbers: it is a damaged file that seems to. */
const WIDEST = 2 ** 22;

const NAMES: Rule = {
  expected: 'a list of names of which no two are the same',
  holds: (value: unknown) =>
    Array.isArray(value) && value.every((name) => typeof name === 'string') && new Set(value).size === value.length,
};

/** How options of all readers are declared. */
export const BLOCKS_OPTIONS = { blockRows: [COUNT], classNames: [NAMES], signal: [SIGNAL] } as const;

/** The shards of a call: one, or a list of them. */
export function shardsOf(where: string, given: unknown): Shard[] {
  const list = Array.isArray(given) ? (given as unknown[]) : [given];
  if (list.length === 0) throw new ArgumentError(where, 'shards', 'a shard, or a list of one at least', 'none');
  if (tagOf(given) === '[object Promise]') throw new ArgumentError(where, 'shards', 'shards (await them)', 'a promise');
  return list.map((one, i) => shardOf(where, Array.isArray(given) ? `shards[${i}]` : 'shards', one));
}

/** What all shards must agree in. */
interface Known {
  widths: Partial<Record<'features' | 'logits', number>>;
  /** Whether ids are text, or numbers of which kind. */
  ids?: string;
}

/** A shard that readers know how to open. */
export interface OpenShard {
  shard: Shard;
  open(): Promise<ShardColumns>;
}

/**
 * The blocks of shards, one after the other: a block has rows of one shard.
 *
 * @throws FormatError, ShapeError, NotFiniteError naming shard, row and column
 */
export async function* blocksOf<P extends BlockPart>(
  shards: Iterable<OpenShard>,
  { blockRows, classNames, signal }: BlocksOptions,
): AsyncGenerator<Block<P>, void, undefined> {
  const names = classNames && new Map(classNames.map((name, i) => [name, i]));
  const known: Known = { widths: {} };
  let place = 0;
  for (const { shard, open } of shards) {
    checkSignal(signal);
    const columns = await open();
    let from = 0;
    for (;;) {
      checkSignal(signal);
      const block = await nextBlock(shard, columns, from, { blockRows, names, known });
      if (!block) break;
      from += block.count;
      yield { ...block.parts, shard: place, from: from - block.count } as unknown as Block<P>;
    }
    place++;
  }
}

interface How {
  blockRows: number | undefined;
  names: ReadonlyMap<string, number> | undefined;
  known: Known;
}

interface Numbers {
  name: 'features' | 'logits';
  column: NumberColumn;
  data: Float32Array;
}

interface Values {
  name: 'labels' | 'ids';
  column: ValueColumn;
  parts: ListedValues[];
}

/** How many rows are ready in all columns. @throws FormatError where some have more rows than others */
async function rowsReady(shard: Shard, columns: readonly (Numbers | Values)[], rows: number): Promise<number> {
  let least = Infinity;
  let most = 0;
  for (const { column } of columns) {
    const ready = await column.ready();
    least = Math.min(least, ready);
    most = Math.max(most, ready);
  }
  if (least === 0 && most > 0) {
    const ended: string[] = [];
    for (const { name, column } of columns) if ((await column.ready()) === 0) ended.push(name);
    throw shard.refuse(
      'a file with as many rows in each column',
      `${rows} rows of ${ended.join(', ')}, and more of others`,
    );
  }
  return least;
}

/** The next rows of a shard; undefined at its end. */
async function nextBlock(shard: Shard, columns: ShardColumns, from: number, how: How) {
  const numbers: Numbers[] = [];
  const values: Values[] = [];
  for (const name of ['features', 'logits'] as const) {
    const column = columns[name];
    if (column) numbers.push({ name, column, data: new Float32Array() });
  }
  for (const name of ['labels', 'ids'] as const) {
    const column = columns[name];
    if (column) values.push({ name, column, parts: [] });
  }
  const all = [...numbers, ...values];
  let ready = await rowsReady(shard, all, from);
  if (ready === 0) return undefined;
  const width = numbers.reduce((sum, { column }) => sum + column.width, 0);
  for (const { name, column } of numbers) checkWidth(shard, name, column.width, how.known);
  const usual = Math.max(1, Math.min(MOST_ROWS, Math.floor(BLOCK_BYTES / 4 / Math.max(1, width))));
  const most = how.blockRows ?? usual;
  let room = Math.min(most, usual);
  for (const one of numbers) one.data = new Float32Array(room * one.column.width);
  let count = 0;
  while (ready > 0 && count < most) {
    if (count === room) {
      room = Math.min(most, 2 * room);
      for (const one of numbers) one.data = withRoom(one.data, room * one.column.width);
    }
    const rows = Math.min(ready, room - count);
    for (const { column, data } of numbers) column.copyTo(data, count * column.width, column.width, rows);
    for (const { column, parts } of values) parts.push(column.take(rows));
    count += rows;
    if (count < most) ready = await rowsReady(shard, all, from + count);
  }
  const parts: Record<string, unknown> = {};
  for (const { name, column, data } of numbers) {
    const own = count === room ? data : data.slice(0, count * column.width);
    checkNumbers(shard, name, own, column.width, from);
    parts[name] = { data: own, shape: [count, column.width] };
  }
  for (const { name, parts: lists } of values) {
    const list = joinValues(shard, name, lists);
    parts[name] = name === 'labels' ? labelsOf(shard, list, from, how.names) : knownIds(shard, list, how.known);
  }
  return { count, parts };
}

function withRoom(data: Float32Array, size: number): Float32Array {
  const larger = new Float32Array(size);
  larger.set(data);
  return larger;
}

function checkWidth(shard: Shard, name: 'features' | 'logits', width: number, { widths }: Known): void {
  if (width > WIDEST) throw shard.refuse(`a file with at most ${WIDEST} numbers in a row of ${name}`, width);
  const first = (widths[name] ??= width);
  if (first === width) return;
  throw new ShapeError(
    shard.where,
    `${name} of ${shard.name}`,
    `[N, ${first}], as in the first shard`,
    `[N, ${width}]`,
  );
}

function checkNumbers(shard: Shard, name: string, data: Float32Array, width: number, from: number): void {
  // A finite number times 0 is 0, and all others are NaN: no branch for each
  let [a, b, i] = [0, 0, 0];
  for (; i + 1 < data.length; i += 2) {
    a += data[i]! * 0;
    b += data[i + 1]! * 0;
  }
  if (a + b + (i < data.length ? data[i]! * 0 : 0) === 0) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  const place = `row ${from + Math.floor(at / width)}, column ${at % width}`;
  const expected = 'finite numbers that float32 holds';
  throw new NotFiniteError(shard.where, `${name} of ${shard.name}`, expected, `${data[at]} at ${place}`);
}

function knownIds(shard: Shard, list: ListedValues, known: Known): BlockIds {
  const kind = kindOfValues(list);
  known.ids ??= kind;
  if (known.ids === kind) return idsOf(shard, list);
  throw shard.refuse(`a file with ids that are ${known.ids}, as in the first shard`, kind);
}
