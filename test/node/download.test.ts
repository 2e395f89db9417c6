import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ArgumentError, FormatError, seededRandom } from 'tfjs-ood';
import { download, DownloadError, StorageError } from 'tfjs-ood/node';
import { buildNode, startScript } from './built-node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
const random = seededRandom(3);
const content = Buffer.from(Uint8Array.from({ length: 200_000 }, () => random.integer(256)));
const sha256 = createHash('sha256').update(content).digest('hex');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let answers: Answer[] = [];
let requests: IncomingMessage[] = [];
beforeAll(async () => {
  // The last answer is given again and again.
  server = createServer((request, response) => {
    requests.push(request);
    (answers.length > 1 ? answers.shift()! : answers[0]!)(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  requests = [];
});
const url = (path = 'file') => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;
const ranges = () => requests.map(({ headers }) => headers.range);

/** Sends `body` from `start`, as far as `cut`, then drops the connection; or, with `hang`, says nothing more. */
const send =
  (body: Buffer, headers: Record<string, string>, { start = 0, cut = Infinity, hang = false } = {}): Answer =>
  (_, response) => {
    const rest = body.subarray(start);
    const range = start > 0 ? { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` } : {};
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': rest.length, ...headers, ...range });
    if (rest.length <= cut) response.end(rest);
    else response.write(rest.subarray(0, cut), () => hang || setTimeout(() => response.destroy(), 20));
  };
/** Drops the connections once so much has been written: what fetch has not handed on when they break is lost. */
const cutAt = (step: number) => (received: number, total?: number) => {
  if (received % step === 0 && received !== total) server.closeAllConnections();
};
const V1 = { etag: '"v1"' };
const isWhole = async (file: string) => {
  expect((await readFile(file)).equals(content)).toBe(true);
  expect((await readdir(dirname(file))).filter((name) => name.includes('.part'))).toEqual([]);
};
/** Leaves the first 50,000 bytes as the part of an earlier run. */
const leavePart = async (file: string, headers: Record<string, string> = V1) => {
  answers = [send(content, headers, { cut: 50_000, hang: true })];
  await expect(download(url(), file, { retries: 0, onProgress: cutAt(50_000) })).rejects.toThrow(DownloadError);
  expect((await stat(`${file}.part`)).size).toBe(50_000);
  requests = [];
};

/** With 50,000 bytes there, an answer that is not their rest: the next attempt begins at byte 0. */
const beginsAnewAfter = async (wrong: Answer) => {
  const file = join(place(), 'file');
  await leavePart(file);
  answers = [wrong, send(content, V1)];
  await download(url(), file);
  expect(ranges()).toEqual(['bytes=50000-', undefined]);
  await isWhole(file);
};

describe('going on', () => {
  test('many cuts are no failure as long as each connection brings something', async () => {
    const file = join(place(), 'new', 'folder', 'file');
    answers = Array.from({ length: 10 }, (_, i) => send(content, V1, { start: i * 20_000, cut: 20_000, hang: true }));
    await download(url(), file, { sha256, retries: 1, onProgress: cutAt(20_000) });
    await isWhole(file);
    expect(ranges()).toEqual([undefined, ...Array.from({ length: 9 }, (_, i) => `bytes=${(i + 1) * 20_000}-`)]);
    expect(requests.slice(1).every(({ headers }) => headers['if-range'] === '"v1"')).toBe(true);
  });

  test('a date does where there is no strong tag', async () => {
    const date = 'Wed, 21 Oct 2015 07:28:00 GMT';
    const headers = { etag: 'W/"v1"', 'last-modified': date };
    const file = join(place(), 'file');
    await leavePart(file, headers);
    answers = [send(content, headers, { start: 50_000 })];
    await download(url(), file, { sha256 });
    expect(requests[0]!.headers['if-range']).toBe(date);
    await isWhole(file);
  });

  test('a server that ignores the range sends everything: it is not put behind what is there', async () => {
    const file = join(place(), 'file');
    await leavePart(file);
    answers = [send(content, V1)];
    await download(url(), file);
    expect(ranges()).toEqual(['bytes=50000-']);
    await isWhole(file);
  });

  test('the rest of another version, and another range than asked, are not taken', async () => {
    for (const wrong of [
      send(Buffer.alloc(200_000), { etag: '"v2"' }, { start: 50_000 }),
      send(Buffer.alloc(200_000), V1, { start: 60_000 }),
    ]) {
      await beginsAnewAfter(wrong);
    }
  });

  test('a part from another address is not gone on with', async () => {
    const file = join(place(), 'file');
    await leavePart(file);
    answers = [send(content, V1)];
    await download(url('mirror'), file);
    expect(ranges()).toEqual([undefined]);
    await isWhole(file);
  });

  test('416: the part is whole already, or is begun anew', async () => {
    for (const [size, requestCount] of [
      [200_000, 1],
      [150_000, 2],
    ] as const) {
      const file = join(place(), 'file');
      await leavePart(file);
      await writeFile(`${file}.part`, content.subarray(0, 200_000));
      const no: Answer = (_, response) => response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
      answers = [no, send(content, V1)];
      requests = [];
      await download(url(), file, { sha256 });
      expect(requests).toHaveLength(requestCount);
      await isWhole(file);
    }
  });

  test('416 of another version, or of one that nothing is known of, begins anew', async () => {
    const chunked: Answer = (_, response) => {
      response.writeHead(200, V1);
      response.write(content.subarray(0, 50_000));
    };
    for (const [first, headers, requestCount] of [
      [send(content, V1, { cut: 50_000, hang: true }), { etag: '"v2"' }, 2],
      [send(content.subarray(0, 60_000), V1, { cut: 50_000, hang: true }), V1, 2], // was longer
      [chunked, {}, 2],
      [chunked, V1, 1],
    ] as const) {
      const file = join(place(), 'file');
      answers = [first];
      await expect(download(url(), file, { retries: 0, onProgress: cutAt(50_000) })).rejects.toThrow(DownloadError);
      const no: Answer = (_, response) =>
        response.writeHead(416, { 'content-range': 'bytes */50000', ...headers }).end();
      answers = [no, send(content, V1)];
      requests = [];
      await download(url(), file);
      expect(requests).toHaveLength(requestCount);
      expect((await stat(file)).size).toBe(requestCount === 2 ? 200_000 : 50_000);
    }
  });

  test('a range shorter than the rest is a cut, also in chunks, in the first answer and of unknown total', async () => {
    /** Gives 30,000 bytes at a time, asked for or not. */
    const inPieces =
      (total: number | '*', isChunked: boolean): Answer =>
      (request, response) => {
        const start = Number(/\d+/.exec(request.headers.range ?? '0')![0]);
        const piece = content.subarray(start, start + 30_000);
        response.writeHead(206, {
          ...V1,
          'content-range': `bytes ${start}-${start + piece.length - 1}/${total}`,
          ...(!isChunked && { 'content-length': piece.length }),
        });
        response.write(piece.subarray(0, 1000));
        response.end(piece.subarray(1000));
      };
    for (const isChunked of [false, true]) {
      for (const [first, total, options] of [
        [inPieces(200_000, isChunked), 200_000, {}],
        [send(content, V1, { cut: 50_000, hang: true }), '*', {}], // the first said how long it is
        [inPieces('*', isChunked), '*', { bytes: 200_000 }],
      ] as const) {
        const file = join(place(), 'file');
        answers = [first, inPieces(total, isChunked)];
        requests = [];
        await download(url(), file, { ...options, onProgress: cutAt(50_000) });
        expect(requests.length).toBeGreaterThan(5);
        await isWhole(file);
      }
    }
    const file = join(place(), 'file');
    answers = [inPieces(200_000, false)];
    await expect(download(url(), file, { retries: 0 })).rejects.toThrow('30000 of 200000 bytes');
    answers = [inPieces('*', false)];
    await expect(download(url(), join(place(), 'file'))).rejects.toThrow('does not say how long it is');
    expect(await readdir(dirname(file))).toEqual(['file.part', 'file.part.source']);
  });

  test('a range that contradicts itself, the first answer or bytes is not taken', async () => {
    const range =
      (contentRange: string, length = 150_000, headers = V1): Answer =>
      (_, response) => {
        response.writeHead(206, { ...headers, 'content-range': contentRange, 'content-length': length });
        response.end(Buffer.alloc(length));
      };
    const overrun: Answer = (_, response) => {
      response.writeHead(206, { ...V1, 'content-range': 'bytes 50000-59999/200000' });
      response.write(Buffer.alloc(5000));
      setTimeout(() => response.end(Buffer.alloc(145_000)), 20);
    };
    const later: Answer = (_, response) => {
      response.writeHead(206, { ...V1, 'content-range': 'bytes 60000-199999/200000' }); // in chunks: no length tells it
      response.write(content.subarray(60_000, 70_000));
      response.end(content.subarray(70_000));
    };
    for (const wrong of [
      later,
      range('bytes 50000-199999/200001'), // another version, though its tag is the same
      range('bytes 50000-199999/199999'),
      range('bytes 50000-59999/200000'),
      range('bytes 50000-49999/200000', 0),
      range('bytes */200000'),
      range(''),
    ]) {
      await beginsAnewAfter(wrong);
    }
    const file = join(place(), 'file');
    await leavePart(file);
    answers = [overrun];
    await expect(download(url(), file, { retries: 0 })).rejects.toThrow('more than the 60000 bytes that it said');
    await rm(`${file}.part`);
    await leavePart(file);
    answers = [send(content, V1, { start: 50_000 })];
    await expect(download(url(), file, { bytes: 200_001 })).rejects.toThrow('200001 bytes, got 200000');
    expect(await readdir(dirname(file))).toEqual([]);
  });

  test('a process killed in the middle leaves a part, which the next one goes on with', async () => {
    const module = await buildNode(place('built'));
    const file = join(place(), 'file');
    answers = [send(content, V1, { cut: 80_000, hang: true })];
    const script = `await download(${JSON.stringify(url())}, ${JSON.stringify(file)}, {
      onProgress: (received) => received === 80_000 && console.log('there') });`;
    const { child, ended } = startScript(module, script);
    await once(child.stdout!, 'data');
    await expect(download(url(), file)).rejects.toThrow(`process ${child.pid}`); // one at a time
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(file)).toBe(false);
    answers = [send(content, V1, { start: 80_000 })];
    await download(url(), file, { sha256 });
    await isWhole(file);
  });
});

describe('refusing', () => {
  test('wrong bytes are removed with their part, and the old file stays', async () => {
    const file = join(place(), 'file');
    await leavePart(file);
    await writeFile(file, 'old');
    answers = [send(Buffer.alloc(200_000), V1, { start: 50_000 })];
    const fetched = download(url(), file, { sha256 });
    await expect(fetched).rejects.toThrow(FormatError);
    await expect(fetched).rejects.toThrow(`sha256 ${sha256}`);
    expect(await readdir(dirname(file))).toEqual(['file']);
    expect(readFileSync(file, 'utf8')).toBe('old');
  });

  test('a wrong length is seen at once; a server that never ends is stopped', async () => {
    const file = join(place(), 'file');
    let sent = 0;
    const endless: Answer = (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(content.subarray(0, ((sent += 10_000), 10_000))), 1);
      response.on('close', () => clearInterval(timer));
    };
    for (const answer of [send(content, {}, { hang: true, cut: 10 }), endless]) {
      answers = [answer];
      await expect(download(url(), file, { bytes: 50_000 })).rejects.toThrow('must be 50000 bytes');
      expect(await readdir(dirname(file))).toEqual([]);
    }
    expect(sent).toBeLessThan(2_000_000);
  });

  test('what is compressed on the way has another length, and cannot be gone on with', async () => {
    const file = join(place(), 'file');
    const packed = gzipSync(content);
    const headers = { ...V1, 'content-encoding': 'gzip' };
    answers = [send(packed, headers, { cut: 100_000 }), send(packed, headers)];
    await download(url(), file, { sha256, bytes: content.length });
    expect(ranges()).toEqual([undefined, undefined]);
    await isWhole(file);
  });

  test('what is compressed on the way is refused where nothing tells its end, and stopped behind it', async () => {
    const packed = gzipSync(content);
    const file = join(place(), 'file');
    // Whole by its own length, but fetch does not say that the gzip stream in it is cut.
    const cut = send(packed.subarray(0, 150_000), { ...V1, 'content-encoding': 'gzip' });
    for (const answer of [cut, send(packed, { 'content-encoding': 'GZIP' })]) {
      answers = [answer];
      requests = [];
      await expect(download(url(), file)).rejects.toThrow(
        'content-encoding gzip, which was not asked for and whose end nothing tells (give bytes or a checksum)',
      );
      expect(requests).toHaveLength(1);
      expect(await readdir(dirname(file))).toEqual([]);
    }
    answers = [cut];
    for (const options of [{ bytes: content.length }, { sha256 }]) {
      await expect(download(url(), file, options)).rejects.toThrow(FormatError);
      expect(await readdir(dirname(file))).toEqual([]);
    }
    let most = 0;
    answers = [send(gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' })];
    const onProgress = (received: number) => (most = received);
    await expect(download(url(), file, { bytes: 100_000, onProgress })).rejects.toThrow('must be 100000 bytes');
    expect(most).toBeLessThanOrEqual(100_000);
    answers = [send(content, { 'content-encoding': 'Identity' })];
    await download(url(), file);
    await isWhole(file);
  });

  test('a stall ends after the retries, as soon as it should', async () => {
    const file = join(place(), 'file');
    for (const stalling of [send(content, V1, { cut: 10, hang: true }), (() => undefined) as Answer]) {
      answers = [stalling];
      requests = [];
      const begin = Date.now();
      const fetched = download(url(), file, { stallTimeoutMs: 100, retries: 0 });
      await expect(fetched).rejects.toThrow('nothing for 100 ms');
      expect(Date.now() - begin).toBeLessThan(10_000);
    }
  });

  test('a slow server is not a stalled one', async () => {
    const file = join(place(), 'file');
    answers = [
      (_, response) => {
        response.writeHead(200, { 'content-length': content.length });
        const send = (i: number) =>
          i === 10
            ? response.end()
            : response.write(content.subarray(i * 20_000, (i + 1) * 20_000), () => setTimeout(send, 300, i + 1));
        send(0);
      },
    ];
    await download(url(), file, { sha256, stallTimeoutMs: 2000, retries: 0 }); // 3 s in all
    expect(requests).toHaveLength(1);
  });

  test('no server, and statuses', async () => {
    const file = join(place(), 'file');
    const refused = download('http://127.0.0.1:1/file', file, { retries: 1 });
    await expect(refused).rejects.toThrow(DownloadError);
    await expect(refused).rejects.toThrow(/127\.0\.0\.1:1.*ECONNREFUSED|fetch failed/);
    for (const [status, count] of [
      [403, 1],
      [500, 2],
      [429, 2],
    ] as const) {
      answers = [(_, response) => response.writeHead(status).end('<html>')];
      requests = [];
      await expect(download(url(), file, { retries: 1 })).rejects.toThrow(`answered ${status}`);
      expect(requests).toHaveLength(count);
    }
    expect(await readdir(dirname(file))).toEqual([]);
  });

  test('an abort ends the wait between two attempts too', async () => {
    const controller = new AbortController();
    let begin = 0;
    answers = [
      (_, response) => {
        response.writeHead(500).end();
        if (requests.length !== 6) return;
        setTimeout(() => {
          begin = Date.now();
          controller.abort(new Error('enough'));
        }, 300); // the sixth wait, of 3.2 s, has begun
      },
    ];
    const fetched = download(url(), join(place(), 'file'), { signal: controller.signal, retries: 8 });
    await expect(fetched).rejects.toThrow('enough');
    expect(Date.now() - begin).toBeLessThan(2500);
  });

  test('arguments', async () => {
    const file = join(place(), 'file');
    const wrong = [
      { sha256: 'abc' },
      { md5: 'x'.repeat(32) },
      { bytes: -1 },
      { retries: 0.5 },
      { stallTimeoutMs: NaN },
    ];
    for (const options of wrong) {
      await expect(download(url(), file, options)).rejects.toThrow(ArgumentError);
      await expect(download(url(), file, options)).rejects.toThrow(Object.keys(options)[0]);
    }
    for (const address of ['nonsense', 'file:///etc/passwd']) {
      await expect(download(address, file)).rejects.toThrow('an http or https address');
    }
    await writeFile(place('x'), '');
    const below = place('a-file');
    await writeFile(below, '');
    await expect(download(url(), join(below, 'file'))).rejects.toThrow(StorageError);
  });

  test('a lock that was cut off long ago is taken over', async () => {
    const file = join(place(), 'file');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.part.lock`, '');
    answers = [send(content, V1)];
    await expect(download(url(), file)).rejects.toThrow('a file that no other download writes');
    const aside = `${file}.part.lock.00000000-0000-4000-8000-000000000000.part`; // killed before it had the lock
    await writeFile(aside, '');
    for (const old of [`${file}.part.lock`, aside]) await utimes(old, new Date(0), new Date(0));
    await download(url(), file);
    await isWhole(file);
    expect(await readdir(dirname(file))).toEqual(['file']);
  });
});
