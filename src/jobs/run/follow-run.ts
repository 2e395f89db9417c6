import { FUNCTION, required, type Rule } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import { RUN_NAME } from '../shards/place-within';
import { readSummary, type PartSummary } from '../tree/part-result';

/** The members of BullMQ's `QueueEvents` that are used. */
export interface RunEvents {
  on(event: 'completed', listener: (event: { jobId: string; returnvalue: unknown }) => void): unknown;
  off(event: 'completed', listener: (event: { jobId: string; returnvalue: unknown }) => void): unknown;
}

/** How far a run is. */
export interface RunProgress {
  run: string;
  /** What is done with its shards. */
  phase: string;
  /** Shards that are done in this phase, of how many. */
  shards: number;
  of: number;
  /** Their rows. */
  rows: number;
}

/** Options of {@link followRun}. */
export interface FollowRunOptions {
  run: string;
  /** Called whenever a part has ended that says something new. */
  onProgress: (progress: RunProgress) => void;
}

const EVENTS: Rule = {
  expected: 'QueueEvents of bullmq',
  holds: (value: unknown) =>
    typeof (value as RunEvents | null)?.on === 'function' && typeof (value as RunEvents).off === 'function',
};

const shardsOf = (parts: readonly Pick<PartSummary, 'from' | 'to'>[]): number =>
  parts.reduce((sum, { from, to }) => sum + to - from, 0);

/** Shards that are done: parts of a tree, each once, whoever says so, and how often. */
export function doneParts() {
  let parts: Pick<PartSummary, 'from' | 'to' | 'rows'>[] = [];
  return {
    /** @returns whether more shards are done than before */
    add({ from, to, rows }: Pick<PartSummary, 'from' | 'to' | 'rows'>): boolean {
      if (parts.some((part) => part.from <= from && to <= part.to)) return false;
      const before = shardsOf(parts);
      parts = [...parts.filter((part) => !(from <= part.from && part.to <= to)), { from, to, rows }];
      return shardsOf(parts) > before;
    },
    get shards() {
      return shardsOf(parts);
    },
    get rows() {
      return parts.reduce((sum, part) => sum + part.rows, 0);
    },
  };
}

/**
 * How far a run is, by what its queue says of jobs that ended: a shard that was done twice counts once.
 *
 * @param events `new QueueEvents(name, { connection })` of the queue that the run is in
 * @returns stops it
 * @example
 * const stop = followRun(events, { run: 'november', onProgress: ({ shards, of }) => console.log(shards, of) });
 * stop();
 */
export function followRun(events: RunEvents, options: FollowRunOptions): () => void {
  const where = 'followRun';
  if (!EVENTS.holds(events as unknown as number)) throw new ArgumentError(where, 'events', EVENTS.expected, events);
  const { run, onProgress } = readOptions(where, options, {
    run: [required(RUN_NAME)],
    onProgress: [required(FUNCTION)],
  });
  const phases = new Map<string, ReturnType<typeof doneParts>>();
  const listener = ({ returnvalue }: { returnvalue: unknown }) => {
    let part: PartSummary;
    try {
      part = readSummary(where, 'returnvalue', returnvalue);
    } catch {
      return; // of another job of the queue
    }
    if (part.run !== run) return;
    const done = phases.get(part.phase) ?? doneParts();
    phases.set(part.phase, done);
    if (!done.add(part)) return;
    onProgress({ run, phase: part.phase, shards: done.shards, of: part.of, rows: done.rows });
  };
  events.on('completed', listener);
  return () => void events.off('completed', listener);
}
