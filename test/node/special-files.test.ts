import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FormatError } from 'tfjs-ood';
import {
  detectorFile,
  download,
  extractTarGz,
  loadCifar10,
  loadMnist,
  loadSvhn,
  openRunFolder,
  StorageError,
} from 'tfjs-ood/node';
import { makeFolder } from '../../src/node/make-folder';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();

/** What a promise comes to; `'waits'` after ten seconds, which nothing here takes. */
const endOf = (promise: Promise<unknown>): Promise<unknown> => {
  const end = promise.then(
    () => 'done',
    (error: unknown) => error,
  );
  return Promise.race([end, sleep(10_000, 'waits', { ref: false })]);
};

const MNIST = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];
const FILES = [
  ...[...MNIST, 'train_32x32.mat', 'test_32x32.mat', 'data_batch_1.bin', 'test_batch.bin'],
  ...['x.safetensors', 'x.tar.gz'],
];

/** Things that are no regular files, in the place of each file. */
const kinds: Record<string, (folder: string) => Promise<unknown>> = {
  pipe: (folder) =>
    Promise.resolve(
      execFileSync(
        'mkfifo',
        FILES.map((name) => join(folder, name)),
      ),
    ),
  folder: (folder) => Promise.all(FILES.map((name) => mkdir(join(folder, name)))),
  'device without end': (folder) => Promise.all(FILES.map((name) => symlink('/dev/zero', join(folder, name)))),
  socket: (folder) =>
    Promise.all(
      FILES.map(async (name) => {
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(join(folder, name), resolve));
        server.unref();
      }),
    ),
};

describe.skipIf(process.platform === 'win32')('in the place of a file', () => {
  describe.each(Object.keys(kinds))('a %s', (kind) => {
    test.each<[string, (folder: string) => Promise<unknown>]>([
      ['loadMnist', loadMnist],
      ['loadSvhn', loadSvhn],
      ['loadCifar10', loadCifar10],
      ['detectorFile', (folder) => detectorFile(join(folder, 'x.safetensors')).load!()],
      ['extractTarGz', (folder) => extractTarGz(join(folder, 'x.tar.gz'), join(folder, 'out'))],
    ])('%s: a FormatError that names it', async (name, read) => {
      const folder = place();
      await mkdir(folder);
      await kinds[kind]!(folder);
      const error = await endOf(read(folder));
      expect(error).toBeInstanceOf(FormatError);
      const { where, what, received } = (error as FormatError).details;
      expect(where).toBe(name);
      expect(what.startsWith(folder)).toBe(true);
      expect(received).toMatch(/a pipe or device|a folder|a socket/);
      expect(await readdir(join(folder, 'out')).catch(() => [])).toEqual([]);
    });
  });

  test('a run folder: configuration, lock, checkpoint, lines, JSON', async () => {
    const path = place();
    const run = await openRunFolder(path, { seed: 1 });
    for (const name of ['a.jsonl', 'b.json', 'checkpoint-000001.safetensors', 'checkpoint-000001.safetensors.sha256']) {
      execFileSync('mkfifo', [join(path, name)]);
    }
    expect(await endOf(run.appendLine('a.jsonl', { epoch: 1 }))).toBeInstanceOf(ArgumentError);
    expect(await endOf(run.truncateLines('a.jsonl', () => true))).toBeInstanceOf(FormatError);
    expect(await endOf(run.readJson('b.json'))).toBeInstanceOf(FormatError);
    expect(await endOf(run.latestCheckpoint())).toBeInstanceOf(FormatError);
    expect(await endOf(run.saveCheckpoint(Uint8Array.of(1), { epoch: 1 }))).toBe('done'); // renamed over both
    expect((await run.latestCheckpoint())!.bytes).toHaveLength(1);
    await run.close();
    await rm(join(path, 'config.json'));
    execFileSync('mkfifo', [join(path, 'config.json')]);
    expect(await endOf(openRunFolder(path, { seed: 1 }))).toBeInstanceOf(FormatError);
    await rm(join(path, 'config.json'));
    execFileSync('mkfifo', [join(path, 'run.lock')]);
    expect(await endOf(openRunFolder(path, { seed: 1 }))).toBeInstanceOf(ArgumentError); // a lock that is being written
  });

  test('a download: what it writes to beside the file', async () => {
    for (const name of ['file.part', 'file.part.source', 'file.part.lock']) {
      const folder = place();
      await mkdir(folder);
      execFileSync('mkfifo', [join(folder, name)]);
      const error = await endOf(download('http://127.0.0.1:9/', join(folder, 'file'), { retries: 0 }));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(String(error)).toContain(name);
    }
  });
});

describe('folders', () => {
  test.skipIf(process.platform !== 'linux')('where nothing can be made are a StorageError at once', async () => {
    for (const path of ['/proc/x', '/proc/x/y/z', '/proc/self/x']) {
      const archive = place('a.tar.gz');
      await writeFile(archive, '');
      for (const made of [
        () => openRunFolder(path, {}),
        () => extractTarGz(archive, path),
        () => download('http://127.0.0.1:9/', join(path, 'file')),
      ]) {
        const error = await endOf(made());
        expect(error).toBeInstanceOf(StorageError);
        expect((error as StorageError).code).toMatch(/ENOENT|EACCES|EPERM|EROFS/);
      }
    }
  });

  test('are made with those above them, and may be there', async () => {
    const path = place();
    await makeFolder(join(path, 'a', 'b', '..', 'c'));
    await makeFolder(join(path, 'a', 'c'));
    expect(await readdir(join(path, 'a'))).toEqual(['c']);
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(join(path, 'x', 'y', 'z')))); // at the same time
    await writeFile(join(path, 'file'), 'text');
    await expect(makeFolder(join(path, 'file'))).rejects.toThrow('EEXIST');
    await expect(makeFolder(join(path, 'file', 'deep', 'er'))).rejects.toThrow('ENOTDIR');
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('text');
  });
});
