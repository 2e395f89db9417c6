import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { download, extractTarGz, openRunFolder, StorageError, writeFileAtomic } from 'tfjs-ood/node';
import { describeOnDisk, mountDisk, unmountDisk } from '../needs-mount';

/** A disk of one megabyte, in memory. */
let disk = '';
const isFull = (error: unknown) => {
  expect(error).toBeInstanceOf(StorageError);
  expect((error as StorageError).code).toBe('ENOSPC');
  expect((error as StorageError).message).toContain('on a disk with space left');
  return true;
};
const random = seededRandom(4);
const content = Buffer.from(Uint8Array.from({ length: 1_500_000 }, () => random.integer(256)));

describeOnDisk('a full disk', () => {
  beforeAll(async () => {
    disk = await mkdtemp(join(tmpdir(), 'tfjs-ood-disk-'));
    mountDisk(disk, 'size=1m');
  });
  afterAll(async () => {
    unmountDisk(disk);
    await rm(disk, { recursive: true, force: true });
  });

  test('download: nothing stands under the name; with more space it goes on where it stopped', async () => {
    const ranges: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      const { range } = request.headers;
      ranges.push(range);
      const start = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
      const more = start > 0 && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
      const length = { 'content-length': content.length - start };
      response.writeHead(start > 0 ? 206 : 200, { etag: '"v1"', ...length, ...more });
      response.end(content.subarray(start));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
    const file = join(disk, 'file');
    try {
      expect(await download(url, file).catch(isFull)).toBe(true);
      expect(ranges).toEqual([undefined]); // trying again does not mend it
      expect(await readdir(disk)).not.toContain('file');
      mountDisk(disk, 'size=4m,remount');
      await download(url, file);
      expect(ranges[1]).toMatch(/^bytes=[1-9]\d+-$/);
      expect((await readFile(file)).equals(content)).toBe(true);
      expect(await readdir(disk)).toEqual(['file']);
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(file, { force: true });
      mountDisk(disk, 'size=1m,remount');
    }
  });

  test('an archive leaves nothing', async () => {
    const source = await mkdtemp(join(tmpdir(), 'tfjs-ood-source-'));
    await mkdir(join(source, 'set'));
    for (const i of [1, 2, 3]) await writeFile(join(source, 'set', `${i}.bin`), content.subarray(0, 500_000));
    const archive = join(source, 'a.tar.gz');
    await writeFile(archive, gzipSync(execFileSync('tar', ['-C', source, '-cf', '-', 'set'], { maxBuffer: 1e8 })));
    expect(await extractTarGz(archive, disk).catch(isFull)).toBe(true);
    expect(await readdir(disk)).toEqual([]);
    await rm(source, { recursive: true });
  });

  test('a file keeps what it had, and a run its last checkpoint', async () => {
    const file = join(disk, 'file');
    await writeFileAtomic(file, 'old');
    expect(await writeFileAtomic(file, content).catch(isFull)).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('old');
    const run = await openRunFolder(join(disk, 'run'), { seed: 1 });
    await run.saveCheckpoint(Uint8Array.of(1), { epoch: 1 });
    expect(await run.saveCheckpoint(content, { epoch: 2 }).catch(isFull)).toBe(true);
    const last = (await run.latestCheckpoint())!;
    expect([last.epoch, ...last.bytes, last.damaged.length]).toEqual([1, 1, 0]);
    await run.close();
    expect((await readdir(disk)).sort()).toEqual(['file', 'run']);
  });

  test('a line is there whole or not at all, and what comes after it is kept', async () => {
    const path = join(disk, 'lines');
    const run = await openRunFolder(path, { seed: 1 });
    await run.appendLine('e.jsonl', { epoch: 1 });
    const filler = join(disk, 'filler');
    await writeFile(filler, Buffer.alloc(700_000));
    const long = { epoch: 2, text: 'y'.repeat(500_000) };
    // Asked for at the same time: the second comes after the first was taken back.
    const both = [run.appendLine('e.jsonl', long), run.appendLine('e.jsonl', { epoch: 3 })];
    const [failed, added] = await Promise.allSettled(both);
    expect(failed!.status === 'rejected' && isFull(failed!.reason)).toBe(true);
    expect(added!.status).toBe('fulfilled');
    await rm(filler);
    await run.appendLine('e.jsonl', { epoch: 4 });
    const lines = ['{"epoch":1}', '{"epoch":3}', '{"epoch":4}', ''];
    expect((await readFile(join(path, 'e.jsonl'), 'utf8')).split('\n')).toEqual(lines);
    await run.truncateLines('e.jsonl', () => true);
    expect((await readFile(join(path, 'e.jsonl'), 'utf8')).split('\n')).toEqual(lines);
    await run.close();
    await rm(path, { recursive: true });
  });

  test('a lock that there was no room for leaves nothing, of a run or of a download', async () => {
    const path = join(disk, 'locked');
    await (await openRunFolder(path, { seed: 1 })).close();
    const before = (await readdir(disk)).sort();
    const { bavail, bsize } = await statfs(disk);
    await writeFile(join(disk, 'filler'), Buffer.alloc(bavail * bsize));
    expect(await openRunFolder(path, { seed: 1 }).catch(isFull)).toBe(true);
    expect(await download('http://127.0.0.1:9/', join(disk, 'new')).catch(isFull)).toBe(true);
    await rm(join(disk, 'filler'));
    expect(await readdir(path)).toEqual(['config.json']);
    expect((await readdir(disk)).sort()).toEqual(before);
  });
});
