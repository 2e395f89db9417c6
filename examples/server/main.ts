import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { InvalidArgumentError, program } from 'commander';
import { whole } from '../runner/arguments';
import { keptDetector } from './kept-detector';
import { load } from './load';
import { verdictServer } from './verdict-server';

interface Options {
  port: number;
  host: string;
  out: string;
  load?: number;
  clients: number;
}

function portNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value < 65_536) return value;
  throw new InvalidArgumentError('Expected 0 to 65535.');
}

async function serve({ port, host, out }: Options): Promise<void> {
  await tf.setBackend('wasm');
  await mkdir(out, { recursive: true });
  const detector = await keptDetector(join(out, 'shapes.detector.safetensors'));
  const app = verdictServer(detector, { logger: { level: 'error' } });
  const address = await app.listen({ port, host });
  console.log(`${address}/verdict takes a PNG or JPEG; ${address}/stats says how it goes`);
  process.send?.(address);
  const stop = () =>
    void app.close().then(() => {
      detector.dispose();
      process.exit();
    });
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** The server in a process of its own, so that its memory and time are its own. */
async function loadTest({ load: requests = 0, clients, out }: Options): Promise<void> {
  const server = fork(process.argv[1]!, ['--port', '0', '--out', out], { execArgv: process.execArgv });
  try {
    const ended = once(server, 'exit').then(() => Promise.reject(new Error('The server did not start.')));
    const [address] = (await Promise.race([once(server, 'message'), ended])) as [string];
    const { median, p95, statuses, alarms, memory } = await load(address, requests, clients);
    const mib = ({ bytes }: { bytes: number }) => (bytes / 2 ** 20).toFixed(0);
    console.log(`${requests} requests, ${clients} at a time: median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`);
    console.log(
      `answers: ${Object.entries(statuses)
        .map(([status, count]) => `${count} of ${status}`)
        .join(', ')}`,
    );
    console.log(
      `called unknown: ${alarms.known.toFixed(3)} of known, ${alarms.strange.toFixed(3)} of strange pictures`,
    );
    console.log(`memory, MiB: ${memory.map((at) => `${mib(at)} after ${at.after}`).join(', ')}`);
    ended.catch(() => undefined); // it is ended below
  } finally {
    server.kill();
  }
}

program
  .name('npm run example:server --')
  .description('A server that says of a picture whether its model knows such ones.')
  .option('--port <port>', 'where it listens; 0: a free one', portNumber, 3000)
  .option('--host <host>', 'whom it listens to; 0.0.0.0 is everybody', '127.0.0.1')
  .option('--out <folder>', 'where the detector is kept', 'runs/server')
  .option('--load <requests>', 'starts one, sends it so many requests and says what came', whole)
  .option('--clients <count>', 'requests at a time', whole, 4)
  .parse();

const options = program.opts<Options>();
(options.load === undefined ? serve(options) : loadTest(options)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
