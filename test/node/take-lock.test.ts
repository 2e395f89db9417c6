import { existsSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { takeLock } from '../../src/node/take-lock';
import { temporaryFolder } from './temporary-folder';

/**
 * Time passes while somebody waits, and only then; each try to become the one who clears a dead lock away is counted.
 */
const clock = vi.hoisted(() => ({
  now: 0,
  tries: 0,
  passes: (): void => undefined,
}));
const MOST_TRIES = 2000; // one who does not wait ends here

vi.mock('node:timers/promises', () => ({
  setTimeout: (milliseconds: number) => {
    clock.now += milliseconds;
    clock.passes();
    return Promise.resolve();
  },
}));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    writeFile: (...given: Parameters<typeof writeFile>) => {
      if ((given[0] as string).includes('.takeover') && clock.tries++ === MOST_TRIES) {
        throw new Error(`${MOST_TRIES} tries in ${clock.now} ms: nobody waited`);
      }
      return real.writeFile(...given);
    },
  };
});

const place = temporaryFolder();
async function newFolder(): Promise<string> {
  const folder = place();
  await mkdir(folder);
  return folder;
}
const owner = (details: object) => JSON.stringify({ start: '', host: hostname(), token: 'other', ...details });
const dead = owner({ pid: 2 ** 30 });
const refuse = () => new Error('held');

beforeEach(() => {
  Object.assign(clock, { now: 0, tries: 0, passes: () => undefined });
});

test('one who finds another clearing a dead lock away waits between two tries, and not long after it is done', async () => {
  const folder = await newFolder();
  const file = join(folder, 'lock');
  await writeFile(file, dead);
  await writeFile(`${file}.takeover`, owner({ pid: process.pid })); // alive: it is clearing the lock away
  clock.tries = 0;
  const done = 1003; // milliseconds; a slow disk
  clock.passes = () => {
    if (clock.now < done) return;
    rmSync(file, { force: true });
    rmSync(`${file}.takeover`, { force: true });
  };
  const release = await takeLock(file, refuse);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: process.pid });
  expect(clock.tries, 'tries in a second').toBeLessThanOrEqual(250);
  expect(clock.now - done, 'milliseconds too late').toBeLessThanOrEqual(20);
  await release();
  expect(await readdir(folder)).toEqual([]);
});

test('a dead lock whose clearer died too is taken without a wait', async () => {
  const file = join(await newFolder(), 'lock');
  await writeFile(file, dead);
  await writeFile(`${file}.takeover`, dead);
  const release = await takeLock(file, refuse);
  expect(clock.now).toBe(0);
  await release();
  expect([existsSync(file), existsSync(`${file}.takeover`)]).toEqual([false, false]);
});

test('a lock without an owner is held for ten seconds, in which its maker may yet write it', async () => {
  const file = join(await newFolder(), 'lock');
  await writeFile(file, '{');
  const written = 1_600_000_000; // seconds
  await utimes(file, written, written);
  const now = vi.spyOn(Date, 'now');
  now.mockReturnValue(1000 * written + 9999);
  await expect(takeLock(file, refuse)).rejects.toThrow('held');
  expect(await readFile(file, 'utf8')).toBe('{');
  now.mockReturnValue(1000 * written + 10_000);
  const release = await takeLock(file, refuse);
  now.mockRestore();
  await release();
});
