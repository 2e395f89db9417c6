import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { Queue, QueueEvents, Worker } from 'bullmq';
import Redis from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scorerMethods } from 'tfjs-ood/detector';
import { scoreJob, type ScoreSummary } from 'tfjs-ood/jobs';
import { encodeScorer, mahalanobis } from 'tfjs-ood/scorers';
import { startRedis, type RedisServer } from '../../examples/cluster/redis-server';
import { temporaryFolder } from '../node/temporary-folder';
import { heldInMemory } from './score-world';

const place = temporaryFolder();
let redis: RedisServer;
beforeAll(async () => {
  await tf.setBackend('cpu');
  redis = await startRedis({ folder: place('redis'), settings: ['--appendfsync', 'no'] });
});
afterAll(() => redis.stop());

const WORKERS = 3;
const FAN_OUT = 8;

/** The most jobs and bytes that the queue held while so many shards were scored. */
async function mostHeld(shards: number, root: string) {
  const store = heldInMemory();
  const scorer = await mahalanobis().fit(
    [{ features: { data: Float32Array.of(0, 0, 1, 0, 0, 1, 2, 3), shape: [4, 2] }, labels: [0, 0, 0, 0] }],
    {},
  );
  await store.put('scorer', encodeScorer(scorer.state()));
  scorer.dispose();
  const names = Array.from({ length: shards }, (_, i) => `${i}.csv`);
  await Promise.all(names.map((name) => symlink('one.txt', join(root, name)).catch(() => undefined)));
  await writeFile(join(root, 'list.txt'), names.join('\n'));
  const connection = { port: redis.port };
  const name = `score-${shards}`;
  const queue = new Queue(name, { connection, streams: { events: { maxLen: 100 } } });
  const events = new QueueEvents(name, { connection });
  const processor = scoreJob({ queue, store, roots: { all: root }, methods: scorerMethods, fanOut: FAN_OUT });
  const workers = Array.from({ length: WORKERS }, () => new Worker(name, processor, { connection }));
  const client = new Redis(redis.port);
  let [mostJobs, mostBytes, mostParts, isOver] = [0, 0, 0, false];
  const partsIn = () => [...store.kept.keys()].filter((key) => key.includes('/parts/'));
  const data = { run: name, root: 'all', list: 'list.txt', columns: { features: ['a', 'b'], ids: 'id' } };
  const job = await queue.add('score', { ...data, scorer: 'scorer' });
  const over = (job.waitUntilFinished(events) as Promise<ScoreSummary>).finally(() => (isOver = true));
  while (!isOver) {
    const keys = await client.keys(`bull:${name}:*`);
    mostJobs = Math.max(mostJobs, keys.filter((key) => /\.score\.\d+-\d+$/.test(key)).length);
    const sizes = await Promise.all(keys.map((key) => client.memory('USAGE', key)));
    mostBytes = Math.max(
      mostBytes,
      sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
    );
    mostParts = Math.max(mostParts, partsIn().length);
    await wait(5);
  }
  expect(await over).toMatchObject({ shards, rows: 2 * shards, failed: { count: 0 } });
  const leftJobs = await client.keys(`bull:${name}:*.score.*`);
  for (const worker of workers) await worker.close();
  await events.close();
  await queue.close();
  client.disconnect();
  processor.dispose();
  const leftParts = partsIn();
  return { mostJobs, mostBytes, mostParts, leftJobs, leftParts };
}

/** A path of the tree for each worker: the parts below each place of it, and the parts that wait for them. */
const depthOf = (shards: number) => Math.ceil(Math.log(shards) / Math.log(FAN_OUT));
const most = (shards: number) => WORKERS * FAN_OUT * depthOf(shards);

test('the queue holds no more of a run than a path of its tree for each worker', { timeout: 180_000 }, async () => {
  const root = place('root');
  await mkdir(root);
  await writeFile(join(root, 'one.txt'), 'id,a,b\nx,1,2\ny,3,4\n');
  for (const shards of [64, 512, 4096]) {
    const held = await mostHeld(shards, root);
    expect(held.mostJobs).toBeLessThanOrEqual(most(shards));
    expect(held.mostBytes).toBeLessThan(2 ** 18);
    expect(held.mostParts).toBeLessThanOrEqual(most(shards));
    expect(held.leftJobs).toEqual([]);
    expect(held.leftParts).toEqual([]);
  }
});
