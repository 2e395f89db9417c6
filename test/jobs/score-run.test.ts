import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parquetBlocks } from 'tfjs-ood/blocks';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { followRun, type JobStore, type RunProgress } from 'tfjs-ood/jobs';
import { mahalanobis, type Scorer } from 'tfjs-ood/scorers';
import { startRedis, type RedisServer } from '../../examples/cluster/redis-server';
import { temporaryFolder } from '../node/temporary-folder';
import { drawnShards, writeShards } from './drawn-shards';
import { fittedOn, heldInMemory, putScorer, queueOf, scoreData, scoresByHand } from './score-world';

const place = temporaryFolder();
const shards = drawnShards(30, 3);
const rows = shards.reduce((sum, { ids }) => sum + ids.length, 0);
let redis: RedisServer;
let scorer: Scorer<'features'>;
let expected: Record<string, string>;
beforeAll(async () => {
  await tf.setBackend('cpu');
  redis = await startRedis({ folder: place('redis') });
  scorer = await fittedOn(shards.slice(0, 10));
  expected = await scoresByHand(scorer, shards);
});
afterAll(async () => {
  scorer.dispose();
  await redis.stop();
});

const text = (bytes: Uint8Array | null | undefined) => new TextDecoder().decode(bytes ?? undefined);

/** Shards in a folder of their own, a store with the scorer, and a queue of that name. */
async function world(name: string) {
  const root = place('root');
  const names = await writeShards(root, shards);
  const store = heldInMemory();
  await putScorer(store, scorer);
  const scoresOf = (run: string) => [...store.kept.keys()].filter((key) => key.startsWith(`${run}/scores/`)).length;
  return { root, names, store, scoresOf, ...queueOf(name, { port: redis.port }) };
}

describe('a shard that cannot be read', () => {
  test('fails its job by name, the others go on, and the run fails; mended, the run does what is left', async () => {
    const { root, names, store, scoresOf, queue, score, work, close } = await world('poisoned');
    await writeFile(join(root, names[7]!), 'id,a,b\nx,1,2\ny,NaN,4\n');
    await rm(join(root, names[21]!));
    let puts = 0;
    const counting: JobStore = { ...store, put: (key, bytes) => (puts++, store.put(key, bytes)) };
    work({ store: counting, root, attempts: 1 });
    // A job of the same id later must not meet what this one leaves in the queue
    const fixed = { jobId: 'fixed', removeOnFail: true };
    const { summary } = await score(scoreData('poisoned', names), fixed);
    const message = await summary.catch((error: Error) => error.message);
    expect(message).toMatch(
      /^scoreJob: 2 of 30 shards failed: scoreJob: shard part-007\.csv: csvBlocks: .*NaN at row 1/,
    );
    expect(message).toMatch(/; scoreJob: shard part-021\.csv: ENOENT/);
    expect(scoresOf('poisoned')).toBe(28);
    const failed = (await queue.getFailed()).map(({ name, failedReason }) => ({ name, failedReason }));
    expect(failed.map(({ name }) => name).sort()).toEqual(['score part-007.csv', 'score part-021.csv']);
    expect(await queue.getJobCounts('wait', 'active', 'waiting-children', 'completed')).toEqual({
      wait: 0,
      active: 0,
      'waiting-children': 0,
      completed: 0,
    });

    await writeShards(root, shards);
    puts = 0;
    const again = await score(scoreData('poisoned', names), fixed);
    expect(await again.summary).toMatchObject({ shards: 30, rows, failed: { count: 0 } });
    // Scores of both shards and of the four beside them; six places that had a failed shard below; the summary
    expect(puts).toBe(13);
    for (const name of names) expect(text(store.kept.get(`poisoned/scores/${name}`))).toBe(expected[name]);
    await close();
  });

  test('is left out and named where the job says so; where all are, the run fails', async () => {
    const { root, names, store, scoresOf, score, work, close } = await world('left-out');
    await writeFile(join(root, names[0]!), 'id,a,b\nx,1\n');
    work({ store, root });
    const { summary } = await score({ ...scoreData('left-out', names), failedShards: 'leave-out' });
    const { failed, ...rest } = await summary;
    expect(rest).toEqual({
      run: 'left-out',
      shards: 30,
      rows: rows - shards[0]!.ids.length,
      scores: 'left-out/scores/',
    });
    expect(failed.count).toBe(1);
    expect(failed.first).toMatchObject([
      { shard: names[0], error: expect.stringMatching(/shard part-000\.csv: /) as string },
    ]);
    expect(scoresOf('left-out')).toBe(29);

    for (const name of names) await writeFile(join(root, name), 'id,a,b\n,\n');
    const none = await score({ ...scoreData('none', names), failedShards: 'leave-out' });
    await expect(none.summary).rejects.toThrow(/30 of 30 shards failed: .*; and 10 more$/);
    await close();
  });
});

