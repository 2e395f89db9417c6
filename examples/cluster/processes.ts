import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ClusterMessage } from './messages';

/** A process of the example, and the most memory that it held. */
export interface Watched {
  child: ChildProcess;
  most: number;
  seconds: Record<string, number>;
}

/** Starts the example again as something else: `worker` or `single`. */
export function start(program: string, role: string, orders: object): Watched {
  const child = fork(program, [role, JSON.stringify(orders)], { execArgv: process.execArgv });
  const watched: Watched = { child, most: 0, seconds: {} };
  child.on('message', ({ rss, seconds }: ClusterMessage) => {
    watched.most = Math.max(watched.most, rss);
    Object.assign(watched.seconds, seconds);
  });
  return watched;
}

/** Waits until a process is ready. */
export async function ready({ child }: Watched): Promise<void> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('A worker did not start.')));
  ended.catch(() => undefined);
  const isReady = new Promise<void>((resolve) => {
    child.on('message', (message: ClusterMessage) => {
      if (message.isReady) resolve();
    });
  });
  await Promise.race([isReady, ended]);
}

/** Ends a process and waits until it is gone. */
export async function stop({ child }: Watched, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
