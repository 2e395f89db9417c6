import { Queue, QueueEvents } from 'bullmq';
import Redis from 'ioredis';
import { followRun, type FitSummary, type RunProgress, type ScoreSummary } from 'tfjs-ood/jobs';
import { ALPHA, COLUMNS, FIT_QUEUE, SCORE_QUEUE, type ClusterFolders } from './messages';
import { ready, start, stop, type Watched } from './processes';
import { startRedis, type RedisServer } from './redis-server';

/** How a cluster is made. */
export interface ClusterSettings extends ClusterFolders {
  /** The bundle that is started as a worker. */
  program: string;
  redis: string;
  workers: number;
  lock: number;
}

/** What was done in one go, and what it took. */
export interface Done {
  what: string;
  rows: number;
  seconds: number;
  /** The most that a worker and the server held, in bytes. */
  worker: number;
  server: number;
}

/** Redis and workers, and ways to give them work, and trouble. */
export interface Cluster {
  redis: RedisServer;
  fit(run: string, method: string, shards: readonly string[], more?: object): Promise<FitSummary>;
  score(run: string, scorer: string, shards: readonly string[]): Promise<ScoreSummary>;
  /** Does something, and says what it took. */
  timed<T extends { rows: number }>(what: string, work: () => Promise<T>): Promise<T & { done: Done }>;
  /** Calls once so much of the work on shards is done. */
  at(share: number, call: () => unknown): void;
  /** Ends one worker by -9, and starts another. */
  killOne(): Promise<void>;
  close(): Promise<void>;
}

/** Starts Redis on loopback and the workers. */
export async function startCluster(
  settings: ClusterSettings,
  onProgress: (progress: RunProgress) => void,
): Promise<Cluster> {
  const { program, workers: count, lock, train, fresh, store } = settings;
  const redis = await startRedis({ folder: settings.redis });
  const orders = { port: redis.port, lock, train, fresh, store };
  const workers: Watched[] = Array.from({ length: count }, () => start(program, 'worker', orders));
  const connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null };
  const opened = Object.fromEntries(
    [FIT_QUEUE, SCORE_QUEUE].map((name) => {
      const queue = new Queue(name, { connection });
      const events = new QueueEvents(name, { connection });
      queue.on('error', () => undefined); // the server is away for a moment
      events.on('error', () => undefined);
      return [name, { queue, events }];
    }),
  );
  const client = new Redis(redis.port, '127.0.0.1', { maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  let server = 0;
  const watching = setInterval(() => {
    void client.info('memory').then((text) => {
      server = Math.max(server, Number(/used_memory:(\d+)/.exec(text)?.[1]));
    });
  }, 500);
  const pending: { share: number; call: () => unknown }[] = [];

  async function run<T>(name: string, data: { run: string; [what: string]: unknown }): Promise<T> {
    const { queue, events } = opened[name]!;
    await events.waitUntilReady();
    const stopFollowing = followRun(events, {
      run: data.run,
      onProgress(progress) {
        onProgress(progress);
        for (const one of pending.filter(({ share }) => progress.shards >= share * progress.of)) {
          pending.splice(pending.indexOf(one), 1);
          one.call();
        }
      },
    });
    try {
      const job = await queue.add('run', data, { attempts: 3, removeOnComplete: true });
      return (await job.waitUntilFinished(events)) as T;
    } finally {
      stopFollowing();
    }
  }

  await Promise.all(workers.map(ready));
  return {
    redis,
    fit: (name, method, shards, more = {}) =>
      run(FIT_QUEUE, { run: name, root: 'train', shards, columns: COLUMNS, method, ...more }),
    score: (name, scorer, shards) => run(SCORE_QUEUE, { run: name, root: 'fresh', shards, columns: COLUMNS, scorer }),
    async timed(what, work) {
      server = 0;
      for (const worker of workers) worker.most = 0;
      const before = performance.now();
      const result = await work();
      const seconds = (performance.now() - before) / 1000;
      const worker = Math.max(...workers.map(({ most }) => most));
      return { ...result, done: { what, rows: result.rows, seconds, worker, server } };
    },
    at: (share, call) => void pending.push({ share, call }),
    async killOne() {
      const victim = workers.shift()!;
      await stop(victim, 'SIGKILL');
      const next = start(program, 'worker', orders);
      workers.push(next);
      await ready(next);
    },
    async close() {
      clearInterval(watching);
      await Promise.all(workers.map((worker) => stop(worker, 'SIGTERM')));
      for (const { queue, events } of Object.values(opened)) {
        await events.close();
        await queue.close();
      }
      client.disconnect();
      await redis.stop();
    },
  };
}

/** What calibrates in the example. */
export const calibration = (share: number) => ({ calibrate: { share, seed: 1, alpha: ALPHA } });
