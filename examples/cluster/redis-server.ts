import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';

/** How a server is started. */
export interface RedisSettings {
  /** Where it keeps what was written. */
  folder: string;
  /** Further settings as on its command line, such as `['--requirepass', 'secret']`. */
  settings?: readonly string[];
  port?: number;
}

/** A Redis of one's own, on loopback. */
export interface RedisServer {
  readonly port: number;
  /** Resident memory, in bytes; 0 where nobody says. */
  readonly pid: number;
  /** Ends it; `'SIGKILL'` gives it no time to say goodbye. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again, with what it kept. */
  start(): Promise<void>;
}

/** A port that nobody listens to. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Every write is on the disk before it is answered: what was done stays done. */
const PERSISTENT = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];

/** Starts Debian's `redis-server` on loopback. @throws where it is missing, saying how to install it */
export async function startRedis({ folder, settings = [], port }: RedisSettings): Promise<RedisServer> {
  await mkdir(folder, { recursive: true });
  const own = port ?? (await freePort());
  let child: ChildProcess | undefined;
  async function start(): Promise<void> {
    const args = ['--port', String(own), '--bind', '127.0.0.1', '--dir', folder, ...PERSISTENT, ...settings];
    const started = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const hear = (text: Buffer) => {
        said = (said + text.toString()).slice(-4000);
        if (said.includes('Ready to accept connections')) resolve();
      };
      started.stdout.on('data', hear);
      started.stderr.on('data', hear);
      started.once('error', (error: NodeJS.ErrnoException) => {
        const missing = error.code === 'ENOENT';
        reject(missing ? new Error('redis-server is missing: apt-get install redis-server') : error);
      });
      started.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)));
    });
  }
  await start();
  return {
    port: own,
    get pid() {
      return child!.pid!;
    },
    start,
    async stop(signal = 'SIGTERM') {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}
