import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { Queue, QueueEvents } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { calibratedOutputDetector } from 'tfjs-ood/detector';
import type { FitSummary } from 'tfjs-ood/jobs';
import {
  decodeScorer,
  encodeScorer,
  mahalanobis,
  nearestNeighbors,
  partialCalibration,
  type Scorer,
  type ScorerMethod,
} from 'tfjs-ood/scorers';
import { startRedis, type RedisServer } from '../../examples/cluster/redis-server';
import { temporaryFolder } from '../node/temporary-folder';
import { COLUMNS, drawnShards, writeShards } from './drawn-shards';
import { scoreData, scoresByHand } from './score-world';
import { killed, workerProcesses } from './worker-processes';

const place = temporaryFolder();
const startWorker = workerProcesses();
const random = seededRandom(1);
const KILLS = 20;
const HELD = { share: 0.2, seed: 3 };
const shards = drawnShards(60, 1);
const rows = shards.reduce((sum, { ids }) => sum + ids.length, 0);
let redis: RedisServer;
let names: string[];
let root: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  redis = await startRedis({ folder: place('redis') });
  root = place('root');
  names = await writeShards(root, shards);
});
afterAll(() => redis.stop());

/** Does a run with three workers, one of which is killed at random moments and another started, time after time. */
async function runWhileKilling<T>(queueName: 'fit' | 'score', store: string, data: object) {
  const config = { port: redis.port, queue: queueName, store, root, lockDuration: 1200, pause: 60 };
  const connection = { port: redis.port };
  const queue = new Queue(queueName, { connection });
  const events = new QueueEvents(queueName, { connection });
  const job = await queue.add('run', data);
  let isOver = false;
  const over = (job.waitUntilFinished(events) as Promise<T>).finally(() => (isOver = true));
  over.catch(() => undefined);
  const workers: ChildProcess[] = await Promise.all([1, 2, 3].map(() => startWorker(config)));
  let kills = 0;
  for (;;) {
    await Promise.race([over.catch(() => undefined), wait(500 * random.uniform())]);
    if (isOver) break;
    const at = random.integer(3);
    await killed(workers[at]!);
    workers[at] = await startWorker(config);
    kills++;
  }
  await wait(500); // whoever was thought dead and is not comes late, and leaves nothing
  await Promise.all(workers.map(killed));
  const left = await queue.getJobCounts('wait', 'active', 'delayed', 'waiting-children', 'prioritized', 'failed');
  expect(Object.values(left)).toEqual(Object.values(left).map(() => 0));
  await events.close();
  await queue.close();
  return { summary: await over, kills };
}

/** What lies in a folder and below, links and folders left out. */
const filesIn = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(folder.length + 1))
    .sort();

/** What one process fits and calibrates, in one pass over the same shards. */
async function single(method: ScorerMethod): Promise<{ scorer: Scorer; detector: Uint8Array }> {
  const partial = await method.partial({ calibrationShare: HELD.share, seed: HELD.seed });
  const blocks = shards.map(({ name, ids, features, labels }) => ({
    block: { features: { data: features, shape: [ids.length, 2] as const }, labels } as never,
    how: { ids, shard: name },
  }));
  for (const { block, how } of blocks) await partial.add(block, how);
  const scorer = await method.fromPartial(partial);
  const calibration = partialCalibration(scorer, HELD);
  for (const { block, how } of blocks) await calibration.add(block, how);
  const copy = method.restore(scorer.state(), {});
  const detector = calibratedOutputDetector(copy, calibration.scores(), { alpha: 0.1 });
  const bytes = detector.toBytes();
  detector.dispose();
  return { scorer, detector: bytes };
}

const title = 'workers that are killed at random moments, 20 times: nothing is lost, nothing is there twice';
test(title, { timeout: 300_000 }, async () => {
  const methods = { gaussian: mahalanobis(), bank: nearestNeighbors({ k: 5, bankSize: 200 }) };
  let all = 0;
  for (let round = 0; all < KILLS; round++) {
    const store = place('store');
    for (const [name, method] of Object.entries(methods)) {
      const data = { run: name, root: 'all', shards: names, columns: COLUMNS, method: name };
      const asked = { ...data, calibrate: { ...HELD, alpha: 0.1 } };
      const { summary, kills } = await runWhileKilling<FitSummary>('fit', store, asked);
      all += kills;
      const { scorer, detector } = await single(method);
      const none = { count: 0, first: [] };
      const held = summary.calibration!.rows;
      expect(summary).toEqual({
        run: name,
        method: name,
        shards: shards.length,
        rows,
        failed: none,
        fitted: rows - held,
        scorer: `${name}/scorer.safetensors`,
        calibration: { rows: held, failed: none, detector: `${name}/detector.safetensors` },
      });
      expect(held).toBeGreaterThan(rows / 10);
      const files = ['detector.safetensors', 'plan.json', 'scorer.safetensors', 'shards.txt', 'summary.json'];
      expect(await filesIn(join(store, name))).toEqual(files);
      const bytes = await readFile(join(store, summary.scorer));
      if (name === 'bank') {
        expect(Buffer.compare(bytes, encodeScorer(scorer.state()))).toBe(0);
        expect(Buffer.compare(await readFile(join(store, summary.calibration!.detector)), detector)).toBe(0);
      }
      const found = decodeScorer(bytes).tensors;
      for (const [what, { data: expected }] of Object.entries(scorer.state().tensors)) {
        const numbers = found[what]!.data as Float64Array;
        expect(numbers.length).toBe(expected.length);
        numbers.forEach((value, i) => {
          const right = Number(expected[i]);
          expect(Math.abs(value - right)).toBeLessThanOrEqual(1e-10 * Math.max(1, Math.abs(right)));
        });
      }

      // And scores by the scorer that the run made
      const restored = method.restore(decodeScorer(bytes), {});
      const expected = await scoresByHand(restored, shards);
      const run = { ...scoreData(`${name}-scores`, names), scorer: summary.scorer };
      const scored = await runWhileKilling('score', store, run);
      all += scored.kills;
      expect(scored.summary).toMatchObject({ shards: shards.length, rows, failed: none });
      const others = ['plan.json', ...names.map((file) => `scores/${file}`), 'shards.txt', 'summary.json'];
      expect(await filesIn(join(store, `${name}-scores`))).toEqual(others);
      for (const file of names) {
        expect(await readFile(join(store, `${name}-scores/scores`, file), 'utf8')).toBe(expected[file]);
      }
      restored.dispose();
      scorer.dispose();
    }
    console.log(`round ${round}: ${all} kills`);
  }
});
