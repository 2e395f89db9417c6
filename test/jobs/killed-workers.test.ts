import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { Queue, QueueEvents } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { folderStore, type ScoreSummary } from 'tfjs-ood/jobs';
import { encodeScorer, mahalanobis, type Scorer } from 'tfjs-ood/scorers';
import { startRedis, type RedisServer } from '../../examples/cluster/redis-server';
import { temporaryFolder } from '../node/temporary-folder';
import { COLUMNS, drawnShards, writeShards } from './drawn-shards';
import { killed, workerProcesses } from './worker-processes';

const place = temporaryFolder();
const startWorker = workerProcesses();
const KILLS = 20;
let redis: RedisServer;
beforeAll(async () => {
  await tf.setBackend('cpu');
  redis = await startRedis({ folder: place('redis') });
});
afterAll(() => redis.stop());

/** Kills one of three workers at random moments, and starts another in its place, until the work is done. */
async function whileKilling<T>(config: Parameters<typeof startWorker>[0], seed: number, work: Promise<T>) {
  const random = seededRandom(seed);
  const workers: ChildProcess[] = await Promise.all([1, 2, 3].map(() => startWorker(config)));
  let [kills, isOver] = [0, false];
  const over = work.finally(() => (isOver = true));
  over.catch(() => undefined);
  while (!isOver) {
    await Promise.race([over.catch(() => undefined), wait(600 * random.uniform())]);
    if (isOver || kills >= KILLS) continue;
    const at = Math.floor(3 * random.uniform());
    await killed(workers[at]!);
    workers[at] = await startWorker(config);
    kills++;
  }
  await Promise.all(workers.map(killed));
  return { result: await over, kills };
}

test(
  'workers that are killed at random moments lose nothing, and write nothing twice',
  { timeout: 180_000 },
  async () => {
    const shards = drawnShards(150, 1);
    const config = {
      port: redis.port,
      queue: 'score',
      store: place('store'),
      root: place('root'),
      lockDuration: 1500,
      pause: 60,
    } as const;
    const names = await writeShards(config.root, shards);
    const store = folderStore(config.store);
    const [first] = shards;
    const scorer: Scorer<'features'> = await mahalanobis().fit(
      shards
        .slice(0, 9)
        .map(({ features, labels }) => ({ features: { data: features, shape: [labels.length, 2] }, labels })),
      {},
    );
    await store.put('model/scorer', encodeScorer(scorer.state()));
    const connection = { port: redis.port };
    const queue = new Queue(config.queue, { connection });
    const events = new QueueEvents(config.queue, { connection });
    const data = { run: 'first', root: 'all', shards: names, columns: COLUMNS, scorer: 'model/scorer', format: 'csv' };
    const job = await queue.add('score', data);
    const before = Date.now();
    const { result, kills } = await whileKilling(config, 1, job.waitUntilFinished(events) as Promise<ScoreSummary>);
    console.log(result, kills, Date.now() - before, first?.name);
    console.log(
      await readdir(config.store, { recursive: true }).then((a) => a.filter((n) => !/part-\d+.csv$/.test(n))),
    );
    console.log(await readFile(join(config.store, 'first/scores/part-003.csv'), 'utf8'));
    await events.close();
    await queue.close();
    scorer.dispose();
  },
);
