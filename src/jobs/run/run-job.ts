import { ArgumentError, FormatError } from '../../core/errors';
import { parseJson } from '../../core/saved/json';
import type { ColumnBlocksOptions } from '../../blocks/stream/block';
import { asJobError, HopelessError, WaitForParts } from '../queue/job-errors';
import type { QueueJob } from '../queue/queue-job';
import { shardBlocks, type ShardSource } from '../shards/open-shard';
import { partKey, runPart, summaryKey, type PartWork, type Phase } from '../tree/run-part';
import type { FailedShards, PartResult, PartSummary } from '../tree/part-result';
import { isPlaceOf } from '../tree/places';
import { checkShardsData, checkSize, isPart, partOwner, readPart, type ShardsData } from './job-data';
import { beginRun, planReader, type OpenPlan } from './run-plan';
import type { WorkerOptions } from './worker-options';

/** What a run came to, however it was made. */
export interface RunSummary {
  run: string;
  /** Shards of the run, rows that were read, and shards that were left out. */
  shards: number;
  rows: number;
  failed: FailedShards;
}

/** What is done with the shards of a run, one phase after the other. */
export interface RunKind<Task, Summary extends RunSummary> {
  where: string;
  /** Reads the data of a run's job: what is common to all runs, and its task. */
  read(data: unknown): Promise<{ data: ShardsData; task: Task }>;
  phases: readonly string[];
  phase(name: string, context: RunContext<Task>): Phase;
  /** Does the run, phase by phase, and puts what comes of it under keys that begin with its name. */
  whole(context: RunContext<Task>, partOf: (phase: string) => Promise<PartResult>): Promise<Summary>;
}

/** What a phase needs to know. */
export interface RunContext<Task> {
  opened: OpenPlan<Task>;
  /** The run's very job: one that is added anew has another. */
  of: string;
  /** Blocks of a shard of the run. */
  blocksOf(name: string): ReturnType<typeof shardBlocks>;
  signal: AbortSignal | undefined;
}

/** A function that does the jobs of a kind: the run's own, and those of its parts. */
export function jobsOf<Task, Summary extends RunSummary>(
  kind: RunKind<Task, Summary>,
  options: Required<WorkerOptions>,
): (job: QueueJob, token?: string, signal?: AbortSignal) => Promise<Summary | PartSummary> {
  const { where } = kind;
  const { queue, store, roots, attempts, fanOut, maxDataBytes } = options;
  const planOf = planReader(where, store);
  const folderOf = (root: string): string => {
    if (Object.hasOwn(roots, root)) return roots[root]!;
    throw new ArgumentError(where, 'job.data.root', `one of ${Object.keys(roots).join(', ')}`, root);
  };

  function contextOf(opened: OpenPlan<Task>, of: string, signal: AbortSignal | undefined): RunContext<Task> {
    const { root, columns, classNames, blockRows } = opened.plan;
    const given = { columns, classNames, blockRows, signal };
    const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const source: Omit<ShardSource, 'name'> = {
      where,
      folder: folderOf(root),
      options: own as unknown as ColumnBlocksOptions,
    };
    return { opened, of, signal, blocksOf: (name) => shardBlocks({ ...source, name }) };
  }

  async function ofPart(work: Pick<PartWork, 'job' | 'token'>, signal: AbortSignal | undefined): Promise<PartSummary> {
    const { plan, run, phase, of, from, to } = readPart(where, work.job.data, kind.phases);
    const opened = (await planOf(run, plan)) as OpenPlan<Task>;
    if (!isPlaceOf({ from, to }, opened.plan.shards, opened.plan.fanOut)) {
      throw new ArgumentError(where, 'job.data', 'a place in the tree of its run', `shards ${from} to ${to}`);
    }
    const own = kind.phase(phase, contextOf(opened, of, signal));
    return (await runPart({ where, ...work, of, opened, store, queue, attempts }, own, { from, to })).summary;
  }

  async function summaryOf(run: string): Promise<Summary | undefined> {
    const key = summaryKey(run);
    const over = await store.get(key);
    if (!over) return undefined;
    try {
      return parseJson(new TextDecoder().decode(over)) as Summary;
    } catch (error) {
      throw new FormatError(where, key, 'the summary of a run that is over', (error as Error).message);
    }
  }

  async function ofRun(work: Pick<PartWork, 'job' | 'token'>, signal: AbortSignal | undefined): Promise<Summary> {
    const { job } = work;
    const { data, task } = await kind.read(job.data);
    checkShardsData(where, data);
    const opened = await beginRun(where, store, folderOf(data.root), data, { fanOut, task });
    const { run, shards, failedShards } = opened.plan;
    const over = await summaryOf(run);
    if (over) return over;
    // Of this very job: one of this id that failed and was removed may have left parts in the queue
    const of = partOwner(job.id!, job.timestamp);
    const context = contextOf(opened, of, signal);
    const partOf = async (name: string): Promise<PartResult> => {
      await job.updateProgress({ run, phase: name, shards });
      const phase = kind.phase(name, context);
      const whole = { from: 0, to: shards };
      const part = await runPart({ where, ...work, of, opened, store, queue, attempts }, phase, whole);
      checkFailed(part.summary.failed, shards, failedShards);
      return part;
    };
    let summary: Summary;
    try {
      summary = await kind.whole(context, partOf);
    } catch (error) {
      // The same run of another job took the parts of this one, and is over
      const other = error instanceof WaitForParts ? undefined : await summaryOf(run);
      if (!other) throw error;
      return other;
    }
    await store.put(summaryKey(run), new TextEncoder().encode(JSON.stringify(summary)));
    for (const phase of kind.phases) await store.delete?.(partKey(run, phase, { from: 0, to: shards }));
    await store.deleteAll?.(`${run}/parts/`);
    return summary;
  }

  /** @throws HopelessError where shards failed, and the run does not do without them */
  function checkFailed({ count, first }: FailedShards, shards: number, how: 'refuse' | 'leave-out'): void {
    if (count === 0 || (how === 'leave-out' && count < shards)) return;
    const named = first.map(({ error }) => error).join('; ');
    const more = count > first.length ? `; and ${count - first.length} more` : '';
    throw new HopelessError(`${where}: ${count} of ${shards} shards failed: ${named}${more}`);
  }

  return async (job, token, signal) => {
    try {
      checkSize(where, job.data, maxDataBytes);
      if (typeof token !== 'string' || job.id === undefined) {
        throw new ArgumentError(where, 'token', 'that of a job which a Worker of bullmq has taken', token);
      }
      const work = { job, token };
      return await (isPart(job.data) ? ofPart(work, signal) : ofRun(work, signal));
    } catch (error) {
      throw asJobError(error);
    }
  };
}
