import { readdir, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { BYTES, check, FUNCTION, INDEX, OBJECT, type Rule } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import { appendWhole } from './append-line';
import { latestCheckpoint, removeLeftovers, saveCheckpoint, type Checkpoint } from './checkpoints';
import { makeFolder } from '../make-folder';
import { readWholeFile } from '../read-regular-file';
import { checkRunConfig } from './run-config';
import { asStorageError, isSystemError, StorageError } from '../storage-error';
import { takeLock } from '../take-lock';
import { LEFT_ASIDE, writeFileAtomic } from '../write-file-atomic';
import { isRecord } from '../../core/saved/json';

/** The output folder of a run; see {@link openRunFolder}. File names are relative to it. */
export interface RunFolder {
  readonly path: string;
  /** Writes a checkpoint whole or not at all; the last two are kept, those of later epochs removed. */
  saveCheckpoint(bytes: Uint8Array, progress: { epoch: number }): Promise<void>;
  /**
   * The newest checkpoint that is whole; a damaged one is passed over, and named in `damaged`. Undefined where there is
   * none; throws FormatError where all are damaged.
   */
  latestCheckpoint(): Promise<Checkpoint | undefined>;
  /**
   * Adds one JSON line to a file, whole or not at all, in the order of the calls; a line that a kill cut off stays one
   * by itself.
   */
  appendLine(file: string, record: object): Promise<void>;
  /** Drops the lines of a file that `keep` does not want, and what is no JSON object: a line that was cut off. */
  truncateLines(file: string, keep: (record: Record<string, unknown>) => boolean): Promise<void>;
  /** Writes a value as JSON, whole or not at all. */
  writeJson(file: string, value: unknown): Promise<void>;
  /** What `writeJson` wrote; undefined where there is no such file. */
  readJson<T>(file: string): Promise<T | undefined>;
  /** Writes a file whole or not at all. */
  writeBytes(file: string, bytes: Uint8Array): Promise<void>;
  /**
   * Waits for what is being written, then gives the folder free; the end of the process does so too. Nothing can be
   * written through it afterwards.
   */
  close(): Promise<void>;
}

const LOCK = 'run.lock';

const JSON_VALUE = 'a value that JSON can hold';

const NAME_BELOW: Rule = {
  expected: 'a name below the folder',
  holds: (file: unknown) =>
    typeof file === 'string' && file !== '' && !isAbsolute(file) && !file.split(/[\\/]/).includes('..'),
};

/** A value as JSON. @throws ArgumentError for what has none: undefined, a function, a cycle */
function jsonOf(where: string, what: string, value: unknown, indent?: number): string {
  try {
    const json = JSON.stringify(value, null, indent) as string | undefined;
    if (json !== undefined) return json;
  } catch (error) {
    throw new ArgumentError(where, what, JSON_VALUE, (error as Error).message);
  }
  throw new ArgumentError(where, what, JSON_VALUE, value);
}

/** The text of a file; undefined where there is none. */
const readText = (where: string, file: string): Promise<string | undefined> =>
  readWholeFile(`RunFolder.${where}`, file).then(String, (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });

/** The object in a line; undefined for any other, such as one that was cut off. */
function recordIn(line: string): Record<string, unknown> | undefined {
  try {
    const record: unknown = JSON.parse(line);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

async function keepLines(file: string, keep: (record: Record<string, unknown>) => boolean): Promise<void> {
  const text = await readText('truncateLines', file);
  if (text === undefined) return;
  const kept = text.split('\n').filter((line) => {
    const record = recordIn(line);
    return record !== undefined && keep(record);
  });
  await writeFileAtomic(file, kept.map((line) => `${line}\n`).join(''));
}

function refuseAppend(target: string, error: unknown): never {
  const where = 'RunFolder.appendLine';
  if (isSystemError(error)) throw new StorageError(where, target, error.code, error);
  throw new ArgumentError(where, 'file', 'a regular file, or none yet', (error as Error).message);
}

async function prepare(path: string, config: Record<string, unknown>): Promise<() => Promise<void>> {
  await makeFolder(path);
  const lock = join(path, LOCK);
  const release = await takeLock(lock, (owner) => {
    const who = owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
    const received = `one that ${who} is using (if it is not, remove ${lock})`;
    return new ArgumentError('openRunFolder', path, 'a free folder', received);
  });
  try {
    await checkRunConfig(join(path, 'config.json'), path, config);
    // What a killed run was just writing. (What was left of asking for the lock is swept with the lock: another one may
    // just be asking.)
    for (const name of await readdir(path)) {
      if (LEFT_ASIDE.test(name) && !name.startsWith(LOCK)) await rm(join(path, name), { force: true });
    }
    await removeLeftovers(path);
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

/**
 * Opens the output folder of a run, which is made if need be: configuration, JSON lines, checkpoints with checksums.
 * Only one process has it at a time, and only with the configuration it began with.
 *
 * @param config the run's numbers, as JSON
 * @throws ArgumentError where another run is using the folder, or it holds a run with other numbers (it says which);
 *   FormatError for a damaged config.json; StorageError for a folder that cannot be written
 * @example
 * const run = await openRunFolder('runs/first', { seed: 1 });
 * await run.saveCheckpoint(bytes, { epoch: 1 });
 * await run.close();
 */
export async function openRunFolder(path: string, config: Record<string, unknown>): Promise<RunFolder> {
  check('openRunFolder', 'config', config, OBJECT);
  const release = await prepare(path, config).catch((error: unknown) => {
    throw asStorageError('openRunFolder', path, error);
  });
  let isOpen = true;
  const checkOpen = (where: string) => {
    if (!isOpen) throw new ArgumentError(where, path, 'an open run folder', 'a closed one');
  };
  const at = (where: string, file: string): string => {
    checkOpen(where);
    check(where, 'file', file, NAME_BELOW);
    return join(path, file);
  };

  const writing = new Set<Promise<void>>();
  /** `close` waits for it: the next run would sweep what is still aside. */
  const written = async (work: Promise<void>): Promise<void> => {
    writing.add(work);
    try {
      await work;
    } finally {
      writing.delete(work);
    }
  };

  let turn: Promise<unknown> = Promise.resolve();
  /** Changes of lines one after the other: taking back what a full disk cut off must not take the next line with it. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const own = turn.then(work);
    turn = own.catch(() => undefined);
    return own;
  };

  return {
    path,
    async saveCheckpoint(bytes, progress) {
      const where = 'RunFolder.saveCheckpoint';
      checkOpen(where);
      check(where, 'bytes', bytes, BYTES);
      const { epoch } = readOptions(where, progress, { epoch: [INDEX] });
      check(where, 'epoch', epoch, INDEX);
      await written(saveCheckpoint(path, bytes, epoch));
    },
    async latestCheckpoint() {
      checkOpen('RunFolder.latestCheckpoint');
      return latestCheckpoint(path);
    },
    async appendLine(file, record) {
      const target = at('RunFolder.appendLine', file);
      const line = jsonOf('RunFolder.appendLine', 'record', record); // as it is now
      if (!line.startsWith('{')) throw new ArgumentError('RunFolder.appendLine', 'record', OBJECT.expected, record);
      await written(inTurn(() => appendWhole(target, line)).catch((error: unknown) => refuseAppend(target, error)));
    },
    async truncateLines(file, keep) {
      const target = at('RunFolder.truncateLines', file);
      check('RunFolder.truncateLines', 'keep', keep, FUNCTION);
      await written(inTurn(() => keepLines(target, keep)));
    },
    async writeJson(file, value) {
      const target = at('RunFolder.writeJson', file);
      await written(writeFileAtomic(target, `${jsonOf('RunFolder.writeJson', 'value', value, 2)}\n`));
    },
    async readJson<T>(file: string) {
      const target = at('RunFolder.readJson', file);
      const text = await readText('readJson', target);
      try {
        return text === undefined ? undefined : (JSON.parse(text) as T);
      } catch (error) {
        throw new FormatError('RunFolder.readJson', target, 'JSON', (error as Error).message, 0);
      }
    },
    async writeBytes(file, bytes) {
      const target = at('RunFolder.writeBytes', file);
      check('RunFolder.writeBytes', 'bytes', bytes, BYTES);
      await written(writeFileAtomic(target, bytes));
    },
    async close() {
      isOpen = false;
      await Promise.allSettled(writing);
      await release();
    },
  };
}
