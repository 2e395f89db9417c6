import { createHash } from 'node:crypto';
import { COUNT, INDEX, oneOf, textOf, type Rule } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { isRecord } from '../../core/saved/json';
import { readFields, shownJson, type SavedFields } from '../../core/saved/read-saved';
import type { BlockColumns } from '../../blocks/stream/block';
import { checkBlockColumns } from '../../blocks/stream/read-columns';
import { PLAIN_NAME, RUN_NAME } from '../shards/place-within';

/** The most shards that are named in a job's data; more stand in a list. */
const MOST_NAMED = 1000;

/** What a job of a run is about: where its rows lie. */
export interface ShardsData {
  /** What the run is called, and where its results lie in the store; a run of this name that was begun goes on. */
  run: string;
  /** Which of the worker's `roots` the shards lie in. */
  root: string;
  /** Names of the shards below the root: `.parquet`, `.arrow`, `.feather`, `.npz`, `.safetensors` or `.csv`. */
  shards?: readonly string[];
  /** In place of `shards`: a text file below the root that names them, a line each. */
  list?: string;
  /** Which column is which part, by names. */
  columns: Omit<BlockColumns, 'features' | 'logits'> & Partial<Record<'features' | 'logits', string | string[]>>;
  /** The names that labels are, in the order of the model's outputs. */
  classNames?: readonly string[];
  /** Rows of a block. */
  blockRows?: number;
  /** What a shard that can't be read does: `'refuse'`, the run fails (default); `'leave-out'`, it is left out. */
  failedShards?: 'refuse' | 'leave-out';
}

/** The data of a job that does a part of a run; the run's job makes it. */
export interface PartData {
  run: string;
  /** SHA-256 of the run's plan: a part is of this very run, or fails. */
  plan: string;
  /** The id of the run's job. */
  of: string;
  phase: string;
  from: number;
  to: number;
}

const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === 'string') && new Set(value).size === value.length;

const SHARDS: Rule = {
  expected: `a list of 1 to ${MOST_NAMED} names of files, none twice, without .. and \\`,
  holds: (value: unknown) =>
    isNames(value) &&
    (value as []).length > 0 &&
    (value as []).length <= MOST_NAMED &&
    (value as []).every(PLAIN_NAME.holds),
};
const CLASS_NAMES: Rule = { expected: 'a list of names of which no two are the same', holds: isNames };
const COLUMN_NAMES: Rule = { expected: 'an object that names columns', holds: isRecord };
const DIGEST = textOf('a SHA-256 in hexadecimal digits', /^[0-9a-f]{64}$/);
const JOB_ID = textOf('the id of a job', /^[\w.:-]{1,200}$/);
/** What the parts of a run's job are called by: its id, or a digest where letters of it may be in no id of parts. */
export function partOwner(id: string, added: number): string {
  const plain = `${id}.${added.toString(36)}`;
  return JOB_ID.holds(plain as unknown as number) ? plain : createHash('sha256').update(plain).digest('hex');
}

const PHASE = textOf('a phase', /^[a-z]{1,20}$/);

/** How the data of every run are declared. */
export const SHARDS_DATA = {
  run: [RUN_NAME],
  root: [PLAIN_NAME],
  shards: [SHARDS, undefined],
  list: [PLAIN_NAME, undefined],
  columns: [COLUMN_NAMES],
  classNames: [CLASS_NAMES, undefined],
  blockRows: [COUNT, undefined],
  failedShards: [oneOf('refuse', 'leave-out'), 'refuse'],
} as const;

/** What errors call the data of a job. */
const DATA = 'job.data';

/** The data of a job as JSON, of which there is not too much. @throws ArgumentError */
export function checkSize(where: string, data: unknown, mostBytes: number): void {
  const bytes = Buffer.byteLength(JSON.stringify(data ?? null));
  if (bytes > mostBytes) throw new ArgumentError(where, DATA, `at most ${mostBytes} bytes of JSON`, `${bytes}`);
}

/** The data of a job by their declaration, none besides. @throws ArgumentError naming the field, as `job.data.run` */
export function readData<O extends object>(
  where: string,
  data: unknown,
  declared: SavedFields<O>,
  ...within: readonly string[]
): O {
  return readFields<O>(
    (path, expected, received) => {
      throw new ArgumentError(where, [DATA, ...path].join('.'), expected, received);
    },
    data,
    declared,
    within,
  );
}

/** Throws for shards and columns that don't say which. */
export function checkShardsData(where: string, { shards, list, columns }: ShardsData): void {
  if ((shards === undefined) === (list === undefined)) {
    throw new ArgumentError(where, DATA, 'with shards, or with a list of them', shards ? 'both' : 'neither');
  }
  checkBlockColumns(where, columns);
}

/** Whether the data are of a part of a run. */
export const isPart = (data: unknown): boolean => isRecord(data) && 'plan' in data;

/** The data of a part. @throws ArgumentError */
export function readPart(where: string, data: unknown, phases: readonly string[]): PartData {
  const part = readData<PartData>(where, data, {
    run: [RUN_NAME],
    plan: [DIGEST],
    of: [JOB_ID],
    phase: [PHASE],
    from: [INDEX],
    to: [COUNT],
  });
  if (phases.includes(part.phase)) return part;
  throw new ArgumentError(where, `${DATA}.phase`, `one of ${phases.join(', ')}`, shownJson(part.phase));
}
