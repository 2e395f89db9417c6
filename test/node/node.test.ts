import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError, FormatError, seededRandom } from 'tfjs-ood';
import {
  download,
  extractTarGz,
  loadCifar10,
  loadMnist,
  loadSvhn,
  nodeInflate,
  openRunFolder,
  readImageList,
  writeFileAtomic,
} from 'tfjs-ood/node';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tfjs-ood-node-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));
const fresh = async (name: string) => {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  return path;
};

describe('readImageList', () => {
  const list = async (name: string, images: Record<string, Buffer>, text = Object.keys(images).join('\n')) => {
    const home = await fresh(name);
    await fresh(`${name}/images`);
    await writeFile(join(home, 'images.txt'), text);
    for (const [file, bytes] of Object.entries(images)) await writeFile(join(home, 'images', file), bytes);
    return home;
  };
  const image = (channels: 3 | 4, colour: number[], side = 4) =>
    sharp({
      create: {
        width: side,
        height: side,
        channels,
        background: { r: colour[0]!, g: colour[1]!, b: colour[2]!, alpha: 0.5 },
      },
    });

  test('colour, grey and transparent images become three channels', async () => {
    const grey = await image(3, [90, 90, 90]).toColourspace('b-w').png().toBuffer();
    expect((await sharp(grey).metadata()).channels).toBe(1);
    const home = await list('list', {
      'a.png': await image(3, [10, 20, 30]).png().toBuffer(),
      'b.png': grey,
      'c.png': await image(4, [1, 2, 3]).png().toBuffer(),
      'd.jpg': await image(3, [200, 100, 50]).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
    });
    const { images, shape, names } = await readImageList(home);
    expect(shape).toEqual([4, 4, 4, 3]);
    expect(names).toEqual(['a.png', 'b.png', 'c.png', 'd.jpg']);
    const pixel = (n: number) => [...images.subarray(n * 48, n * 48 + 3)];
    expect([pixel(0), pixel(1), pixel(2)]).toEqual([
      [10, 20, 30],
      [90, 90, 90],
      [1, 2, 3],
    ]);
    pixel(3).forEach((value, c) => expect(Math.abs(value - [200, 100, 50][c]!)).toBeLessThanOrEqual(2));
    expect((await readImageList(home, { size: [2, 3], limit: 2 })).shape).toEqual([2, 2, 3, 3]);
  });

  test('what is refused', async () => {
    const png = await image(3, [1, 1, 1]).png().toBuffer();
    const outside = await list('outside', { 'a.png': png }, '../secret.png');
    await writeFile(join(outside, 'secret.png'), png);
    await expect(readImageList(outside)).rejects.toThrow('names of files below images/, got ../secret.png');
    const linked = await list('linked', {}, 'link.png');
    await symlink(join(outside, 'secret.png'), join(linked, 'images', 'link.png'));
    await expect(readImageList(linked)).rejects.toThrow(ArgumentError);
    await expect(readImageList(await list('broken', { 'a.png': png.subarray(0, 40) }))).rejects.toThrow(FormatError);
    const sizes = { 'a.png': png, 'b.png': await image(3, [1, 1, 1], 5).png().toBuffer() };
    await expect(readImageList(await list('sizes', sizes))).rejects.toThrow('b.png must be an image of [4, 4, 3]');
    await expect(readImageList(await list('empty', {}, '\n'))).rejects.toThrow('one file name a line');
  });
});

