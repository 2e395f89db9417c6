import { COUNT, OBJECT, required, wholeFrom, type Rule } from '../../core/check';
import { isRecord } from '../../core/saved/json';
import type { JobQueue } from '../queue/queue-job';
import type { JobStore } from '../stores/job-store';

/** What a worker says of itself; the data of its jobs can't. */
export interface WorkerOptions {
  /** The queue that the parts of a run are added to, commonly the worker's own: `new Queue(name, { connection })`. */
  queue: JobQueue;
  /** Where results lie, and parts on the way; the same for all workers. */
  store: JobStore;
  /** Folders by name; no shard is read outside of them, whatever a job's data say. */
  roots: Readonly<Record<string, string>>;
  /** How often a part is tried, where what failed may end otherwise; default 3. */
  attempts?: number;
  /** Parts that are merged at once, default 8; a run that goes on must have the one that it was begun with. */
  fanOut?: number;
  /** Bytes of a job's data as JSON, default 65,536; more is refused. */
  maxDataBytes?: number;
}

const hasFunctions =
  (...names: string[]) =>
  (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof Reflect.get(value, name) === 'function');

const QUEUE: Rule = { expected: 'a Queue of bullmq', holds: hasFunctions('addBulk') };
const STORE: Rule = {
  expected: 'a store with get and put, such as folderStore(folder)',
  holds: hasFunctions('get', 'put'),
};
const isFolder = (value: unknown) => typeof value === 'string' && value !== '';
const ROOTS: Rule = {
  expected: 'folders by name, at least one',
  holds: (value: unknown) => isRecord(value) && Object.keys(value).length > 0 && Object.values(value).every(isFolder),
};

/** How the options of every processor are declared. */
export const WORKER_OPTIONS = {
  queue: [required(QUEUE)],
  store: [required(STORE)],
  roots: [required(ROOTS)],
  attempts: [COUNT, 3],
  fanOut: [wholeFrom(2, 64), 8],
  maxDataBytes: [wholeFrom(1024, 2 ** 20), 2 ** 16],
} as const;

/** A rule for the head; whoever needs one looks at it. */
export const HEAD_OPTION: Rule = OBJECT;
