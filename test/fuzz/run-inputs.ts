import { takeAllocations } from './allocations'; // first: it counts from here on
import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FormatError } from '../../src/core/errors';
import { inputOf, WrongResult, type Target } from './target';
import { targets } from './targets/index';

/** What a process is to do: inputs `from` to `to` of a reader. */
export interface Job {
  name: string;
  seed: number;
  from: number;
  to: number;
  /** A file for the index of the input that is being read: it stays when the process is killed. */
  cursor: string;
}

/** What came of it. Times are in milliseconds. */
export interface Outcome {
  accepted: number;
  refused: number;
  milliseconds: number;
  slowest: number;
  /** Bytes that typed arrays were asked for, for one input. */
  largest: number;
  /** Most memory of the process, in megabytes. */
  memory: number;
  failure?: { index: number; reason: string };
}

const TOO_LONG = 1000;
const GROWTH = 64e6;
const MOST_MEMORY = 1024; // megabytes; collecting late takes a part of it

async function attempt(target: Target, input: Uint8Array): Promise<unknown> {
  try {
    // No await where nothing is waited for: that would take longer than some readers.
    const reading = target.read(input);
    if (reading) await reading;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Why an input that was not accepted fails the test; undefined for a proper refusal. */
function faultOf({ where }: Target, error: unknown): string | undefined {
  if (error instanceof WrongResult) return `a wrong result: ${error.message}`;
  if (!(error instanceof FormatError))
    return `not a FormatError: ${error instanceof Error ? error.stack : String(error)}`;
  const names = where.includes(error.details.where) && error.message.startsWith(`${error.details.where}: `);
  return names ? undefined : `an error that names none of ${where.join(', ')}: ${error.message}`;
}

/**
 * An input that took long is read again, a while later: a busy machine is slow for some seconds, a slow input always.
 */
async function millisecondsOf(target: Target, input: Uint8Array, first: number): Promise<number> {
  let least = first;
  for (let again = 0; again < 5 && least > TOO_LONG; again++) {
    await sleep(2000);
    const begin = performance.now();
    await attempt(target, input);
    least = Math.min(least, performance.now() - begin);
  }
  return least;
}

const memory = () => {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

Error.stackTraceLimit = 4; // most of the time goes into errors

async function run({ name, seed, from, to, cursor }: Job): Promise<Outcome> {
  const target = await targets[name]!();
  const file = openSync(cursor, 'r+');
  const place = new BigUint64Array(1);
  const outcome: Outcome = { accepted: 0, refused: 0, milliseconds: 0, slowest: 0, largest: 0, memory: 0 };
  const begin = performance.now();
  let memoryAtStart = 0;
  for (let index = from; index < to; index++) {
    const input = inputOf(target, seed, index);
    place[0] = BigInt(index + 1);
    writeSync(file, place, 0, 8, 0);
    takeAllocations();
    const start = performance.now();
    const error = await attempt(target, input);
    const took = performance.now() - start;
    const asked = takeAllocations();
    const fail = (reason: string) => ({ ...outcome, failure: { index, reason } });
    const fault = error === undefined ? undefined : faultOf(target, error);
    if (fault !== undefined) return fail(fault);
    if (asked > target.limit(input)) return fail(`${asked} bytes were asked for, of ${input.length} bytes of input`);
    const least = took > TOO_LONG ? await millisecondsOf(target, input, took) : took;
    if (least > TOO_LONG) return fail(`${least.toFixed(0)} ms, six times`);
    outcome.slowest = Math.max(outcome.slowest, least);
    outcome.largest = Math.max(outcome.largest, asked);
    if (error === undefined) outcome.accepted++;
    else outcome.refused++;
    if (index % 1000 === 0 || index === to - 1) outcome.memory = process.resourceUsage().maxRSS / 1024;
    if (outcome.memory > MOST_MEMORY) return fail(`${outcome.memory.toFixed(0)} MB of memory`);
    if ((index - from) % 50_000 === 2000) {
      memoryAtStart ||= memory();
      const grown = memory() - memoryAtStart;
      if (grown > GROWTH) return fail(`${grown} bytes more memory than at the start`);
    }
  }
  outcome.milliseconds = performance.now() - begin;
  return outcome;
}

process.send!(await run(JSON.parse(process.argv[2]!) as Job));
process.disconnect();
