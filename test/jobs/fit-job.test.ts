import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { QueueEvents, Queue, Worker } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import { fitJob, scoreJob, type AddedJob, type FitData, type FitSummary, type JobStore } from 'tfjs-ood/jobs';
import {
  decodeScorer,
  encodeScorer,
  mahalanobis,
  msp,
  nearestNeighbors,
  partialCalibration,
  react,
  type ScorerMethod,
} from 'tfjs-ood/scorers';
import { startRedis, type RedisServer } from '../../examples/cluster/redis-server';
import { temporaryFolder } from '../node/temporary-folder';
import { COLUMNS, drawnShards, writeShards, type DrawnShard } from './drawn-shards';
import { loneJob } from './one-shard-job';
import { heldInMemory, scoresByHand } from './score-world';

const place = temporaryFolder();
const shards = drawnShards(25, 6);
const methods = { gaussian: mahalanobis(), bank: nearestNeighbors({ k: 3, bankSize: 60 }), softmax: msp() };
let redis: RedisServer;
beforeAll(async () => {
  await tf.setBackend('cpu');
  redis = await startRedis({ folder: place('redis') });
});
afterAll(() => redis.stop());

/** One process, in one pass over some shards. */
async function partialOf(method: ScorerMethod, some: readonly DrawnShard[], calibrationShare = 0) {
  const partial = await method.partial({ calibrationShare, seed: 1 });
  for (const { name, ids, features, labels } of some) {
    const block = { features: { data: features, shape: [ids.length, 2] as const }, labels };
    await partial.add(block as never, { ids, shard: name });
  }
  return partial;
}

/** A run that two workers in this process do. */
async function fitted(name: string, store: JobStore, root: string, data: Partial<FitData>, own = {}) {
  const connection = { port: redis.port };
  const [queue, events] = [new Queue(name, { connection }), new QueueEvents(name, { connection })];
  const before = tf.memory().numTensors;
  const processor = fitJob({ queue, store, roots: { all: root }, methods, fanOut: 3, attempts: 1, ...own });
  const workers = [1, 2].map(() => new Worker(name, processor, { connection }));
  try {
    const job = await queue.add('fit', { run: name, root: 'all', columns: COLUMNS, ...data });
    return (await job.waitUntilFinished(events)) as FitSummary;
  } finally {
    for (const worker of workers) await worker.close();
    processor.dispose();
    await Promise.resolve();
    expect(tf.memory().numTensors).toBe(before);
    await events.close();
    await queue.close();
  }
}

test('without rows that calibrate there is a scorer alone, that of one process', async () => {
  const root = place('root');
  const names = await writeShards(root, shards);
  const store = heldInMemory();
  const summary = await fitted('bank', store, root, { method: 'bank', shards: names });
  const rows = shards.reduce((sum, { ids }) => sum + ids.length, 0);
  const none = { count: 0, first: [] };
  const scorer = 'bank/scorer.safetensors';
  expect(summary).toEqual({ run: 'bank', method: 'bank', shards: 25, rows, fitted: rows, failed: none, scorer });
  const alone = await methods.bank.fromPartial(await partialOf(methods.bank, shards));
  expect(store.kept.get(scorer)).toEqual(encodeScorer(alone.state()));
  alone.dispose();
  expect([...store.kept.keys()].sort()).toEqual(
    ['plan.json', 'scorer.safetensors', 'shards.txt', 'summary.json'].map((key) => `bank/${key}`),
  );
});

test('a shard that is left out fits nothing and calibrates nothing', async () => {
  const root = place('root');
  const names = await writeShards(root, shards);
  await writeFile(join(root, names[9]!), 'id,a,b,label\n1,2,3\n');
  const store = heldInMemory();
  const calibrate = { share: 0.3, alpha: 0.2 };
  const list = 'list.txt';
  await writeFile(join(root, list), names.join('\n'));
  const summary = await fitted('left', store, root, { method: 'gaussian', list, calibrate, failedShards: 'leave-out' });
  const others = shards.filter((_, i) => i !== 9);
  const partial = await partialOf(methods.gaussian, others, 0.3);
  const rows = others.reduce((sum, { ids }) => sum + ids.length, 0);
  expect(summary).toMatchObject({ rows, fitted: partial.count, calibration: { rows: partial.heldOut } });
  for (const { failed } of [summary, summary.calibration!]) {
    expect(failed).toMatchObject({ count: 1, first: [{ shard: names[9] }] });
  }
  const scorer = methods.gaussian.restore(decodeScorer(store.kept.get(summary.scorer)!), {});
  const calibration = partialCalibration(scorer, { share: 0.3 });
  for (const { name, ids, features } of others) {
    await calibration.add({ features: { data: features, shape: [ids.length, 2] } }, { ids, shard: name });
  }
  const bytes = store.kept.get(summary.calibration!.detector)!;
  const detector = loadOutputDetector(bytes, { scorer: mahalanobis() });
  expect([...detector.state.calibrations[0]!]).toEqual([...calibration.scores()].sort((a, b) => a - b));
  expect(detector.state.cutPoints).toEqual({ default: 0.2 });
  detector.dispose();
  scorer.dispose();
});

test('two shards with the same rows are an error that names the id', async () => {
  const root = place('root');
  const twice = [shards[0]!, { ...shards[0]!, name: 'again.csv' }, shards[1]!];
  const names = await writeShards(root, twice);
  const failed = fitted('twice', heldInMemory(), root, { method: 'bank', shards: names });
  await expect(failed).rejects.toThrow(
    /id "0-\d" of shard again\.csv, row \d, which is shard part-000\.csv, row \d too/,
  );
});

