import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { openRunFolder } from 'tfjs-ood/node';
import { buildNode, startScript } from './built-node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();

/** Every checkpoint's bytes follow from its epoch, so that a mixture of two would show. */
const SIZE = 300_000;
const bytesOf = (epoch: number) => new Uint8Array(new Uint32Array(SIZE / 4).fill(epoch).buffer);

const title = 'kill -9 at any moment leaves a checkpoint that is whole, and never an older one than was reported';
test(title, { timeout: 120_000 }, async () => {
  const module = await buildNode(place('built'));
  const path = place('run');
  const script = `
    const run = await openRunFolder(${JSON.stringify(path)}, { seed: 1 });
    let epoch = (await run.latestCheckpoint())?.epoch ?? 0;
    await run.truncateLines('epochs.jsonl', (record) => record.epoch <= epoch);
    process.stdout.write('start\\n');
    for (;;) {
      epoch++;
      await run.appendLine('epochs.jsonl', { epoch });
      await run.saveCheckpoint(new Uint8Array(new Uint32Array(${SIZE / 4}).fill(epoch).buffer), { epoch });
      process.stdout.write(epoch + '\\n');
    }`;
  const random = seededRandom(4);
  const until = Date.now() + 8000;
  let [kills, reported] = [0, 0];
  // Eight seconds, or on a slow machine until it got on.
  for (; kills <= 10 || reported <= 10 || (kills < 40 && Date.now() < until); kills++) {
    const { child, output, ended } = startScript(module, script);
    const moment = Math.max(60, 5 * kills) * random.uniform(); // later in the end, where a disk is slow
    child.stdout!.once('data', () => setTimeout(() => child.kill('SIGKILL'), moment));
    expect(await ended, output()).toBe(null);
    reported = Math.max(reported, ...output().split('\n').map(Number).filter(Number.isFinite));

    const run = await openRunFolder(path, { seed: 1 });
    const latest = await run.latestCheckpoint();
    if (reported > 0 || latest) {
      expect(latest!.damaged).toEqual([]);
      expect(latest!.epoch).toBeGreaterThanOrEqual(reported);
      expect(Buffer.compare(latest!.bytes, bytesOf(latest!.epoch))).toBe(0);
    }
    const done = latest?.epoch ?? 0;
    await run.truncateLines('epochs.jsonl', (record) => (record.epoch as number) <= done);
    const lines = (await readFile(join(path, 'epochs.jsonl'), 'utf8')).trim();
    const epochs = lines === '' ? [] : lines.split('\n').map((line) => (JSON.parse(line) as { epoch: number }).epoch);
    expect(epochs).toEqual(Array.from({ length: done }, (_, i) => i + 1));
    await run.close();
    expect((await readdir(path)).filter((name) => name.endsWith('.part'))).toEqual([]);
  }
});
