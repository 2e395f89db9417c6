import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import Redis from 'ioredis';
import { expect, test } from 'vitest';
import { freePort, startRedis } from '../../examples/cluster/redis-server';
import { temporaryFolder } from '../node/temporary-folder';
import { drawnShards, writeShards } from './drawn-shards';
import { fittedOn, heldInMemory, putScorer, queueOf, scoreData } from './score-world';

const place = temporaryFolder();
const run = promisify(execFile);

/** A certificate for 127.0.0.1 that signs itself. */
async function certificate(folder: string) {
  await mkdir(folder);
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const about = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...about]);
  return { key, cert };
}

test('a run over TLS with a user and a password; nobody else gets in', async () => {
  await tf.setBackend('cpu');
  const { key, cert } = await certificate(place('tls'));
  const [plain, port] = [await freePort(), await freePort()];
  const tls = ['--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key, '--tls-auth-clients', 'no'];
  const users = [
    '--user',
    'default',
    'off',
    '--user',
    'jobs',
    'on',
    '>secret',
    '~bull:*',
    '&*',
    '+@all',
    '-@dangerous',
    '+info',
  ];
  const redis = await startRedis({ folder: place('redis'), port: plain, settings: ['--port', '0', ...tls, ...users] });
  const tlsOptions = { ca: await readFile(cert) };
  const connection = { host: '127.0.0.1', port, username: 'jobs', password: 'secret', tls: tlsOptions };
  try {
    const shards = drawnShards(12, 4);
    const root = place('root');
    const names = await writeShards(root, shards);
    const store = heldInMemory();
    const scorer = await fittedOn(shards);
    await putScorer(store, scorer);
    scorer.dispose();
    const { score, work, close } = queueOf('secured', connection);
    work({ store, root });
    const { summary } = await score(scoreData('secured', names));
    expect(await summary).toMatchObject({ shards: 12, failed: { count: 0 } });
    await close();

    const strangers: [object, RegExp][] = [
      [{ ...connection, password: 'guess' }, /WRONGPASS/],
      [{ host: '127.0.0.1', port, tls: tlsOptions }, /NOAUTH|Authentication required|WRONGPASS/],
      [{ ...connection, tls: {} }, /self-signed certificate/],
    ];
    for (const [options, message] of strangers) {
      const client = new Redis({ ...options, lazyConnect: true, retryStrategy: () => null });
      const errors: string[] = [];
      client.on('error', (error: Error) => errors.push(error.message));
      await client.connect().catch((error: Error) => errors.push(error.message));
      await client.get('bull:secured:id').catch((error: Error) => errors.push(error.message));
      expect(errors.join('; ')).toMatch(message);
      client.disconnect();
    }
  } finally {
    await redis.stop();
  }
});

test('a server that is missing says how to install it', async () => {
  const path = process.env.PATH;
  process.env.PATH = place('empty');
  try {
    await expect(startRedis({ folder: place('redis') })).rejects.toThrow('apt-get install redis-server');
  } finally {
    process.env.PATH = path;
  }
});
