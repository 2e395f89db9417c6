import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SingleBar } from 'cli-progress';
import { InvalidArgumentError, program } from 'commander';
import { whole } from '../runner/arguments';
import { calibration, startCluster, type Done } from './cluster';
import { idsOnce, largestDifference } from './compare';
import { drawShards } from './draw-shards';
import type { ClusterFolders, SingleOrders, WorkerOrders } from './messages';
import { METHODS } from './methods';
import { start, type Watched } from './processes';
import { fitAlone } from './single';
import { runWorker } from './worker';

interface Options {
  rows: number;
  width: number;
  shards: number;
  workers: number;
  share: number;
  lock: number;
  out: string;
  compare?: boolean;
}

const self = fileURLToPath(import.meta.url);
const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
const line = (...cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
const head = (...cells: string[]) => {
  line(...cells);
  line(...cells.map((_, i) => (i === 0 ? '---' : '---:')));
};

function shareOf(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Expected a share between 0 and 1.');
}

/** A bar in a terminal; nothing elsewhere. */
function progressBar() {
  const bar = new SingleBar({ format: '{what} [{bar}] {value}/{total}', clearOnComplete: true, noTTYOutput: false });
  return {
    show(what: string, value: number, total: number) {
      if (!process.stdout.isTTY) return;
      if (!bar.isActive) bar.start(total, value, { what });
      bar.setTotal(total);
      bar.update(value, { what });
    },
    stop: () => bar.stop(),
  };
}

const doneLine = ({ what, rows, seconds, worker, server }: Done) =>
  line(what, seconds.toFixed(1), Math.round(rows / seconds).toLocaleString('en'), mib(worker), mib(server));

/** One worker beside two. */
async function compareWorkers(folders: ClusterFolders, names: string[], options: Options): Promise<void> {
  const { rows, lock, share, out } = options;
  const seconds: number[] = [];
  const kinds = Object.keys(METHODS).flatMap((method) => [`${method}: fit and calibrate, s`, `${method}: score, s`]);
  head('workers', ...kinds, 'all, s');
  for (const workers of [1, 2]) {
    const redis = join(out, 'redis');
    await rm(redis, { recursive: true, force: true });
    const cluster = await startCluster({ ...folders, program: self, redis, workers, lock }, () => undefined);
    const own: number[] = [];
    for (const method of Object.keys(METHODS)) {
      const run = `${method}-${workers}`;
      const fitted = await cluster.timed('fit', () => cluster.fit(run, method, names, calibration(share)));
      const { detector } = fitted.calibration!;
      const scored = await cluster.timed('score', () => cluster.score(`${run}-scores`, detector, names));
      own.push(fitted.done.seconds, scored.done.seconds);
    }
    seconds.push(own.reduce((sum, one) => sum + one, 0));
    line(workers, ...own.map((one) => one.toFixed(1)), seconds.at(-1)!.toFixed(1));
    await cluster.close();
  }
  console.log(`\ntwo workers are ${(seconds[0]! / seconds[1]!).toFixed(2)} times as fast as one, on ${rows} rows`);
}

/** All of it: a fit in one process, the cluster with its troubles, and what both came to. */
async function wholeExample(folders: ClusterFolders, names: string[], options: Options): Promise<void> {
  const { rows, workers, lock, share, out } = options;
  const bar = progressBar();
  const alone: Watched = start(self, 'single', { ...folders, shards: names, share } satisfies SingleOrders);
  const [code] = (await once(alone.child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`The fit in one process ended with ${code}.`);
  head('what', 'seconds', 'rows/s', 'largest process, MiB', 'Redis, MiB');
  for (const [what, seconds] of Object.entries(alone.seconds)) {
    doneLine({ what: `one process, ${what}`, rows, seconds, worker: alone.most, server: 0 });
  }

  const redis = join(out, 'redis');
  await rm(redis, { recursive: true, force: true });
  const show = ({ run, phase, shards, of }: { run: string; phase: string; shards: number; of: number }) =>
    bar.show(`${run}, ${phase}`, shards, of);
  const cluster = await startCluster({ ...folders, program: self, redis, workers, lock }, show);
  const troubles: string[] = [];
  const trouble = (share: number, what: string, work: () => Promise<void>) =>
    cluster.at(share, () => void work().then(() => troubles.push(what)));
  try {
    for (const method of Object.keys(METHODS)) {
      if (method === 'mahalanobis') trouble(0.4, 'one worker killed by -9 in a fit', cluster.killOne);
      const { done, calibration: found } = await cluster.timed(`${workers} workers, ${method}: fit and calibrate`, () =>
        cluster.fit(method, method, names, calibration(share)),
      );
      doneLine(done);
      if (method === 'mahalanobis') {
        trouble(0.4, 'Redis killed by -9 while shards were scored, and started again', async () => {
          await cluster.redis.stop('SIGKILL');
          await cluster.redis.start();
        });
      }
      const scored = await cluster.timed(`${workers} workers, ${method}: score as Parquet`, () =>
        cluster.score(`${method}-scores`, found!.detector, names),
      );
      doneLine(scored.done);
      const keys = names.map((name) => `${scored.scores}${name}`);
      const once = await idsOnce(folders.store, keys, rows);
      console.error(`${method}: ${scored.ood} of ${scored.rows} called OoD; every id ${once ? 'once' : 'NOT once'}`);
      if (!once) process.exitCode = 1;
    }
    await writeFile(join(folders.train, 'poisoned.parquet'), 'PAR1 and nothing else PAR1');
    const poisoned = [...names.slice(0, 3), 'poisoned.parquet'];
    const fails = cluster.fit('poisoned', 'mahalanobis', poisoned).then(
      () => 'no error',
      ({ message }: Error) => message,
    );
    console.log(`\na poisoned shard: ${await fails}`);
    console.log(`troubles: ${troubles.join('; ')}\n`);
  } finally {
    bar.stop();
    await cluster.close();
  }
  head('largest difference from one process', 'scorer', 'calibrated detector');
  for (const method of Object.keys(METHODS)) {
    const [scorer, detector] = await Promise.all(
      ['scorer', 'detector'].map((what) =>
        largestDifference(folders.store, `${method}/${what}.safetensors`, `single/${method}/${what}`),
      ),
    );
    line(method, scorer!, detector!);
    if (!(scorer! <= 1e-10)) process.exitCode = 1;
  }
}

async function main(options: Options): Promise<void> {
  const out = resolve(options.out);
  const { rows, width, shards } = options;
  const folders = { train: join(out, 'train'), fresh: join(out, 'fresh'), store: join(out, 'store') };
  await rm(folders.store, { recursive: true, force: true });
  const drawn = { rows, width, classes: 10, shards };
  const bar = progressBar();
  let count = 0;
  const onShard = () => bar.show('drawing shards', ++count, 2 * shards);
  const names = await drawShards(folders.train, { ...drawn, seed: 1 }, onShard);
  await drawShards(folders.fresh, { ...drawn, seed: 2 }, onShard);
  bar.stop();
  const load = loadavg().map((value) => value.toFixed(1));
  console.log(`${rows} x ${width} in ${shards} shards, ${cpus().length} cores, load ${load.join(', ')} at the start\n`);
  await (options.compare ? compareWorkers : wholeExample)(folders, names, { ...options, out });
}

const [, , role, orders] = process.argv;
const failed = (error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
};
if (role === 'worker') runWorker(JSON.parse(orders!) as WorkerOrders).catch(failed);
else if (role === 'single') fitAlone(JSON.parse(orders!) as SingleOrders).catch(failed);
else {
  program
    .name('npm run example:cluster --')
    .description('Fits, calibrates and scores on several processes over BullMQ and Redis, with trouble on the way.')
    .option('--rows <count>', 'known rows that are drawn, and as many fresh ones', whole, 1_000_000)
    .option('--width <count>', 'numbers of a row', whole, 128)
    .option('--shards <count>', 'files that they lie in', whole, 64)
    .option('--workers <count>', 'processes', whole, 4)
    .option('--share <share>', 'share of the rows that calibrates', shareOf, 0.02)
    .option('--lock <ms>', 'after so long without a sign of life a worker is taken for dead', whole, 10_000)
    .option('--out <folder>', 'where everything lies', 'runs/cluster')
    .option('--compare', 'one worker beside two instead')
    .parse();
  main(program.opts<Options>()).catch(failed);
}
