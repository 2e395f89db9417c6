import type { AddedJob, JobQueue, QueueJob } from '../queue/queue-job';
import { asJobError, HopelessError, WaitForParts } from '../queue/job-errors';
import type { OpenPlan } from '../run/run-plan';
import type { PartData } from '../run/job-data';
import type { JobStore } from '../stores/job-store';
import {
  decodePart,
  encodePart,
  joinFailed,
  NONE_FAILED,
  oneFailed,
  readSummary,
  sumCounts,
  type PartResult,
  type PartSummary,
} from './part-result';
import { placesBelow, type TreePlace } from './places';

/** What a phase makes of a shard, and of what was made of several. */
export interface Phase {
  name: string;
  /** Reads a shard. */
  ofShard(name: string): Promise<{ rows: number; counts?: Record<string, number>; bytes: Uint8Array }>;
  /**
   * Of several parts one, in this order; the bytes of a part are there when it is asked for. Left out where nothing but
   * counts is left of a shard: those the queue hands on, and a single shard needs no file of its own.
   */
  merge?(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array>;
}

/** A job that does a part of a run. */
export interface PartWork {
  where: string;
  job: QueueJob;
  token: string;
  /** The id of the run's job. */
  of: string;
  opened: OpenPlan;
  store: JobStore;
  queue: JobQueue;
  /** How often a part is tried. */
  attempts: number;
}

const partsKey = (run: string) => `${run}/parts/`;
export const partKey = (run: string, phase: string, { from, to }: TreePlace) =>
  `${partsKey(run)}${phase}/${from}-${to}`;
/** What says that a run is over. */
export const summaryKey = (run: string) => `${run}/summary.json`;

/** Before a failed part is tried again; twice as long each time. */
const FIRST_PAUSE_MS = 1000;
/** So many failed jobs the queue keeps, to be looked at. */
const MOST_FAILED_JOBS = 1000;

/**
 * Does a part of a run: of one shard what the phase makes of it, of more what the parts below made. Those are added
 * to the queue, the last one first, and taken before all that wait: so the queue holds no more than a path of the
 * tree for each worker.
 *
 * A part that lies in the store is done; nobody does it again.
 *
 * @throws WaitForParts where the job waits for parts below
 */
export async function runPart(work: PartWork, phase: Phase, place: TreePlace): Promise<PartResult> {
  const { opened, store } = work;
  const { run, fanOut, failedShards } = opened.plan;
  const key = partKey(run, phase.name, place);
  const isKept = ({ from, to }: TreePlace) => phase.merge !== undefined || to - from > 1;
  const done = isKept(place) ? await readResult(work, key) : undefined;
  if (done) return done;
  const below = placesBelow(place, fanOut);
  let result: PartResult;
  try {
    result = below.length === 0 ? await shardResult(work, phase, place) : await mergedResult(work, phase, place, below);
  } catch (error) {
    // Parts below are gone, or end without them, where another job of this run has merged them meanwhile
    const other = error instanceof WaitForParts ? undefined : await readResult(work, key);
    if (!other) throw error;
    return other;
  }
  // Where the rest of a run fails, it fails as a whole: parts below stay for another try
  if (!isKept(place) || (result.summary.failed.count > 0 && failedShards === 'refuse')) return result;
  await store.put(key, encodePart(result));
  for (const other of below.filter(isKept)) await store.delete?.(partKey(run, phase.name, other));
  // A worker that was taken for dead comes late
  if (await store.get(summaryKey(run))) await store.delete?.(key);
  return result;
}

async function readResult({ where, store }: PartWork, key: string): Promise<PartResult | undefined> {
  const bytes = await store.get(key);
  return bytes ? decodePart(where, key, bytes) : undefined;
}

async function shardResult({ where, opened }: PartWork, phase: Phase, place: TreePlace): Promise<PartResult> {
  const { run } = opened.plan;
  const name = opened.names[place.from]!;
  try {
    const { rows, counts = {}, bytes } = await phase.ofShard(name);
    return {
      summary: { run, phase: phase.name, ...place, of: opened.plan.shards, rows, failed: NONE_FAILED, counts },
      bytes,
    };
  } catch (error) {
    throw asJobError(error, `${where}: shard ${name}`);
  }
}

async function mergedResult(work: PartWork, phase: Phase, place: TreePlace, below: TreePlace[]): Promise<PartResult> {
  const { where, opened } = work;
  const { run, shards, failedShards } = opened.plan;
  const all = await summariesBelow(work, phase, below);
  const failed = joinFailed(all.map((one) => one.failed));
  const rows = all.reduce((sum, one) => sum + one.rows, 0);
  const counts = sumCounts(all.map((one) => one.counts));
  const summary: PartSummary = { run, phase: phase.name, ...place, of: shards, rows, failed, counts };
  const full = all.filter(({ from, to, failed: { count } }) => count < to - from);
  const isLeft = full.length === 0 || (failed.count > 0 && failedShards === 'refuse');
  if (isLeft || !phase.merge) return { summary, bytes: new Uint8Array() };
  async function* parts() {
    for (const { from, to } of full) {
      const key = partKey(run, phase.name, { from, to });
      const part = await readResult(work, key);
      if (!part) throw new Error(`${where}: ${key} is in the store no more`);
      yield part.bytes;
    }
  }
  return { summary, bytes: await phase.merge(parts()) };
}

/** What came of the parts below, once all of them have ended. @throws WaitForParts until then */
async function summariesBelow(work: PartWork, phase: Phase, below: readonly TreePlace[]): Promise<PartSummary[]> {
  const { where, job, token, of, opened, queue } = work;
  const { run, shards } = opened.plan;
  const idOf = ({ from, to }: TreePlace) => `${of}.${phase.name}.${from}-${to}`;
  for (let tries = 0; ; tries++) {
    const values = Object.entries((await job.getChildrenValues()) ?? {});
    const failures = Object.entries((await job.getIgnoredChildrenFailures()) ?? {});
    const summaries = below.map((place): PartSummary | undefined => {
      const isIts = ([key]: [string, unknown]) => key.endsWith(`:${idOf(place)}`);
      const value = values.find(isIts);
      if (value) return readSummary(where, idOf(place), value[1]);
      const failure = failures.find(isIts);
      if (!failure) return undefined;
      const { from, to } = place;
      if (to - from > 1) throw new HopelessError(`${where}: shards ${from} to ${to - 1}: ${failure[1]}`);
      const failed = oneFailed(opened.names[from]!, failure[1]);
      return { run, phase: phase.name, ...place, of: shards, rows: 0, failed, counts: {} };
    });
    const missing = below.filter((_, i) => !summaries[i]);
    if (missing.length === 0) return summaries as PartSummary[];
    if (tries > 0) throw new Error(`${where}: the queue has lost ${idOf(missing[0]!)}`);
    await queue.addBulk(missing.reverse().map((place) => addedJob(work, phase, place, idOf(place))));
    if (await job.moveToWaitingChildren(token)) throw new WaitForParts(`${missing.length} parts`);
  }
}

function addedJob(
  { job, of, opened, attempts }: PartWork,
  phase: Phase,
  { from, to }: TreePlace,
  jobId: string,
): AddedJob {
  const { plan, digest, names } = opened;
  const data: PartData = { run: plan.run, plan: digest, of, phase: phase.name, from, to };
  return {
    name: to - from === 1 ? `${phase.name} ${names[from]}` : `${phase.name} shards ${from} to ${to - 1}`,
    data,
    opts: {
      jobId,
      parent: { id: job.id!, queue: job.queueQualifiedName },
      lifo: true,
      attempts,
      backoff: { type: 'exponential', delay: FIRST_PAUSE_MS },
      ignoreDependencyOnFailure: true,
      removeOnComplete: true,
      removeOnFail: { count: MOST_FAILED_JOBS },
      stackTraceLimit: 1,
    },
  };
}
