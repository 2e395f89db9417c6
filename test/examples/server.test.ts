import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import type { FastifyInstance } from 'fastify';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Detector, Verdict } from 'tfjs-ood/detector';
import { alarmWatch } from '../../examples/server/alarm-watch';
import { keptDetector } from '../../examples/server/kept-detector';
import { load } from '../../examples/server/load';
import { drawnFiles } from '../../examples/server/pictures';
import { verdictServer } from '../../examples/server/verdict-server';

let folder: string;
let detector: Detector<string>;
let app: FastifyInstance;
let square: Buffer;

beforeAll(async () => {
  await tf.setBackend('wasm');
  folder = await mkdtemp(join(tmpdir(), 'server-'));
  detector = await keptDetector(join(folder, 'kept'));
  app = verdictServer(detector);
  [square] = (await drawnFiles(['square'], 1, 5)) as [Buffer];
}, 300_000);

afterAll(async () => {
  await app.close();
  detector.dispose();
  await rm(folder, { recursive: true });
});

const post = (body: Buffer | string, type = 'image/png', to = app) =>
  to.inject({ method: 'POST', url: '/verdict', headers: { 'content-type': type }, payload: body });
const verdictOf = async (body: Buffer, type?: string) => {
  const answer = await post(body, type);
  expect(answer.statusCode).toBe(200);
  return answer.json<Verdict<string>>();
};

