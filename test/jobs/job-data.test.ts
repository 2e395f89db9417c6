import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { scorerMethods } from 'tfjs-ood/detector';
import { folderStore, scoreJob, type AddedJob, type JobStore } from 'tfjs-ood/jobs';
import { encodeScorer, mahalanobis } from 'tfjs-ood/scorers';
import { temporaryFolder } from '../node/temporary-folder';
import { loneJob } from './one-shard-job';

const place = temporaryFolder();
let root: string;
let store: JobStore;
const added: AddedJob[] = [];
const queue = { addBulk: (jobs: AddedJob[]) => Promise.resolve(void added.push(...jobs)) };
const opened = () => scoreJob({ queue, store, roots: { all: root }, methods: scorerMethods });
let process: ReturnType<typeof opened>;

beforeAll(async () => {
  await tf.setBackend('cpu');
  root = place('root');
  await mkdir(join(root, 'sub'), { recursive: true });
  await writeFile(join(root, 'one.csv'), 'id,a,b\nx,1,2\ny,3,4\n');
  await writeFile(join(root, 'sub', 'one.CSV'), 'id,a,b\nx,1,2\n');
  await writeFile(join(root, 'one.pkl'), 'nothing to run');
  const outside = place('outside.csv');
  await writeFile(outside, 'id,a,b\nsecret,1,2\n');
  await symlink(outside, join(root, 'out.csv'));
  store = folderStore(place('store'));
  const scorer = await mahalanobis().fit(
    [{ features: { data: Float32Array.of(0, 0, 1, 0, 0, 1, 2, 3), shape: [4, 2] }, labels: [0, 0, 0, 0] }],
    {},
  );
  await store.put('scorer', encodeScorer(scorer.state()));
  scorer.dispose();
  process = opened();
});

const usual = {
  run: 'fine',
  root: 'all',
  shards: ['one.csv'],
  columns: { features: ['a', 'b'], ids: 'id' },
  scorer: 'scorer',
  format: 'csv',
};
let runs = 0;
/** What a job of such data says where it fails. */
const complaint = (data: unknown) =>
  process(loneJob(data), 'token').then(
    () => undefined,
    (error: Error) => error,
  );
const changed = (change: object) => ({ ...usual, run: `run-${runs++}`, ...change });

test('a run of one shard is done by its own job', async () => {
  const job = loneJob(usual);
  const summary = { run: 'fine', shards: 1, rows: 2, failed: { count: 0, first: [] }, scores: 'fine/scores/' };
  expect(await process(job, 'token')).toEqual(summary);
  expect(job.progress).toEqual([{ run: 'fine', phase: 'score', shards: 1 }]);
  expect(await process(loneJob(usual, '2'), 'token')).toEqual(summary); // as it lies in the store
  const text = new TextDecoder().decode((await store.get('fine/scores/one.csv'))!);
  expect(text).toMatch(/^id,score\nx,[\d.]+\ny,[\d.]+\n$/);
  expect(await complaint(changed({ shards: ['sub/one.CSV'] }))).toBeUndefined();
  expect(await store.get(`run-${runs - 1}/scores/sub/one.CSV`)).toBeDefined();
});

describe('what is wrong with the data of a job is said by name, and no try can mend it', () => {
  test.each<[string, object, RegExp]>([
    ['a field more', { exec: 'rm -rf /' }, /job\.data\.exec must be left out \(there are only run, root, shards/],
    ['a run above', { run: '../x' }, /job\.data\.run must be a name of at most 100 letters/],
    ['no run', { run: undefined }, /job\.data\.run must be a name .*, got nothing/],
    ['a root that there is not', { root: 'other' }, /job\.data\.root must be one of all, got other/],
    ['a root of every object', { root: 'constructor' }, /job\.data\.root must be one of all, got constructor/],
    ['an absolute shard', { shards: ['/etc/passwd'] }, /job\.data\.shards must be a list of 1 to 1000 names/],
    ['a shard above', { shards: ['sub/../../x.csv'] }, /job\.data\.shards must be/],
    ['a shard twice', { shards: ['one.csv', 'one.csv'] }, /job\.data\.shards must be .*none twice/],
    ['no shard', { shards: [] }, /job\.data\.shards must be/],
    ['too many', { shards: Array.from({ length: 1001 }, (_, i) => `${i}`) }, /job\.data\.shards must be/],
    ['numbers', { shards: [1] }, /job\.data\.shards must be/],
    ['neither', { shards: undefined }, /job\.data must be with shards, or with a list of them, got neither/],
    ['both', { list: 'list.txt' }, /job\.data must be with shards, or with a list of them, got both/],
    ['a list above', { shards: undefined, list: '../list.txt' }, /job\.data\.list must be a relative name/],
    ['a link out', { shards: ['out.csv'] }, /shard must be below its folder, without a link that leads out of it/],
    ['no format', { shards: ['one.pkl'] }, /shard must be a file of parquet, arrow, feather, npz, safetensors, csv/],
    ['columns of nothing', { columns: {} }, /columns/],
    ['a column that there is not', { columns: { features: ['a', 'z'], ids: 'id' } }, /columns\.features/],
    ['a strange part', { columns: { feature: 'a', ids: 'id' } }, /columns must be without feature \(features\?\)/],
    ['no ids', { columns: { features: ['a', 'b'] } }, /job\.data\.columns must be with ids/],
    ['rows of none', { blockRows: 0 }, /job\.data\.blockRows must be a whole number from 1/],
    ['names twice', { classNames: ['a', 'a'] }, /job\.data\.classNames must be/],
    ['another word', { failedShards: 'ignore' }, /job\.data\.failedShards must be one of refuse, leave-out/],
    ['a scorer above', { scorer: '../scorer' }, /job\.data\.scorer must be a relative name/],
    ['a scorer that there is not', { scorer: 'none' }, /job\.data\.scorer must be a key of the store, got none/],
    ['no scorer', { scorer: 'fine/plan.json' }, /shard one\.csv: decodeSafetensors: .*fine\/plan\.json/],
    ['another format', { format: 'xlsx' }, /job\.data\.format must be one of parquet, csv/],
  ])('%s', async (_, change, message) => {
    const error = await complaint(changed(change));
    expect(error).toMatchObject({ name: 'UnrecoverableError', message: expect.stringMatching(message) as string });
    expect(error!.message).toMatch(/^scoreJob: /);
  });

  test('no object, too much', async () => {
    for (const data of [null, undefined, 5, 'text', [usual]]) {
      expect(await complaint(data)).toMatchObject({ name: 'UnrecoverableError', message: /^scoreJob: job\.data/ });
    }
    const long = changed({ shards: Array.from({ length: 900 }, (_, i) => `${i}${'x'.repeat(80)}.csv`) });
    expect((await complaint(long))!.message).toMatch(/job\.data must be at most 65536 bytes of JSON, got \d+/);
  });

  test('whatever JSON comes, nothing is done but to say so', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        for (const data of [value, { ...usual, plan: value }, { ...usual, root: value }, { ...usual, shards: value }]) {
          const error = await complaint(data);
          expect(error).toMatchObject({ name: 'UnrecoverableError' });
        }
      }),
      { numRuns: 60 },
    );
    expect(added).toEqual([]);
  });
});

