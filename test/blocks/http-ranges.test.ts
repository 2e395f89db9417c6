import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpRanges, parquetBlocks } from 'tfjs-ood/blocks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesOf, fixture, gathered } from './block-files';

const file = fixture.files['pyarrow, list']!;
const bytes = bytesOf(file.bytes);
let etag = '"one"';
let requests: IncomingMessage[] = [];

/** What the server does by its paths. */
const answers: Record<string, (range: [number, number], response: ServerResponse) => void> = {
  '/whole': (_, response) => response.writeHead(200).end(bytes),
  '/missing': (_, response) => response.writeHead(404).end(),
  '/short': ([start, end], response) => {
    head(start, end, response);
    response.end(bytes.subarray(start, Math.max(start + 1, end - 5)));
  },
  '/other': ([, end], response) => {
    head(0, end, response);
    response.end(bytes.subarray(0, end));
  },
  '/headless': (_, response) => response.writeHead(206).end('x'),
  '/file': ([start, end], response) => {
    head(start, end, response);
    response.end(bytes.subarray(start, end));
  },
};
const head = (start: number, end: number, response: ServerResponse) =>
  response.writeHead(206, { etag, 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` });

const server = createServer((request, response) => {
  requests.push(request);
  const [start, last] = /bytes=(\d+)-(\d+)/
    .exec(request.headers.range ?? '')!
    .slice(1)
    .map(Number) as [number, number];
  answers[request.url!]!([start, Math.min(last + 1, bytes.length)], response);
});
let host = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test('reads a file of a server by its ranges', async () => {
  requests = [];
  const shard = await httpRanges(new URL(`${host}/file`), { headers: { authorization: 'Bearer x' } });
  expect(shard.byteLength).toBe(bytes.length);
  const all = await gathered(parquetBlocks(shard, { columns: { features: 'embedding' } }));
  expect(all.features).toEqual(file.features);
  expect(requests.every(({ headers }) => headers.authorization === 'Bearer x')).toBe(true);
  expect(new Uint8Array(await shard.slice(10, 20))).toEqual(bytes.subarray(10, 20));
  expect((await shard.slice(5, 5)).byteLength).toBe(0);
});

test.each([
  ['/whole', 'must be on a server that answers ranges (206), got the whole file (status 200)', 200],
  ['/missing', 'must be there (status 206), got status 404', 404],
  ['/headless', 'must be an answer with content-range, got none', 206],
])('%s is an error with its status', async (path, message, status) => {
  const asked = httpRanges(host + path);
  await expect(asked).rejects.toMatchObject({ name: 'RangesError', status });
  await expect(asked).rejects.toThrow(`httpRanges: ${host}${path} ${message}`);
});

test('an answer that is cut short, and one of another place', async () => {
  const short = await httpRanges(`${host}/short`);
  await expect(short.slice(0, 100)).rejects.toMatchObject({ name: 'FormatError' });
  await expect(short.slice(0, 100)).rejects.toThrow(/an answer of 100 bytes, got 95 at byte 0/);
  const other = await httpRanges(`${host}/other`);
  await expect(other.slice(7, 20)).rejects.toThrow(/must be bytes 7-19, got bytes 0-19/);
});

test('a file that changes meanwhile', async () => {
  const shard = await httpRanges(`${host}/file`);
  await shard.slice(0, 10);
  etag = '"two"';
  await expect(shard.slice(0, 10)).rejects.toThrow(/the same file at each request, got one that changed meanwhile/);
});

test('what is no address', async () => {
  await expect(httpRanges(5 as never)).rejects.toMatchObject({ name: 'ArgumentError', details: { what: 'url' } });
});

test('an address that nobody answers is named; what gave it up is its own reason', async () => {
  await expect(httpRanges('train.parquet')).rejects.toThrow(
    /^httpRanges: train\.parquet must be an address that answers, got Failed to parse URL/,
  );
  const closed = createServer();
  const port = await new Promise<number>((resolve) =>
    closed.listen(0, '127.0.0.1', () => resolve((closed.address() as AddressInfo).port)),
  );
  await new Promise((resolve) => closed.close(resolve));
  const error = await httpRanges(`http://127.0.0.1:${port}/x`).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'RangesError', status: 0 });
  expect((error as Error).message).toMatch(/must be an address that answers, got fetch failed \(.*ECONNREFUSED/);
  await expect(httpRanges(`${host}/file`, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
    /^enough$/,
  );
});
