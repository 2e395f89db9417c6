import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import { fitJob, scoreJob, type FitSummary } from 'tfjs-ood/jobs';
import { decodeScorer, encodeScorer, mahalanobis, nearestNeighbors } from 'tfjs-ood/scorers';
import { startRedis, type RedisServer } from '../../examples/cluster/redis-server';
import { temporaryFolder } from '../node/temporary-folder';
import { COLUMNS, drawnShards, writeShards } from './drawn-shards';
import { loneJob } from './one-shard-job';
import { heldInMemory } from './score-world';

const place = temporaryFolder();
const queue = { addBulk: () => Promise.reject(new Error('one shard adds nothing')) };
let redis: RedisServer;
beforeAll(async () => {
  await tf.setBackend('cpu');
  redis = await startRedis({ folder: place('redis') });
});
afterAll(() => redis.stop());

test('a run that is done anew after its results were deleted uses nothing of the first one', async () => {
  const root = place('root');
  const store = heldInMemory();
  const processor = fitJob({ queue, store, roots: { all: root }, methods: { gaussian: mahalanobis() } });
  const calibrate = { share: 0.4, acceptNoAlarm: true };
  const scorers: Uint8Array[] = [];
  for (const seed of [1, 2]) {
    store.kept.clear();
    const [shard] = drawnShards(1, seed);
    const names = await writeShards(root, [{ ...shard!, name: 'one.csv' }]);
    const data = { run: 'again', root: 'all', shards: names, columns: COLUMNS, method: 'gaussian', calibrate };
    const job = { ...loneJob(data, String(seed)), timestamp: 1_700_000_000_000 + seed };
    const summary = (await processor(job, 'token')) as FitSummary;
    const scorer = store.kept.get(summary.scorer)!;
    const detector = loadOutputDetector(store.kept.get(summary.calibration!.detector)!, { scorer: mahalanobis() });
    expect(encodeScorer(detector.state.scorers[0]!)).toEqual(encodeScorer(decodeScorer(scorer)));
    detector.dispose();
    scorers.push(scorer);
  }
  expect(scorers[0]).not.toEqual(scorers[1]);
  processor.dispose();
});

test('a list may begin with the mark of its encoding', async () => {
  const root = place('root');
  const [name] = await writeShards(root, drawnShards(1, 5));
  await writeFile(join(root, 'list.txt'), `\uFEFF${name}\r\n`);
  const store = heldInMemory();
  const processor = fitJob({ queue, store, roots: { all: root }, methods: { gaussian: mahalanobis() } });
  const data = { run: 'marked', root: 'all', list: 'list.txt', columns: COLUMNS, method: 'gaussian' };
  await expect(processor(loneJob(data), 'token')).resolves.toMatchObject({ shards: 1 });
  expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(store.kept.get('marked/shards.txt'))).toBe(`${name}\n`);
  processor.dispose();
});

test('a run goes on whatever the order of its columns; a damaged summary is said by its name', async () => {
  const root = place('root');
  const shards = await writeShards(root, drawnShards(1, 5));
  const store = heldInMemory();
  const processor = fitJob({ queue, store, roots: { all: root }, methods: { gaussian: mahalanobis() } });
  const data = { run: 'ordered', root: 'all', shards, columns: COLUMNS, method: 'gaussian' };
  const summary = await processor(loneJob(data), 'token');
  const columns = Object.fromEntries(Object.entries(COLUMNS).reverse());
  expect(await processor(loneJob({ ...data, columns }), 'token')).toEqual(summary);
  await store.put('ordered/summary.json', new TextEncoder().encode('{"run'));
  await expect(processor(loneJob(data), 'token')).rejects.toMatchObject({
    name: 'UnrecoverableError',
    message: expect.stringMatching(
      /^fitJob: ordered\/summary\.json must be the summary of a run that is over/,
    ) as string,
  });
  processor.dispose();
});

test("the id of a run's job may have any letters", async () => {
  const root = place('root');
  const shards = await writeShards(root, drawnShards(3, 5));
  const added: { opts: { jobId: string }; data: object }[] = [];
  const kept = { addBulk: (jobs: typeof added) => Promise.resolve(void added.push(...jobs)) };
  const methods = { gaussian: mahalanobis() };
  const processor = fitJob({ queue: kept, store: heldInMemory(), roots: { all: root }, methods });
  const data = { run: 'named', root: 'all', shards, columns: COLUMNS, method: 'gaussian' };
  for (const id of ['n\u00e4chtlich fit/1', 'x'.repeat(300), '7']) {
    added.length = 0;
    await expect(processor(loneJob(data, id), 'token')).rejects.toThrow('3 parts');
    const part = added.find(({ opts }) => opts.jobId.endsWith('.fit.0-1'))!;
    await expect(processor(loneJob(part.data, part.opts.jobId), 'token')).resolves.toMatchObject({ from: 0, to: 1 });
  }
  processor.dispose();
});

test('scores of two shards never lie in one place', async () => {
  const root = place('root');
  const [one] = drawnShards(1, 3);
  const store = heldInMemory();
  const scorer = await mahalanobis().fit(
    [{ features: { data: one!.features, shape: [one!.labels.length, 2] }, labels: one!.labels }],
    {},
  );
  await store.put('model', encodeScorer(scorer.state()));
  scorer.dispose();
  const process = scoreJob({ queue, store, roots: { all: root }, methods: scorerMethods });
  const { features, ids } = COLUMNS;
  const data = { run: 'x', root: 'all', columns: { features, ids }, scorer: 'model', format: 'parquet' };
  const shards = ['a.csv', 'a.csv.parquet'];
  await expect(process(loneJob({ ...data, shards }), 'token')).rejects.toThrow(
    /scoreJob: job\.data\.shards must be names of which none .*, got a\.csv and a\.csv\.parquet/,
  );
  process.dispose();
});

test('a run that is added twice at a time comes to the same both times', { timeout: 60_000 }, async () => {
  const root = place('root');
  const names = await writeShards(root, drawnShards(20, 4));
  const connection = { port: redis.port };
  const methods = { bank: nearestNeighbors({ k: 2 }) };
  for (let round = 0; round < 6; round++) {
    const name = `twice-${round}`;
    const store = heldInMemory();
    const [own, events] = [new Queue(name, { connection }), new QueueEvents(name, { connection })];
    const processor = fitJob({ queue: own, store, roots: { all: root }, methods, fanOut: 3, attempts: 1 });
    const workers = Array.from({ length: 3 }, () => new Worker(name, processor, { connection }));
    try {
      const data = { run: 'both', root: 'all', shards: names, columns: COLUMNS, method: 'bank' };
      const first = await own.add('fit', data);
      await new Promise((resolve) => setTimeout(resolve, 15 * round));
      const second = await own.add('fit', data);
      const [a, b] = await Promise.all([first, second].map((job) => job.waitUntilFinished(events)));
      expect(a).toEqual(b);
    } finally {
      for (const worker of workers) await worker.close();
      processor.dispose();
      await events.close();
      await own.close();
    }
  }
});