describe('a server of verdicts', () => {
  test('a known picture and a strange one, as PNG and JPEG', async () => {
    expect(await verdictOf(square)).toMatchObject({ label: 'square', isOod: false });
    expect(await verdictOf(await sharp(square).jpeg({ quality: 95 }).toBuffer(), 'image/jpeg')).toMatchObject({
      label: 'square',
    });
    const [flower] = await drawnFiles(['flower'], 1, 6);
    const { isOod, pValue } = await verdictOf(flower!);
    expect(isOod).toBe(true);
    expect(pValue).toBeLessThan(0.05);
  });

  test('the detector that was kept gives the same verdict', async () => {
    const kept = await keptDetector(join(folder, 'kept'));
    const other = verdictServer(kept);
    expect((await post(square, 'image/png', other)).json()).toEqual((await post(square)).json());
    await other.close();
    kept.dispose();
    expect((await stat(join(folder, 'kept'))).size).toBeGreaterThan(10_000);
  });

  test.each([
    ['half a picture', async () => post(square.subarray(0, 2000)), 422, 'a whole JPEG or PNG image'],
    ['a text that says it is a picture', async () => post('hello'), 422, 'got another kind of file'],
    ['an SVG that says it is a PNG', async () => post('<svg/>'), 422, 'got another kind of file'],
    ['nothing', async () => post(Buffer.alloc(0)), 422, 'got an empty file'],
    ['a JSON', async () => post('{}', 'application/json'), 415, 'Unsupported Media Type'],
    ['no body', async () => app.inject({ method: 'POST', url: '/verdict' }), 415, 'send a PNG or JPEG file'],
    ['a file too large', async () => post(Buffer.alloc(10_000_001)), 413, 'too large'],
    [
      'a small file of too many pixels',
      async () => {
        const create = { width: 8000, height: 8000, channels: 3, background: '#fff' } as const;
        return post(await sharp({ create }).png().toBuffer());
      },
      422,
      'a picture of at most 20000000 pixels',
    ],
    ['a GET', async () => app.inject({ method: 'GET', url: '/verdict' }), 404, 'not found'],
  ])('%s is refused, with the reason', async (_, ask, status, reason) => {
    const answer = await ask();
    expect(answer.statusCode).toBe(status);
    expect(answer.body).toContain(reason);
    expect((await post(square)).statusCode).toBe(200); // and the server lives
  });

  test('what is wrong with the server itself is not told to the sender', async () => {
    const failing = { ...detector, predict: () => Promise.reject(new Error('secret')) };
    const broken = verdictServer(failing);
    const answer = await post(square, 'image/png', broken);
    expect([answer.statusCode, answer.body]).toEqual([500, '{"error":"the server failed"}']);
    await broken.close();
  });

  test('the queue is bounded: who comes late is sent away at once, the others are answered', async () => {
    const small = verdictServer(detector, { maxWaiting: 3 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(square, 'image/png', small)));
    const late = answers.filter(({ statusCode }) => statusCode === 503);
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(5); // two at work, three wait
    expect(late).toHaveLength(15);
    expect(late[0]!.headers['retry-after']).toBe('1');
    expect((await small.inject('/stats')).json()).toMatchObject({ waiting: 0, pictures: 5 });
    await small.close();
  });

  test('whoever goes away waits no longer', async () => {
    const asked: number[] = [];
    let answer = () => {};
    const opened = new Promise<void>((resolve) => (answer = resolve));
    const slow = verdictServer({
      ...detector,
      predict: async (...given) => {
        asked.push(1);
        await opened;
        return detector.predict(...given);
      },
    });
    await slow.listen({ port: 0, host: '127.0.0.1' });
    const { port } = slow.server.address() as AddressInfo;
    const waiting = async () => (await slow.inject('/stats')).json<{ waiting: number }>().waiting;
    const head = `POST /verdict HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: ${square.length}\r\n\r\n`;
    const sockets = Array.from({ length: 4 }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(head);
      socket.write(square);
      return socket;
    });
    while ((await waiting()) < 2 || asked.length < 2) await wait(5);
    for (const socket of sockets) socket.destroy();
    while ((await waiting()) > 0) await wait(5);
    answer();
    await slow.close();
    expect(asked).toHaveLength(2); // the model never saw the two that waited
  });

  test('under load, over a socket: latencies, answers, memory', async () => {
    const loaded = verdictServer(detector);
    const address = await loaded.listen({ port: 0, host: '127.0.0.1' });
    const tensors = tf.memory().numTensors;
    const { median, p95, statuses, alarms, memory } = await load(address, 60, 3);
    expect(statuses).toEqual({ 200: 54, 422: 6 });
    expect(median).toBeGreaterThan(0);
    expect(p95).toBeGreaterThanOrEqual(median);
    expect(alarms.known).toBeLessThan(0.2);
    expect(alarms.strange).toBe(1);
    expect(memory.map(({ after }) => after)).toEqual([6, 12, 18, 24, 30, 36, 42, 48, 54, 60]);
    expect(tf.memory().numTensors).toBe(tensors);
    await loaded.close();
  });
});

describe('the watch over alarms', () => {
  const add = (watch: ReturnType<typeof alarmWatch>, ...all: boolean[]) => all.forEach((one) => watch.add(one));

  test('counts the last pictures alone', () => {
    const watch = alarmWatch({ count: 300, alpha: 0.05 }, 4);
    expect(watch.report()).toMatchObject({ alarms: 0, pictures: 0, interval: [0, 1], hasDrifted: false });
    add(watch, true, true, false);
    expect(watch.report()).toMatchObject({ alarms: 2, pictures: 3 });
    add(watch, false, false, true);
    expect(watch.report()).toMatchObject({ alarms: 1, pictures: 4 });
  });

  test('says that alarms are more than this calibration may give, and not before', () => {
    const report = (alarms: number) => {
      const watch = alarmWatch({ count: 300, alpha: 0.05 }, 1000);
      for (let i = 0; i < 1000; i++) watch.add(i < alarms);
      return watch.report();
    };
    expect(report(0).promised).toBeGreaterThan(0.07); // 300 pictures promise 5 %, and may give 7.8
    expect(report(0).promised).toBeLessThan(0.08);
    expect(report(80).hasDrifted).toBe(false);
    expect(report(110).hasDrifted).toBe(true);
  });
});