test('a part must be of its run', async () => {
  added.length = 0;
  const names = Array.from({ length: 20 }, (_, i) => `${i}.csv`);
  await Promise.all(names.map((name) => symlink('one.csv', join(root, name))));
  const data = changed({ shards: names });
  expect(await complaint(data)).toMatchObject({ name: 'WaitingChildrenError' });
  expect(added.length).toBe(3); // of 8, 8 and 4
  const part = added.at(-1)!.data as Record<string, unknown>;
  expect(part).toMatchObject({ phase: 'score', from: 0, to: 8, of: '1.loyw3v28' });
  const wrong: [object, RegExp][] = [
    [{ from: 1 }, /job\.data must be a place in the tree of its run, got shards 1 to 8/],
    [{ to: 1000 }, /a place in the tree/],
    [{ from: -1 }, /job\.data\.from must be a whole number from 0/],
    [{ phase: 'fit' }, /job\.data\.phase must be one of score, got "fit"/],
    [{ phase: 'Fit it' }, /job\.data\.phase must be a phase/],
    [{ plan: '0'.repeat(64) }, /plan\.json must be the plan that the job was made for, got another one/],
    [{ plan: '../x' }, /job\.data\.plan must be a SHA-256/],
    [{ run: 'never-begun' }, /never-begun\/plan\.json must be the plan that the job was made for, got none/],
    [{ shards: ['one.csv'] }, /job\.data\.shards must be left out/],
    [{ of: 'a b' }, /job\.data\.of must be the id of a job/],
  ];
  for (const [change, message] of wrong) {
    const error = await complaint({ ...part, ...change });
    expect(error).toMatchObject({ name: 'UnrecoverableError', message: expect.stringMatching(message) as string });
  }
  // A run of the same name with other shards, or another scorer under the same key
  expect((await complaint({ ...data, shards: names.slice(1) }))!.message).toMatch(/run must be the name of a new run/);
  expect((await complaint({ ...data, blockRows: 5 }))!.message).toMatch(/run must be the name of a new run/);
  expect(await complaint(data)).toMatchObject({ name: 'WaitingChildrenError' });
});

test('the list of shards that the run was begun with stays the one', async () => {
  added.length = 0;
  await writeFile(join(root, 'list.txt'), Array.from({ length: 12 }, (_, i) => `${i}.csv\r\n`).join(''));
  const data = changed({ shards: undefined, list: 'list.txt' });
  expect(await complaint(data)).toMatchObject({ name: 'WaitingChildrenError' });
  expect(added.map(({ name }) => name)).toEqual(['score shards 8 to 11', 'score shards 0 to 7']);
  const [part] = added;
  await store.put(`${data.run}/shards.txt`, new TextEncoder().encode('one.csv\n'));
  const again = opened(); // one that remembers nothing
  const error = await again(loneJob(part!.data), 'token').catch((one: Error) => one);
  expect((error as Error).message).toMatch(/shards\.txt must be the list of shards that the run was begun with/);
  for (const text of ['', '../x.csv\n', '/x.csv\n', 'a.csv\na.csv\n']) {
    await writeFile(join(root, 'list.txt'), text);
    const { message } = (await complaint(changed({ shards: undefined, list: 'list.txt' })))!;
    expect(message).toMatch(/list\.txt must be a text that names shards, a line each, none twice/);
  }
});

test('a scorer that was changed meanwhile is not used', async () => {
  const other = folderStore(place('store'));
  await other.put('scorer', (await store.get('scorer'))!);
  const own = scoreJob({ queue, store: other, roots: { all: root }, methods: scorerMethods });
  added.length = 0;
  const names = ['0.csv', '1.csv'];
  await own(loneJob({ ...usual, shards: names }), 'token').catch(() => undefined);
  await other.put('scorer', (await store.get('fine/plan.json'))!);
  const error = await own(loneJob(added[0]!.data), 'token').catch((one: Error) => one);
  expect((error as Error).message).toMatch(/job\.data\.scorer must be what it was when the run began, got other bytes/);
});

test('a job needs the token of a worker', async () => {
  const error = await process(loneJob(usual)).catch((one: Error) => one);
  expect((error as Error).message).toMatch(/token must be that of a job which a Worker of bullmq has taken/);
});
