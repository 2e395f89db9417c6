import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { mahalanobis } from 'tfjs-ood/scorers';
import { fitDetector, loadDetector } from 'tfjs-ood/detector';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphModel } from '../detector/graph-model';

/** A server that keeps what tfjs posts to it, by the files' names, as a model server does. */
let server: Server;
let url: string;
const files = new Map<string, Uint8Array>();

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.method !== 'POST') {
        const found = files.get(request.url!.slice(1));
        response.writeHead(found ? 200 : 404, { 'content-type': 'application/octet-stream' });
        return void response.end(found);
      }
      const headers = { 'content-type': request.headers['content-type']! };
      void new Response(Buffer.concat(parts), { headers }).formData().then(async (form) => {
        for (const [, file] of form) files.set((file as File).name, new Uint8Array(await (file as File).arrayBuffer()));
        response.writeHead(200).end();
      });
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));

test('a detector is posted to a server as a model is, and loaded from it', async () => {
  await tf.setBackend('cpu');
  const model = await graphModel();
  const images = tf.randomUniform([60, 6, 6, 1], 0, 1, 'float32', 5);
  const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
  const detector = await fitDetector(model, { images, labels }, { scorer: mahalanobis() });
  await detector.save(`${url}/upload`);
  expect([...files.keys()].sort()).toEqual(['model.json', 'model.weights.bin']);
  const options = { scorer: mahalanobis() };
  const again = await loadDetector(model, `${url}/model.json`, options);
  expect(await again.predict(images)).toEqual(await detector.predict(images));
  files.set('model.weights.bin', files.get('model.weights.bin')!.slice(0, 100));
  await expect(loadDetector(model, `${url}/model.json`, options)).rejects.toThrow();
  await expect(loadDetector(model, `${url}/nothing.json`, options)).rejects.toThrow();
  for (const one of [detector, again, model, images]) one.dispose();
});