test('what is wrong with the data of a job is said by name', async () => {
  const root = place('root');
  await mkdir(root);
  const queue = { addBulk: () => Promise.reject(new Error('nothing is added')) };
  const process = fitJob({ queue, store: heldInMemory(), roots: { all: root }, methods });
  const usual = { run: 'wrong', root: 'all', shards: ['one.csv'], columns: COLUMNS, method: 'gaussian' };
  const calibrate = { share: 0.2 };
  const cases: [object, RegExp][] = [
    [{ method: 'other' }, /job\.data\.method must be one of gaussian, bank, softmax, got other/],
    [{ method: 'constructor' }, /job\.data\.method must be one of/],
    [{ method: undefined }, /job\.data\.method must be a string/],
    [{ columns: { features: ['a', 'b'] } }, /job\.data\.columns must be with labels, which method gaussian needs/],
    [{ method: 'softmax', calibrate }, /job\.data\.columns must be with logits, which method softmax needs/],
    [{ columns: { ...COLUMNS, ids: undefined }, calibrate }, /job\.data\.columns must be with ids, a hash of which/],
    [{ calibrate: { share: 1.5 } }, /job\.data\.calibrate\.share must be a share between 0 and 1/],
    [{ calibrate: {} }, /job\.data\.calibrate\.share must be a share .*, got nothing/],
    [{ calibrate: 0.2 }, /job\.data\.calibrate must be an object/],
    [{ calibrate: { share: 0.2, seed: 'x' } }, /job\.data\.calibrate\.seed must be a whole number/],
    [{ calibrate: { share: 0.2, aplha: 0.1 } }, /job\.data\.calibrate\.aplha must be left out/],
    [{ scorer: 'x' }, /job\.data\.scorer must be left out/],
  ];
  for (const [change, message] of cases) {
    const error = await process(loneJob({ ...usual, ...change }), 'token').catch((one: Error) => one);
    expect(error).toMatchObject({ name: 'UnrecoverableError', message: expect.stringMatching(message) as string });
  }
});

test('a worker must have the method that the run was begun with', async () => {
  const root = place('root');
  const names = await writeShards(root, shards);
  const store = heldInMemory();
  const added: AddedJob[] = [];
  const queue = { addBulk: (jobs: AddedJob[]) => Promise.resolve(void added.push(...jobs)) };
  const given = { queue, store, roots: { all: root } };
  const data = { run: 'begun', root: 'all', shards: names, columns: COLUMNS, method: 'gaussian' };
  const waits = await fitJob({ ...given, methods })(loneJob(data), 'token').catch((one: Error) => one);
  expect(waits).toMatchObject({ name: 'WaitingChildrenError' });
  const others: [Record<string, ScorerMethod>, RegExp][] = [
    [{ gaussian: nearestNeighbors() }, /methods must be with gaussian of kind 'mahalanobis', .* got one of kind 'near/],
    [{ other: mahalanobis() }, /methods must be with gaussian of kind 'mahalanobis', which .*, got none/],
  ];
  for (const [own, message] of others) {
    const error = await fitJob({ ...given, methods: own })(loneJob(added[0]!.data), 'token').catch((one: Error) => one);
    expect(error).toMatchObject({ name: 'UnrecoverableError', message: expect.stringMatching(message) as string });
  }
});

test('a job that is given up ends, whatever the reason', async () => {
  const root = place('root');
  const names = await writeShards(root, shards.slice(0, 1));
  const queue = { addBulk: () => Promise.resolve() };
  const process = fitJob({ queue, store: heldInMemory(), roots: { all: root }, methods });
  const data = { run: 'given-up', root: 'all', shards: names, columns: COLUMNS, method: 'gaussian' };
  for (const reason of ['enough', new Error('enough')]) {
    const error = await process(loneJob(data), 'token', AbortSignal.abort(reason)).catch((one: Error) => one);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(/shard part-000\.csv: enough$/);
  }
});

test('a method that needs the last layer has it from the worker; the saved scorer has it too', async () => {
  const root = place('root');
  const names = await writeShards(root, shards);
  const store = heldInMemory();
  const head = {
    weights: Float32Array.of(1, 0.5, -1, -0.5, 1, 2),
    bias: Float32Array.of(0.1, 0, -0.1),
    shape: [2, 3] as const,
  };
  const method = react();
  const summary = await fitted(
    'head',
    store,
    root,
    { method: 'react', shards: names },
    { methods: { react: method }, head },
  );
  const partial = await method.partial({ head });
  for (const { name, ids, features } of shards) {
    await partial.add({ features: { data: features, shape: [ids.length, 2] } }, { ids, shard: name });
  }
  const alone = await method.fromPartial(partial, { head });
  expect(store.kept.get(summary.scorer)).toEqual(encodeScorer(alone.state()));

  const queue = { addBulk: () => Promise.resolve() };
  const columns = { features: COLUMNS.features, ids: COLUMNS.ids };
  const data = {
    run: 'scored',
    root: 'all',
    shards: names.slice(0, 1),
    columns,
    scorer: summary.scorer,
    format: 'csv',
  };
  const processor = scoreJob({ queue, store, roots: { all: root }, methods: scorerMethods });
  await processor(loneJob(data), 'token');
  const expected = await scoresByHand(alone, shards.slice(0, 1));
  expect(new TextDecoder().decode(store.kept.get(`scored/scores/${names[0]}`))).toBe(expected[names[0]!]);
  processor.dispose();
  alone.dispose();
});