describe('download', () => {
  const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 256));
  const sha256 = createHash('sha256').update(content).digest('hex');
  const md5 = createHash('md5').update(content).digest('hex');
  let server: Server;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let requests: (string | undefined)[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request.headers.range);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
  const options = { sha256, md5, bytes: content.length };

  /** Serves ranges; cuts the connection after `cut` bytes of an answer. */
  const serve =
    (cut = Infinity, tag: string | null = '"v1"') =>
    (request: IncomingMessage, response: ServerResponse) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const isRest = request.headers.range !== undefined && request.headers['if-range'] === tag;
      const part = content.subarray(isRest ? start : 0);
      const headers: Record<string, string | number> = { 'content-length': part.length };
      if (tag !== null) headers.etag = tag;
      if (isRest) headers['content-range'] = `bytes ${start}-${content.length - 1}/${content.length}`;
      response.writeHead(isRest ? 206 : 200, headers);
      if (part.length <= cut) response.end(part);
      else response.write(part.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
    };
  const begin = (how: typeof answer) => {
    requests = [];
    answer = how;
  };

  test('a whole file, with progress', async () => {
    const file = join(await fresh('whole'), 'file');
    const progress: [number, number | undefined][] = [];
    begin(serve());
    await download(url(), file, { ...options, onProgress: (received, total) => progress.push([received, total]) });
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(progress.at(-1)).toEqual([content.length, content.length]);
    expect(await readdir(join(folder, 'whole'))).toEqual(['file']);
  });

  test('a cut connection goes on where it stopped', async () => {
    const file = join(await fresh('cut'), 'file');
    begin(serve(100_000));
    await download(url(), file, options);
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(requests).toHaveLength(3);
    expect(requests.slice(1).every((range) => range !== undefined && range !== 'bytes=0-')).toBe(true);
  });

  test('a later call goes on, and a server without ranges starts again', async () => {
    const file = join(await fresh('later'), 'file');
    begin(serve(50_000));
    await expect(download(url(), file, { ...options, retries: 0 })).rejects.toThrow();
    expect(existsSync(file)).toBe(false);
    begin(serve());
    await download(url(), file, options);
    expect(requests).toEqual(['bytes=50000-']);
    expect(readFileSync(file).equals(content)).toBe(true);

    const again = join(folder, 'later', 'again');
    begin(serve(50_000, null)); // no validator: what is there cannot be trusted
    await expect(download(url(), again, { ...options, retries: 1 })).rejects.toThrow();
    expect(requests).toEqual([undefined, undefined]);
    begin(serve(Infinity, null));
    await download(url(), again, options);
    expect(readFileSync(again).equals(content)).toBe(true);
  });

  test('a file that changed on the server is fetched anew', async () => {
    const file = join(await fresh('changed'), 'file');
    begin(serve(50_000, '"old"'));
    await expect(download(url(), file, { ...options, retries: 0 })).rejects.toThrow();
    begin(serve(Infinity, '"new"'));
    await download(url(), file, options);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  test('redirects are followed', async () => {
    const file = join(await fresh('redirect'), 'file');
    begin((request, response) => {
      if (request.url === '/file') response.writeHead(302, { location: '/other' }).end();
      else serve()(request, response);
    });
    await download(url(), file, options);
    expect(readFileSync(file).equals(content)).toBe(true);
  });

  test.each([
    [{ sha256: '0'.repeat(64) }, 'sha256 0000'],
    [{ md5: '0'.repeat(32) }, 'md5 0000'],
    [{ bytes: 5 }, '5 bytes, got 300000'],
  ])('%j: nothing is left', async (wrong, message) => {
    const home = await fresh(`wrong-${Object.keys(wrong)[0]}`);
    begin(serve());
    await expect(download(url(), join(home, 'file'), wrong)).rejects.toThrow(message);
    expect(await readdir(home)).toEqual([]);
  });

  test('a no is final, a 503 and a stall are tried again', async () => {
    const file = join(await fresh('no'), 'file');
    begin((_, response) => response.writeHead(404).end());
    await expect(download(url(), file)).rejects.toThrow('answered 404 Not Found');
    expect(requests).toHaveLength(1);
    begin((request, response) => (requests.length < 3 ? response.writeHead(503).end() : serve()(request, response)));
    await download(url(), file, options);
    begin((request, response) => {
      if (requests.length === 1)
        response.writeHead(200, { 'content-length': 10, etag: '"v1"' }).write(content.subarray(0, 3));
      else serve()(request, response);
    });
    await download(url(), join(folder, 'no', 'stalled'), { ...options, stallTimeoutMs: 200 });
    expect(requests).toHaveLength(2);
  });

  test('it can be stopped', async () => {
    const controller = new AbortController();
    begin((_, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('abc');
      controller.abort(new Error('enough'));
    });
    const file = join(await fresh('stop'), 'file');
    await expect(download(url(), file, { signal: controller.signal })).rejects.toThrow('enough');
    expect(existsSync(file)).toBe(false);
  });
});

