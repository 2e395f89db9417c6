import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobStore } from 'tfjs-ood/jobs';
import { startRedis, type RedisServer } from '../../examples/cluster/redis-server';
import { temporaryFolder } from '../node/temporary-folder';
import { drawnShards, writeShards } from './drawn-shards';
import { fittedOn, heldInMemory, putScorer, queueOf, scoreData, scoresByHand } from './score-world';

const place = temporaryFolder();
const shards = drawnShards(40, 2);
let redis: RedisServer;
let root: string;
let names: string[];
beforeAll(async () => {
  await tf.setBackend('cpu');
  redis = await startRedis({ folder: place('redis') });
  root = place('root');
  names = await writeShards(root, shards);
});
afterAll(() => redis.stop());

const text = (bytes: Uint8Array | null | undefined) => new TextDecoder().decode(bytes ?? undefined);

/** A store in memory with the scorer, and what must lie in it after a run. */
async function world(run: string) {
  const store = heldInMemory();
  const scorer = await fittedOn(shards.slice(0, 10));
  await putScorer(store, scorer);
  const expected = await scoresByHand(scorer, shards);
  scorer.dispose();
  const rows = shards.reduce((sum, { ids }) => sum + ids.length, 0);
  return {
    store,
    check(summary: unknown) {
      const none = { count: 0, first: [] };
      expect(summary).toEqual({ run, shards: shards.length, rows, failed: none, scores: `${run}/scores/` });
      const found = [...store.kept.keys()].filter((key) => key !== 'model/scorer').sort();
      const kept = ['plan.json', 'shards.txt', 'summary.json', ...names.map((name) => `scores/${name}`)];
      expect(found).toEqual(kept.map((key) => `${run}/${key}`).sort());
      for (const name of names) expect(text(store.kept.get(`${run}/scores/${name}`))).toBe(expected[name]);
    },
  };
}

/** The same store, slower. */
const slow = (store: JobStore, ms: number): JobStore => ({
  ...store,
  put: async (key, bytes) => wait(ms).then(() => store.put(key, bytes)),
});

test('a server that is killed and started again goes on where it was', { timeout: 120_000 }, async () => {
  const { store, check } = await world('restart');
  const { score, work, close } = queueOf('restart', { port: redis.port });
  const quick = { lockDuration: 2000, stalledInterval: 1000, maxStalledCount: 100 };
  for (let i = 0; i < 3; i++) work({ store: slow(store, 40), root }, quick);
  const { summary } = await score(scoreData('restart', names));
  const isBegun = () => [...store.kept.keys()].some((key) => key.includes('/scores/'));
  while (!isBegun()) await wait(5);
  await wait(150);
  await redis.stop('SIGKILL');
  await wait(500);
  expect(store.kept.has('restart/summary.json')).toBe(false); // in the middle
  await redis.start();
  check(await summary);
  await close();
});

/** A way to a port that can be cut. */
async function cuttable(port: number) {
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((here) => {
    if (isCut) return void here.destroy();
    const there = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [here, there],
      [there, here],
    ] as const) {
      open.add(one);
      one.on('error', () => undefined).on('close', () => (open.delete(one), other.destroy()));
      one.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of open) socket.destroy();
    },
    mend: () => void (isCut = false),
    close: () => void (server.close(), open.forEach((socket) => socket.destroy())),
  };
}

test('a worker that was cut off and comes late changes nothing', { timeout: 120_000 }, async () => {
  const { store, check } = await world('late');
  const way = await cuttable(redis.port);
  const quick = { lockDuration: 400, stalledInterval: 200, maxStalledCount: 100 };
  const far = queueOf('late', { port: way.port });
  const near = queueOf('late', { port: redis.port });
  let letGo!: () => void;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  let held: string | undefined;
  let isLate = false;
  // The far worker reads a shard, and then its part is not there for long
  const stuck: JobStore = {
    ...store,
    async put(key, bytes) {
      const isHeld = key.includes('/parts/') && held === undefined;
      if (isHeld) {
        held = key;
        way.cut();
        await gate;
      }
      await store.put(key, bytes);
      if (isHeld) isLate = store.kept.has(key);
    },
  };
  far.work({ store: stuck, root }, quick);
  const { summary } = await near.score(scoreData('late', names));
  while (held === undefined) await wait(5);
  const other = near.work({ store, root }, quick);
  const found = await summary;
  check(found);
  letGo();
  while (!isLate) await wait(5);
  way.mend();
  await other.close();
  // It is back: nobody else is there to do this
  const again = await near.score(scoreData('again', names));
  expect(await again.summary).toMatchObject({ shards: shards.length, failed: { count: 0 } });
  for (const key of store.kept.keys()) if (key.startsWith('again/')) store.kept.delete(key);
  check(found);
  await near.close();
  await far.close();
  way.close();
});
