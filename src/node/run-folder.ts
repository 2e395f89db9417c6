import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { appendFile, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ArgumentError } from '../errors';
import { writeFileAtomic } from './write-file-atomic';

/** The output folder of a run; see {@link openRunFolder}. */
export interface RunFolder {
  readonly path: string;
  /** Writes a checkpoint whole or not at all, and keeps the last two. */
  saveCheckpoint(bytes: Uint8Array, progress: { epoch: number }): Promise<void>;
  /** The newest checkpoint that is whole; a damaged one is passed over, and named in `damaged`. */
  latestCheckpoint(): Promise<{ bytes: Uint8Array; epoch: number; damaged: string[] } | undefined>;
  /** Adds one JSON line to a file. */
  appendLine(file: string, record: object): Promise<void>;
  /** Drops the lines of a file that `keep` does not want, and a line that was cut off. */
  truncateLines(file: string, keep: (record: Record<string, unknown>) => boolean): Promise<void>;
  writeJson(file: string, value: unknown): Promise<void>;
  /** What {@link writeJson} wrote; undefined where there is no such file. */
  readJson<T>(file: string): Promise<T | undefined>;
  writeBytes(file: string, bytes: Uint8Array): Promise<void>;
  /** Gives the folder free. */
  close(): Promise<void>;
}

const KEPT = 2;
const checkpointName = (epoch: number): string => `checkpoint-${String(epoch).padStart(6, '0')}.safetensors`;
const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** When a process began, in the kernel's ticks: tells a process from a later one with the same number. */
const startOf = async (pid: number): Promise<string> => {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
};

interface Lock {
  pid: number;
  start: string;
  host: string;
}

async function isAlive({ pid, start, host }: Lock): Promise<boolean> {
  if (host !== hostname()) return true; // nobody here can tell
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = await startOf(pid);
  return now === '' || start === '' || now === start;
}

/** Takes the folder for this process; a lock whose process is gone is taken over. */
async function takeLock(file: string, path: string): Promise<() => Promise<void>> {
  const mine: Lock = { pid: process.pid, start: await startOf(process.pid), host: hostname() };
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(JSON.stringify(mine));
      await handle.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const text = await readFile(file, 'utf8').catch(() => '');
    let owner: Lock | undefined;
    try {
      owner = JSON.parse(text) as Lock;
    } catch {
      // Cut off while it was written: its process is gone or about to write it.
    }
    if (owner && (await isAlive(owner))) {
      const received = `one that process ${owner.pid} on ${owner.host} is using (if it is not, remove ${file})`;
      throw new ArgumentError({ where: 'openRunFolder', what: path, expected: 'a free folder', received });
    }
    await rm(file, { force: true });
  }
  const atExit = () => {
    try {
      unlinkSync(file);
    } catch {
      // gone already
    }
  };
  process.on('exit', atExit);
  return async () => {
    process.off('exit', atExit);
    await rm(file, { force: true });
  };
}

/** Writes the configuration, or compares it with the one that is there. */
async function checkConfig(file: string, path: string, config: Record<string, unknown>): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (text === undefined) return writeFileAtomic(file, `${JSON.stringify(config, null, 2)}\n`);
  const before = JSON.parse(text) as Record<string, unknown>;
  const show = (value: unknown) => JSON.stringify(value) ?? 'nothing';
  const differing = [...new Set([...Object.keys(before), ...Object.keys(config)])]
    .filter((key) => show(before[key]) !== show(config[key]))
    .map((key) => `${key} ${show(config[key])} (there: ${show(before[key])})`);
  if (differing.length === 0) return;
  const received = `${differing.join(', ')}; take another folder, or the same numbers`;
  throw new ArgumentError({ where: 'openRunFolder', what: path, expected: 'a folder of the same run', received });
}

/**
 * Opens the output folder of a run, which is made if need be: configuration, JSON lines, checkpoints with checksums. Only one
 * process has it at a time, and only with the configuration it began with.
 *
 * @param config the run's numbers, as JSON
 * @throws ArgumentError where another run is using the folder, or it holds a run with other numbers (it says which); the
 *   system's error for a folder that cannot be written
 * @example
 * const run = await openRunFolder('runs/first', { seed: 1 });
 * await run.saveCheckpoint(bytes, { epoch: 1 });
 * await run.close();
 */
export async function openRunFolder(path: string, config: Record<string, unknown>): Promise<RunFolder> {
  await mkdir(path, { recursive: true });
  const release = await takeLock(join(path, 'run.lock'), path);
  try {
    await checkConfig(join(path, 'config.json'), path, config);
  } catch (error) {
    await release();
    throw error;
  }
  const checkpoints = async () =>
    (await readdir(path)).filter((name) => /^checkpoint-\d+\.safetensors$/.test(name)).sort();
  const writeJson = (file: string, value: unknown) =>
    writeFileAtomic(join(path, file), `${JSON.stringify(value, null, 2)}\n`);

  return {
    path,
    writeJson,
    async saveCheckpoint(bytes, { epoch }) {
      const name = checkpointName(epoch);
      // The checksum first: a checkpoint without one is never taken for whole.
      await writeFileAtomic(join(path, `${name}.sha256`), hash(bytes));
      await writeFileAtomic(join(path, name), bytes);
      for (const old of (await checkpoints()).slice(0, -KEPT)) {
        await rm(join(path, old), { force: true });
        await rm(join(path, `${old}.sha256`), { force: true });
      }
    },
    async latestCheckpoint() {
      const damaged: string[] = [];
      for (const name of (await checkpoints()).reverse()) {
        const bytes = await readFile(join(path, name));
        const expected = await readFile(join(path, `${name}.sha256`), 'utf8').catch(() => '');
        if (hash(bytes) === expected.trim()) return { bytes, epoch: Number(/\d+/.exec(name)![0]), damaged };
        damaged.push(name);
      }
      return undefined;
    },
    appendLine: (file, record) => appendFile(join(path, file), `${JSON.stringify(record)}\n`),
    async truncateLines(file, keep) {
      const text = await readFile(join(path, file), 'utf8').catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (text === undefined) return;
      const kept = text.split('\n').filter((line) => {
        try {
          return keep(JSON.parse(line) as Record<string, unknown>);
        } catch {
          return false;
        }
      });
      await writeFileAtomic(join(path, file), kept.map((line) => `${line}\n`).join(''));
    },
    async readJson<T>(file: string) {
      const text = await readFile(join(path, file), 'utf8').catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      return text === undefined ? undefined : (JSON.parse(text) as T);
    },
    writeBytes: (file, bytes) => writeFileAtomic(join(path, file), bytes),
    close: release,
  };
}
