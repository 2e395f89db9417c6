import { createHash } from 'node:crypto';
import { ArgumentError, FormatError } from '../../core/errors';
import { parseJson } from '../../core/saved/json';
import { readRegularFile } from '../../node/read-regular-file';
import { PLAIN_NAME, placeWithin } from '../shards/place-within';
import type { JobStore } from '../stores/job-store';
import type { ShardsData } from './job-data';

/** Bytes of a list of shards: ten million names of 25 letters. */
const MOST_LIST_BYTES = 2 ** 28;
/** A plan is hardly longer than the data of a job. */
const MOST_PLAN_BYTES = 2 ** 22;

/** What all jobs of a run agree in; it lies in the store, and each of them has its digest. */
export interface Plan<Task = unknown> {
  /** `fitJob` or `scoreJob` */
  by: string;
  run: string;
  root: string;
  /** How many shards, and the digest of their list. */
  shards: number;
  list: string;
  columns: ShardsData['columns'];
  classNames?: readonly string[];
  blockRows?: number;
  failedShards: 'refuse' | 'leave-out';
  fanOut: number;
  /** What is done with them. */
  task: Task;
}

/** A plan with the names of its shards. */
export interface OpenPlan<Task = unknown> {
  plan: Plan<Task>;
  digest: string;
  names: readonly string[];
}

const digestOf = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const planKey = (run: string) => `${run}/plan.json`;
const listKey = (run: string) => `${run}/shards.txt`;

/** By their names: in which order a job's data have them says nothing. */
const inOrder = <T extends object>(columns: T): T =>
  Object.fromEntries(Object.entries(columns).sort(([a], [b]) => (a < b ? -1 : 1))) as T;

/** The names of shards that a text has, a line each. @throws FormatError */
function namesIn(where: string, file: string, text: string): string[] {
  const names = text.split(/\r?\n/).filter((line) => line !== '');
  const refuse = (received: unknown) =>
    new FormatError(where, file, 'a text that names shards, a line each, none twice, without .. and \\', received);
  if (names.length === 0) throw refuse('no name');
  const wrong = names.findIndex((name) => !PLAIN_NAME.holds(name as unknown as number));
  if (wrong >= 0) throw refuse(`${JSON.stringify(names[wrong]!.slice(0, 80))} as name ${wrong}`);
  if (new Set(names).size < names.length) throw refuse('a name twice');
  return names;
}

/** The names of the shards of a run as its job's data have them. @throws ArgumentError, FormatError */
async function namesOf(where: string, folder: string, { shards, list }: ShardsData): Promise<readonly string[]> {
  if (shards) return shards;
  const file = await placeWithin(where, 'job.data.list', folder, list!);
  const bytes = await readRegularFile(file, MOST_LIST_BYTES).catch((error: Error) => {
    throw new FormatError(where, list!, 'a file that names shards', error.message);
  });
  return namesIn(where, list!, new TextDecoder().decode(bytes)); // without the mark that editors write first
}

/**
 * Begins a run, or goes on with it: its plan and the list of its shards are in the store then.
 *
 * @throws ArgumentError where a run of this name was begun with other shards or settings
 */
export async function beginRun<Task>(
  where: string,
  store: JobStore,
  folder: string,
  data: ShardsData,
  { fanOut, task }: { fanOut: number; task: Task },
): Promise<OpenPlan<Task>> {
  const { run, root, columns, classNames, blockRows, failedShards = 'refuse' } = data;
  const names = await namesOf(where, folder, data);
  const list = new TextEncoder().encode(`${names.join('\n')}\n`);
  const plan: Plan<Task> = {
    by: where,
    run,
    root,
    shards: names.length,
    list: digestOf(list),
    columns: inOrder(columns),
    ...(classNames && { classNames }),
    ...(blockRows !== undefined && { blockRows }),
    failedShards,
    fanOut,
    task,
  };
  const text = JSON.stringify(plan);
  const digest = digestOf(text);
  const begun = await store.get(planKey(run));
  if (begun && digestOf(begun) !== digest) {
    const expected = 'the name of a new run, or of one with the same shards and settings';
    throw new ArgumentError(where, 'job.data.run', expected, `${run}, which was begun with others`);
  }
  if (!begun) {
    await store.put(listKey(run), list); // before the plan that speaks of it
    await store.put(planKey(run), new TextEncoder().encode(text));
  }
  return { plan, digest, names };
}

/** The plan of a run that was begun, and the names of its shards. @throws FormatError where it is not that one */
async function openPlan(where: string, store: JobStore, run: string, digest: string): Promise<OpenPlan> {
  const refuse = (file: string, expected: string, received: unknown) =>
    new FormatError(where, file, expected, received);
  const bytes = await store.get(planKey(run));
  if (!bytes || bytes.length > MOST_PLAN_BYTES || digestOf(bytes) !== digest) {
    throw refuse(planKey(run), 'the plan that the job was made for', bytes ? 'another one' : 'none');
  }
  const plan = parseJson(new TextDecoder().decode(bytes)) as Plan;
  if (plan.by !== where) throw new ArgumentError(where, 'job.data.run', `a run of ${where}`, `one of ${plan.by}`);
  const list = await store.get(listKey(run));
  if (!list || digestOf(list) !== plan.list) {
    throw refuse(listKey(run), 'the list of shards that the run was begun with', list ? 'another one' : 'none');
  }
  return { plan, digest, names: namesIn(where, listKey(run), new TextDecoder().decode(list)) };
}

/** So many runs a worker remembers. */
const MOST_KEPT = 2;

/** Plans of runs, of which the last ones are remembered: a list may have a million names. */
export function planReader(where: string, store: JobStore): (run: string, digest: string) => Promise<OpenPlan> {
  const kept = new Map<string, Promise<OpenPlan>>();
  return (run, digest) => {
    const key = `${run} ${digest}`;
    const opened = kept.get(key) ?? openPlan(where, store, run, digest);
    kept.delete(key); // and back in as the latest
    kept.set(key, opened);
    opened.catch(() => kept.delete(key));
    for (const [oldest] of kept) if (kept.size > MOST_KEPT) kept.delete(oldest);
    return opened;
  };
}