describe('extractTarGz', () => {
  const entry = (name: string, body = Buffer.alloc(0), kind = '0') => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${body.length.toString(8).padStart(11, '0')} `, 124);
    header.write(kind, 156);
    header.write('ustar\0', 257);
    header.fill(' ', 148, 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
  };
  const archive = async (name: string, ...entries: Buffer[]) => {
    const file = join(folder, `${name}.tar.gz`);
    await writeFile(file, gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)])));
    return file;
  };

  test('files and folders', async () => {
    const large = Buffer.alloc(200_000, 'x');
    const file = await archive(
      'good',
      entry('d/', undefined, '5'),
      entry('d/a.bin', Buffer.from('hello')),
      entry('d/e/large', large),
      entry('empty'),
    );
    const home = await fresh('good');
    await extractTarGz(file, home);
    expect(await readFile(join(home, 'd/a.bin'), 'utf8')).toBe('hello');
    expect((await readFile(join(home, 'd/e/large'))).equals(large)).toBe(true);
    expect((await readdir(home)).sort()).toEqual(['d', 'empty']);
  });

  test.each<[string, Buffer[], string]>([
    ['up', [entry('../evil')], 'names below the folder'],
    ['deep', [entry('a/../../evil')], 'names below the folder'],
    ['absolute', [entry('/tmp/evil')], 'names below the folder'],
    ['link', [entry('good'), entry('link', undefined, '2')], 'an entry of type 2'],
    ['damaged', [Buffer.alloc(512, 'x')], 'a wrong checksum'],
  ])('%s: refused, and nothing is left', async (name, entries, message) => {
    const home = await fresh(`tar-${name}`);
    const file = await archive(`tar-${name}`, ...entries);
    await expect(extractTarGz(file, home)).rejects.toThrow(message);
    expect(await readdir(home)).toEqual([]);
  });

  test('cut off, or too large', async () => {
    const home = await fresh('tar-cut');
    const whole = gzipSync(entry('a', Buffer.from(seededBytes(5000))));
    const file = join(folder, 'cut.tar.gz');
    await writeFile(file, whole.subarray(0, whole.length - 100));
    await expect(extractTarGz(file, home)).rejects.toThrow(FormatError);
    await expect(
      extractTarGz(await archive('large', entry('a', Buffer.alloc(100_000))), home, { limit: 5000 }),
    ).rejects.toThrow('at most 5000 bytes');
    expect(await readdir(home)).toEqual([]);
  });
});

const seededBytes = (count: number) => {
  const random = seededRandom(1);
  return Uint8Array.from({ length: count }, () => random.integer(256));
};

describe('openRunFolder', () => {
  const open = (name: string, config = {}) => openRunFolder(join(folder, name), { seed: 1, ...config });

  test('checkpoints: the last two are kept, a damaged one is passed over', async () => {
    const run = await open('checkpoints');
    expect(await run.latestCheckpoint()).toBeUndefined();
    for (const epoch of [1, 2, 3]) await run.saveCheckpoint(Uint8Array.of(epoch, 9), { epoch });
    expect((await readdir(run.path)).filter((name) => name.endsWith('.safetensors'))).toHaveLength(2);
    expect(await run.latestCheckpoint()).toMatchObject({ epoch: 3, damaged: [] });
    await writeFile(join(run.path, 'checkpoint-000003.safetensors'), 'x');
    const latest = (await run.latestCheckpoint())!;
    expect([...latest.bytes]).toEqual([2, 9]);
    expect(latest).toMatchObject({ epoch: 2, damaged: ['checkpoint-000003.safetensors'] });
    await run.close();
  });

  test('lines and JSON', async () => {
    const run = await open('lines');
    await run.truncateLines('e.jsonl', () => true); // no file yet
    for (const epoch of [1, 2, 3]) await run.appendLine('e.jsonl', { epoch });
    await writeFile(join(run.path, 'e.jsonl'), `${await readFile(join(run.path, 'e.jsonl'), 'utf8')}{"epo`);
    await run.truncateLines('e.jsonl', ({ epoch }) => (epoch as number) < 3);
    expect(await readFile(join(run.path, 'e.jsonl'), 'utf8')).toBe('{"epoch":1}\n{"epoch":2}\n');
    expect(await run.readJson('none.json')).toBeUndefined();
    await run.writeJson('some.json', { a: [1] });
    expect(await run.readJson('some.json')).toEqual({ a: [1] });
    await run.close();
  });

  test('another configuration and a second run are refused', async () => {
    const run = await open('locked');
    await expect(open('locked')).rejects.toThrow(`process ${process.pid}`);
    await run.close();
    await expect(open('locked', { seed: 2, margin: 3 })).rejects.toThrow(
      'seed 2 (there: 1), margin 3 (there: nothing)',
    );
    await (await open('locked')).close(); // and the lock is free again
  });

  test('the lock of a process that is gone is taken over', async () => {
    const home = await fresh('stale');
    await writeFile(
      join(home, 'run.lock'),
      JSON.stringify({ pid: 2 ** 22 + 1, start: '1', host: (await import('node:os')).hostname() }),
    );
    await (await open('stale')).close();
    await writeFile(
      join(home, 'run.lock'),
      JSON.stringify({ pid: process.pid, start: '1', host: (await import('node:os')).hostname() }),
    );
    if (existsSync('/proc/self/stat')) await (await open('stale')).close(); // the number is another process's now
    await writeFile(join(home, 'run.lock'), JSON.stringify({ pid: 1, start: '', host: 'elsewhere' }));
    await expect(open('stale')).rejects.toThrow('process 1 on elsewhere');
  });

  test('killed at any moment of writing, the latest checkpoint is whole', async () => {
    const home = await fresh('killed');
    const script = fileURLToPath(new URL('./write-checkpoints.ts', import.meta.url));
    const random = seededRandom(9);
    let last = 0;
    for (let i = 0; i < 12; i++) {
      const child = fork(script, [home, String(last)], { execArgv: ['--import', 'tsx'], stdio: 'ignore' });
      await new Promise((resolve) => child.once('message', resolve));
      await new Promise((resolve) => setTimeout(resolve, 60 * random.uniform()));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      const run = await openRunFolder(home, {});
      const latest = await run.latestCheckpoint();
      await run.close();
      if (latest) {
        expect(latest.epoch).toBeGreaterThanOrEqual(last);
        expect(latest.bytes).toHaveLength(300_000);
        expect(new Set(latest.bytes)).toEqual(new Set([latest.epoch % 256]));
        last = latest.epoch;
      }
    }
    expect(last).toBeGreaterThan(0);
  });
});

