import { constants, readFileSync, unlinkSync } from 'node:fs';
import { copyFile, link, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRegularFile } from './read-regular-file';
import { asideOf, LEFT_ASIDE } from './write-file-atomic';

/** Who holds a lock. */
export interface LockOwner {
  pid: number;
  /** When the process began, in the kernel's ticks: tells it from a later one with the same number; '' if unknown. */
  start: string;
  host: string;
  /** Tells this lock from any other of the same process. */
  token: string;
}

/** State letter and start of a process, from /proc (Linux). */
async function processOf(pid: number): Promise<{ state: string; start: string }> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The name in parentheses may hold anything, spaces and parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', start: fields[19] ?? '' };
}

async function isAlive({ pid, start, host }: LockOwner): Promise<boolean> {
  if (host !== hostname()) return true; // nobody here can tell
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = await processOf(pid);
  if (now.state === 'Z' || now.state === 'X') return false; // dead, only not yet collected by its parent
  return now.start === '' || start === '' || now.start === start;
}

/** The owner in a lock file; undefined where there is no file, 'unknown' where it cannot be read (yet). */
async function ownerOf(file: string): Promise<LockOwner | 'unknown' | undefined> {
  try {
    const owner = JSON.parse(String(await readRegularFile(file))) as LockOwner;
    return Number.isInteger(owner.pid) && owner.pid > 0 && typeof owner.host === 'string' ? owner : 'unknown';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'unknown';
  }
}

/** No owner to ask: a lock that was not completed within ten seconds never will be. */
async function isHeld(file: string, owner: LockOwner | 'unknown'): Promise<boolean> {
  if (owner !== 'unknown') return isAlive(owner);
  const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: 0 }));
  return Date.now() - mtimeMs < 10_000;
}

/** Held while a dead lock is cleared away. */
const guardOf = (file: string): string => `${file}.takeover`;

/** Creates the file with its text, both at once, unless it is there. */
async function createWhole(file: string, text: string): Promise<boolean> {
  const aside = asideOf(file);
  try {
    await writeFile(aside, text, { flag: 'wx' });
    await link(aside, file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
      return copyFile(aside, file, constants.COPYFILE_EXCL); // a disk without hard links
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true }).catch(() => undefined); // what went wrong before is not hidden by this
  }
}

/**
 * Removes what processes left that died while they were taking the lock; one that is just taking it is alive, and keeps
 * its own.
 */
async function sweepAside(file: string): Promise<void> {
  const written = [basename(file), basename(guardOf(file))];
  for (const name of await readdir(dirname(file))) {
    if (!LEFT_ASIDE.test(name) || !written.includes(name.replace(LEFT_ASIDE, ''))) continue;
    const aside = join(dirname(file), name);
    const owner = await ownerOf(aside);
    if (owner !== undefined && !(await isHeld(aside, owner))) await rm(aside, { force: true });
  }
}

const held = new Map<string, string>();
function releaseAll(): void {
  for (const [file, text] of held) {
    try {
      if (readFileSync(file, 'utf8') === text) unlinkSync(file);
    } catch {
      // gone already
    }
  }
}

/**
 * Takes a lock file for this process, and takes over one whose process is gone.
 *
 * @param busy makes the error for a lock that another one (or this process itself) holds
 * @returns gives it back; the end of the process does so too, unless it is killed
 */
export async function takeLock(
  file: string,
  busy: (owner: LockOwner | undefined) => Error,
): Promise<() => Promise<void>> {
  const { start } = await processOf(process.pid);
  const text = JSON.stringify({ pid: process.pid, start, host: hostname(), token: randomUUID() } satisfies LockOwner);
  while (!(await createWhole(file, text))) {
    const owner = await ownerOf(file);
    if (owner === undefined) continue;
    if (await isHeld(file, owner)) throw busy(owner === 'unknown' ? undefined : owner);
    // One at a time clears a dead lock away; else the second could remove the new lock of the first.
    const guard = guardOf(file);
    if (await createWhole(guard, text)) {
      try {
        const again = await ownerOf(file);
        if (again !== undefined && !(await isHeld(file, again))) await rm(file, { force: true });
      } finally {
        await rm(guard, { force: true });
      }
    } else {
      const other = await ownerOf(guard);
      if (other !== undefined && !(await isHeld(guard, other))) await rm(guard, { force: true });
      else await sleep(5);
    }
  }
  if (held.size === 0) process.on('exit', releaseAll);
  held.set(file, text);
  await sweepAside(file).catch(() => undefined); // what stays does no harm
  return async () => {
    if (!held.delete(file)) return;
    if (held.size === 0) process.off('exit', releaseAll);
    // Somebody may have removed the file by hand, and another run taken the lock since.
    if (String(await readRegularFile(file).catch(() => '')) !== text) return;
    // A disk that has become read-only keeps it: nobody's, once this process ends. What went wrong there is not hidden
    // by this.
    await rm(file, { force: true }).catch(() => undefined);
  };
}
