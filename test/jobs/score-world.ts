import { Queue, QueueEvents, Worker, type ConnectionOptions, type WorkerOptions } from 'bullmq';
import { scorerMethods } from 'tfjs-ood/detector';
import { scoreJob, type JobStore, type ScoreSummary } from 'tfjs-ood/jobs';
import { encodeScorer, mahalanobis, type Scorer } from 'tfjs-ood/scorers';
import { COLUMNS, type DrawnShard } from './drawn-shards';

/** A store that is nothing but a map. */
export function heldInMemory(): Required<Omit<JobStore, 'deleteAll'>> & { kept: Map<string, Uint8Array> } {
  const kept = new Map<string, Uint8Array>();
  return {
    kept,
    get: (key) => Promise.resolve(kept.get(key)),
    put: (key, bytes) => Promise.resolve(kept.set(key, bytes)),
    delete: (key) => Promise.resolve(kept.delete(key)),
  };
}

/** A scorer that is fitted on some shards in one go. */
export const fittedOn = (shards: readonly DrawnShard[]): Promise<Scorer<'features'>> =>
  mahalanobis().fit(
    shards.map(({ features, labels }) => ({ features: { data: features, shape: [labels.length, 2] }, labels })),
    {},
  );

/** What lies where in a store once shards were scored as CSV: written here by hand. */
export async function scoresByHand(scorer: Scorer<'features'>, shards: readonly DrawnShard[]) {
  const files: Record<string, string> = {};
  for (const { name, ids, features } of shards) {
    const scores = await scorer.score({ features: { data: features, shape: [ids.length, 2] } });
    files[name] = `id,score\n${ids.map((id, i) => `${id},${scores[i]}\n`).join('')}`;
  }
  return files;
}

/** Puts a scorer where {@link scoreData} looks for it. */
export const putScorer = (store: JobStore, scorer: Scorer) => store.put('model/scorer', encodeScorer(scorer.state()));

export const scoreData = (run: string, shards: readonly string[]) => ({
  run,
  root: 'all',
  shards,
  columns: { features: COLUMNS.features, ids: COLUMNS.ids },
  scorer: 'model/scorer',
  format: 'csv',
});

/** A queue, its events and ways to add to it and to work on it; all of them are closed together. */
export function queueOf(name: string, connection: ConnectionOptions) {
  const queue = new Queue(name, { connection });
  const events = new QueueEvents(name, { connection });
  const closing: (() => unknown)[] = [];
  queue.on('error', () => undefined);
  events.on('error', () => undefined);
  return {
    queue,
    events,
    /** Adds a run. @returns its job, and what it comes to */
    async score(data: object, opts = {}) {
      const job = await queue.add('score', data, opts);
      const summary = job.waitUntilFinished(events) as Promise<ScoreSummary>;
      summary.catch(() => undefined);
      return { job, summary };
    },
    /** A worker in this process. */
    work(
      { store, root, fanOut = 3, attempts = 3 }: { store: JobStore; root: string; fanOut?: number; attempts?: number },
      options: Partial<WorkerOptions> = {},
    ) {
      const processor = scoreJob({ queue, store, roots: { all: root }, methods: scorerMethods, fanOut, attempts });
      const worker = new Worker(name, processor, { connection, ...options });
      worker.on('error', () => undefined);
      closing.push(() => worker.close(), processor.dispose);
      return worker;
    },
    async close() {
      for (const close of closing) await close();
      await events.close();
      await queue.close();
    },
  };
}