test('what fails for a while is tried again, and is done once', { timeout: 60_000 }, async () => {
  const { root, names, store, score, work, close } = await world('flaky');
  const failures = new Map<string, number>();
  const flaky: JobStore = {
    ...store,
    async put(key, bytes) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      if (count === 0 && /part-00[135]|\/0-9$|summary/.test(key)) throw new Error('the disk is away');
      await store.put(key, bytes);
    },
  };
  work({ store: flaky, root }, { concurrency: 4 });
  const { summary } = await score(scoreData('flaky', names), { attempts: 3 });
  expect(await summary).toMatchObject({ rows, failed: { count: 0 } });
  for (const name of names) expect(text(store.kept.get(`flaky/scores/${name}`))).toBe(expected[name]);
  await close();
});

test('what fails for good above the shards fails the run, which says where', async () => {
  const { root, names, store, score, work, close } = await world('broken');
  const broken: JobStore = {
    ...store,
    put: (key, bytes) => (key.endsWith('/9-18') ? Promise.reject(new Error('no room')) : store.put(key, bytes)),
  };
  work({ store: broken, root, attempts: 1 });
  const { summary } = await score({ ...scoreData('broken', names), failedShards: 'leave-out' });
  await expect(summary).rejects.toThrow(/scoreJob: shards 0 to 26: scoreJob: shards 9 to 17: no room/);
  await close();
});

test('how far a run is: each shard counts once, and all count in the end', async () => {
  const { root, names, store, events, score, work, close } = await world('progress');
  const seen: RunProgress[] = [];
  const stop = followRun(events, { run: 'progress', onProgress: (progress) => seen.push(progress) });
  await events.waitUntilReady();
  for (let i = 0; i < 3; i++) work({ store, root });
  const { job, summary } = await score(scoreData('progress', names));
  const other = await score(scoreData('other', names));
  await summary;
  await other.summary;
  expect(seen.map(({ shards: count }) => count)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  expect(seen.at(-1)).toEqual({ run: 'progress', phase: 'score', shards: 30, of: 30, rows });
  expect(new Set(seen.map(({ run }) => run))).toEqual(new Set(['progress']));
  expect(job.id).toBeDefined();
  const fresh = await score(scoreData('progress', names));
  expect(await fresh.summary).toEqual(await summary); // as it lies in the store
  stop();
  await close();
});

test('a detector gives verdicts, as Parquet with the ids', async () => {
  const { root, names, store, score, work, close } = await world('verdicts');
  const known = drawnShards(40, 5).map(({ features, labels }) => ({
    features: { data: features, shape: [labels.length, 2] as const },
    labels,
  }));
  async function* blocks() {
    yield* await Promise.resolve(known);
  }
  const detector = await fitOutputDetector(blocks(), { scorer: mahalanobis(), alpha: 0.3 });
  await store.put('model/detector', detector.toBytes());
  work({ store, root });
  const data = { ...scoreData('verdicts', names), scorer: 'model/detector', format: 'parquet' };
  const { ood, rows: count } = await score(data).then(({ summary }) => summary);
  expect(count).toBe(rows);
  let called = 0;
  for (const { name, ids, features } of shards) {
    const verdicts = await detector.predict({ features: { data: features, shape: [ids.length, 2] } });
    called += verdicts.filter(({ isOod }) => isOod).length;
    const bytes = store.kept.get(`verdicts/scores/${name}.parquet`)!;
    const columns = { features: ['score', 'pValue'], ids: 'id' } as const;
    for await (const block of parquetBlocks(new Blob([bytes as Uint8Array<ArrayBuffer>]), { columns })) {
      expect(block.ids).toEqual(ids);
      const own = verdicts.flatMap(({ score: one, pValue }) => [Math.fround(one), Math.fround(pValue)]);
      expect([...block.features.data]).toEqual(own);
    }
  }
  expect(called).toBeGreaterThan(0);
  expect(ood).toBe(called);
  detector.dispose();
  await close();
});
