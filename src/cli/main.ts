#!/usr/bin/env node
import { EXIT } from './cli-error';
import { runCli } from './run-cli';
import type { Sink } from './session';

const sinkOf = (stream: NodeJS.WriteStream): Sink => ({
  write: (text) => void stream.write(text),
  isTerminal: stream.isTTY === true,
  columns: stream.columns,
});

const stop = new AbortController();
const stopped = () => {
  if (stop.signal.aborted) process.exit(EXIT.stopped); // twice: somebody means it
  stop.abort(new Error('stopped by Ctrl-C'));
};

// What reads the lines may have read enough, as `head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});
const args = process.argv.slice(2);
if (args[0] !== 'experiment') process.on('SIGINT', stopped); // an experiment has its own way to stop
const { env, stdout, stderr } = process;
const code = await runCli(args, { out: sinkOf(stdout), err: sinkOf(stderr), env, signal: stop.signal });
// A runtime's threads would keep the process; what is written comes first.
if (code !== EXIT.leftToScript) stdout.write('', () => stderr.write('', () => process.exit(code)));
