import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadCifar10, loadSvhn } from 'tfjs-ood/node';
import { downloadAll, officialFiles, type RemoteFile } from '../../examples/svhn-cifar10/download';
import { cifarBinary, svhnFile } from '../datasets/small-files';
import { temporaryFolder } from '../node/temporary-folder';

const place = temporaryFolder();
const content = new Map<string, Buffer>();
let server: Server;
let asked: string[] = [];
let cuts = 0;

/** A publisher's server on localhost, which knows ranges, and stops in the middle of the first `cuts` answers. */
beforeAll(async () => {
  const home = place('source');
  await mkdir(join(home, 'cifar-10-batches-bin'), { recursive: true });
  for (const name of ['data_batch_1.bin', 'data_batch_2.bin', 'test_batch.bin']) {
    await writeFile(join(home, 'cifar-10-batches-bin', name), cifarBinary(30));
  }
  const archive = join(home, 'cifar.tar.gz');
  execFileSync('tar', ['-C', home, '-czf', archive, 'cifar-10-batches-bin']);
  content.set('/cifar-10-binary.tar.gz', await readFile(archive));
  content.set('/train_32x32.mat', Buffer.from(svhnFile({ count: 5 })));
  content.set('/test_32x32.mat', Buffer.from(svhnFile({ count: 3 })));
  server = createServer((request, response) => {
    const body = content.get(request.url ?? '')!;
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    asked.push(`${request.url} ${start}`);
    const rest = body.subarray(start);
    const range = { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` };
    const headers = { etag: '"1"', 'content-length': rest.length, ...(start > 0 && range) };
    response.writeHead(start > 0 ? 206 : 200, headers);
    if (cuts-- > 0) response.write(rest.subarray(0, rest.length >> 1));
    else response.end(rest);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  [asked, cuts] = [[], 0];
});

/** The official list with this server in place of the publishers'. */
const localFiles = (): RemoteFile[] =>
  officialFiles.map((remote) => {
    const { pathname } = new URL(remote.url);
    const name = `/${pathname.split('/').at(-1)!}`;
    const bytes = content.get(name)!;
    const md5 = createHash('md5').update(bytes).digest('hex');
    const { port } = server.address() as AddressInfo;
    return { ...remote, url: `http://127.0.0.1:${port}${name}`, bytes: bytes.length, md5 };
  });

test('fetches, goes on after a cut, unpacks, and the readers find all of it', async () => {
  const folder = place('data');
  const seen = new Map<string, number>();
  cuts = 1;
  await downloadAll(folder, localFiles(), (file, received, total) => {
    if (asked.length === 1 && received !== total) server.closeAllConnections();
    seen.set(file, received);
  });
  expect(asked[0]).toBe('/cifar-10-binary.tar.gz 0');
  expect(asked[1]).toMatch(/^\/cifar-10-binary\.tar\.gz [1-9]/);
  expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(localFiles().map(({ file, bytes }) => [file, bytes])));
  expect((await readdir(folder)).sort()).toEqual(['cifar-10-batches-bin', 'svhn']);
  const cifar = await loadCifar10(folder);
  expect([cifar.train.shape[0], cifar.test.shape[0]]).toEqual([60, 30]);
  const svhn = await loadSvhn(folder);
  expect([svhn.train.shape[0], svhn.test.shape[0]]).toEqual([5, 3]);

  asked = [];
  await downloadAll(folder, localFiles(), () => {});
  expect(asked).toEqual([]); // it is all there
});

test('a wrong checksum is an error and leaves no file under the name', async () => {
  const folder = place('data');
  const files = localFiles().map((file) => ({ ...file, md5: '0'.repeat(32) }));
  await expect(downloadAll(folder, files, () => {})).rejects.toThrow('0'.repeat(32));
  expect(await readdir(folder)).not.toContain('cifar-10-batches-bin');
  expect(await readdir(folder)).not.toContain('cifar-10-binary.tar.gz');
});
