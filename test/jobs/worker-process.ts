// A worker in a process of its own, which tests kill: `node worker-process.mjs CONFIG`.
import { setTimeout as wait } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { Queue, Worker } from 'bullmq';
import { scorerMethods } from 'tfjs-ood/detector';
import { fitJob, folderStore, scoreJob, type JobProcessor, type JobStore } from 'tfjs-ood/jobs';
import { mahalanobis, nearestNeighbors } from 'tfjs-ood/scorers';

export interface WorkerConfig {
  port: number;
  queue: 'score' | 'fit';
  store: string;
  root: string;
  lockDuration: number;
  /** The longest pause before and after a put, in ms: so that a kill comes between. */
  pause: number;
}

const config = JSON.parse(process.argv[2]!) as WorkerConfig;
const files = folderStore(config.store);
const pause = () => wait(config.pause * Math.random());
const store: JobStore = {
  ...files,
  async put(key, bytes) {
    await pause();
    await files.put(key, bytes);
    await pause();
  },
};
tf.env().set('PROD', true); // no word on native builds
await tf.setBackend('cpu');
const connection = { port: config.port };
const queue = new Queue(config.queue, { connection });
const shared = { queue, store, roots: { all: config.root }, fanOut: 4 };
const processor: JobProcessor<object> =
  config.queue === 'score'
    ? scoreJob({ ...shared, methods: scorerMethods })
    : fitJob({ ...shared, methods: { gaussian: mahalanobis(), bank: nearestNeighbors({ k: 5, bankSize: 200 }) } });
const worker = new Worker(config.queue, processor, {
  connection,
  lockDuration: config.lockDuration,
  stalledInterval: config.lockDuration / 2,
  maxStalledCount: 1000,
  drainDelay: 1,
});
worker.on('error', () => undefined); // the server is away at times
worker.on('failed', (job, error) => console.log(`${job?.name}: ${error.message}`));
queue.on('error', () => undefined);
await worker.waitUntilReady();
process.send?.('ready');