test('writeFileAtomic leaves nothing behind when it fails', async () => {
  const home = await fresh('atomic');
  await writeFileAtomic(join(home, 'a'), 'one');
  await writeFileAtomic(join(home, 'a'), Uint8Array.of(50));
  expect(await readFile(join(home, 'a'), 'utf8')).toBe('2');
  await mkdir(join(home, 'folder/inside'), { recursive: true });
  await expect(writeFileAtomic(join(home, 'folder'), 'x')).rejects.toThrow();
  await expect(writeFileAtomic(join(home, 'none/b'), 'x')).rejects.toThrow('ENOENT');
  expect((await readdir(home)).sort()).toEqual(['a', 'folder']);
});

test('nodeInflate stops at its limit', async () => {
  const packed = gzipSync(Buffer.alloc(10_000));
  expect(await nodeInflate(packed, 'gzip', 10_000)).toHaveLength(10_000);
  await expect(nodeInflate(packed, 'gzip', 9999)).rejects.toThrow('more than 9999 bytes');
});

test('a folder without the set says what was looked for', async () => {
  const home = await fresh('nothing');
  await expect(loadCifar10(home)).rejects.toThrow('cifar-10-batches-bin/{data_batch_1.bin,test_batch.bin}');
  await expect(loadSvhn(home)).rejects.toThrow('train_32x32.mat,test_32x32.mat');
  await expect(loadMnist(home)).rejects.toThrow('train-images-idx3-ubyte(.gz)');
});

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
describe.skipIf(!existsSync(data))('real folders', () => {
  test('CIFAR-10, SVHN, MNIST', async () => {
    const cifar = await loadCifar10(data);
    expect([cifar.train.shape[0], cifar.test.shape[0]]).toEqual([20_000, 10_000]);
    expect((await loadCifar10(join(data, 'cifar-10-batches-py'))).train.shape[0]).toBe(1000);
    const svhn = await loadSvhn(data);
    expect([svhn.train.shape[0], svhn.test.shape[0]]).toEqual([554, 486]);
    expect((await loadMnist(data)).train.shape).toEqual([60_000, 28, 28, 1]);
  });
  test('image lists', async () => {
    expect((await readImageList(join(data, 'tiny_imagenet'), { size: [32, 32] })).shape).toEqual([2000, 32, 32, 3]);
    expect((await readImageList(join(data, 'rooms'))).shape).toEqual([1500, 64, 64, 3]);
  });
});
