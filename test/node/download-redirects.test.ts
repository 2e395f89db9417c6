import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createRawServer, type AddressInfo, type Server as RawServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { download, DownloadError } from 'tfjs-ood/node';
import { buildNode, startScript } from './built-node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
const content = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251));
const sha256 = createHash('sha256').update(content).digest('hex');
const servers: (Server | RawServer)[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  }
});
async function listening(server: Server | RawServer, scheme = 'http'): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
const serve = (listener: RequestListener) => listening(createServer(listener));
const whole: RequestListener = (_, response) => response.writeHead(200, { etag: '"v1"' }).end(content);
const to =
  (location: string, status = 302): RequestListener =>
  (_, response) =>
    response.writeHead(status, { location }).end('moved');

describe('redirects', () => {
  test('a chain of every kind, and to another host, is followed', async () => {
    const last = await serve(whole);
    const file = join(place(), 'file');
    const hops = [301, 302, 303, 307, 308];
    const first = await serve((request, response) => {
      const hop = Number(request.url!.slice(1));
      to(hop < hops.length ? `/${hop + 1}` : last, hops[hop % hops.length])(request, response);
    });
    await download(`${first}0`, file, { sha256 });
    expect((await readFile(file)).equals(content)).toBe(true);
    expect(await readdir(dirname(file))).toEqual(['file']);
  });

  test('a cut one goes on behind the redirect', async () => {
    const ranges: (string | undefined)[] = [];
    const last = await serve((request, response) => {
      ranges.push(request.headers.range);
      const start = ranges.length === 1 ? 0 : 40_000;
      const range = start > 0 && { 'content-range': `bytes ${start}-99999/100000` };
      response.writeHead(start > 0 ? 206 : 200, { etag: '"v1"', 'content-length': 100_000 - start, ...range });
      if (start > 0) response.end(content.subarray(start));
      else response.write(content.subarray(0, 40_000));
    });
    const first = await serve(to(last));
    const file = join(place(), 'file');
    const cut = download(first, file, { retries: 0, stallTimeoutMs: 2000 });
    await expect(cut).rejects.toThrow(DownloadError);
    expect(existsSync(file)).toBe(false);
    await download(first, file, { sha256 });
    expect(ranges).toEqual([undefined, 'bytes=40000-']);
    expect((await readFile(file)).equals(content)).toBe(true);
  });

  test('a loop, a chain without end, no place and other protocols are refused', async () => {
    let count = 0;
    const endless = await serve((request, response) => to(`/${++count}`)(request, response));
    const loop = await serve(to('/'));
    const nowhere = await serve((_, response) => response.writeHead(302).end('moved'));
    const others = await Promise.all(
      ['file:///etc/hostname', 'data:text/plain,hello', 'ftp://127.0.0.1/'].map((location) => serve(to(location))),
    );
    for (const address of [endless, loop, nowhere, ...others]) {
      const file = join(place(), 'file');
      await expect(download(address, file, { retries: 0 })).rejects.toThrow(DownloadError);
      expect(await readdir(dirname(file))).toEqual([]);
    }
    expect(count).toBeLessThan(30);
  });

  test('from https to http is refused, with nothing written', async () => {
    const folder = place();
    await mkdir(folder);
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject];
    execFileSync('openssl', make, { stdio: 'pipe' });
    const identity = { key: await readFile(key), cert: await readFile(certificate) };
    const asked: string[] = [];
    const plain = await serve((request, response) => {
      asked.push(request.url!);
      to(safe)(request, response); // a way back does not mend it
    });
    const safe: string = await listening(createTlsServer(identity, whole), 'https');
    const unsafe = await listening(createTlsServer(identity, to(plain)), 'https');
    const module = await buildNode(place('built'));
    const [good, bad] = [join(place(), 'good'), join(place(), 'bad')];
    const script = `await download(${JSON.stringify(safe)}, ${JSON.stringify(good)});
      for (const url of ${JSON.stringify([unsafe, unsafe.replace('https', 'HTTPS')])})
        await download(url, ${JSON.stringify(bad)}).catch((error) => console.log(error.name, error.message));`;
    const { ended, output } = startScript(module, script, {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate },
    });
    expect(await ended, output()).toBe(0);
    expect(output().match(/DownloadError/g)).toHaveLength(2);
    expect(output()).toContain(`a redirect to ${plain}, which is not encrypted`);
    expect(asked).toEqual([]);
    expect((await readFile(good)).equals(content)).toBe(true);
    expect(await readdir(dirname(bad))).toEqual([]);
  });
});

describe('answers that end too early', () => {
  const raw = (answer: Buffer) =>
    listening(
      createRawServer((socket) => void socket.on('error', () => undefined).once('data', () => socket.end(answer))),
    );
  const answer = (head: string[], body: Buffer) =>
    Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head.join('\r\n')}\r\n\r\n`), body]);

  test('of chunks without the last one, or of fewer bytes than said: cut', async () => {
    const part = content.subarray(0, 5000);
    const chunk = Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
    for (const bytes of [answer(['transfer-encoding: chunked'], chunk), answer(['content-length: 6000'], part)]) {
      const file = join(place(), 'file');
      await expect(download(await raw(bytes), file, { retries: 1 })).rejects.toThrow(DownloadError);
      expect(existsSync(file)).toBe(false);
    }
  });

  test('without a length nobody can tell: only bytes or a checksum make it whole', async () => {
    const bytes = answer(['connection: close'], content);
    const file = join(place(), 'file');
    await expect(download(await raw(bytes), file)).rejects.toThrow(
      'does not say how long it is (give bytes or a checksum)',
    );
    expect(existsSync(file)).toBe(false);
    await download(await raw(bytes), file, { sha256 });
    expect((await readFile(file)).equals(content)).toBe(true);
    const cut = answer(['connection: close'], content.subarray(0, 5000));
    const other = join(place(), 'file');
    await expect(download(await raw(cut), other, { bytes: content.length })).rejects.toThrow('100000 bytes, got 5000');
    expect(await readdir(dirname(other))).toEqual([]);
  });
});
