import { existsSync, lstatSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { FLAG, INDEX } from '../../core/check';
import { ArgumentError, FormatError, OodError } from '../../core/errors';
import { readOptions, type Declared } from '../../core/read-options';
import { makeFolder as makeOnDisk } from '../make-folder';
import { openRegularFile } from '../read-regular-file';
import { asStorageError } from '../storage-error';
import { syncFolder } from '../sync-folder';
import { takeLock, type LockOwner } from '../take-lock';
import { readPaxAttributes, readTarHeader, TAR_BLOCK } from './tar-header';

/** Options of {@link extractTarGz}. */
export interface ExtractOptions {
  /** Most bytes that may come out; default 4 GiB. */
  limit?: number;
  /** Most files and folders that may come out; default 1,000,000. */
  entryLimit?: number;
  /** Replaces files and folders of the same name in the target; else they are an error. Default false. */
  overwrite?: boolean;
}

const OPTIONS = {
  limit: [INDEX, 2 ** 32],
  entryLimit: [INDEX, 1_000_000],
  overwrite: [FLAG, false],
} as const satisfies Declared<ExtractOptions>;

const where = 'extractTarGz';
const PAX_LIMIT = 2 ** 16;
/** Most levels of folders; each costs a folder, and a name of 64 KiB could have thousands. */
const LEVEL_LIMIT = 64;
/**
 * How long one waits for others that are moving into the same folder; only `overwrite` of a large folder takes long.
 */
const MOVE_WAIT_MS = 60_000;
/** How names of our own begin, in the target; an archive has none such. */
const ASIDE = '.unpack';

/**
 * Unpacks a .tar.gz of files and folders into a folder. Everything goes into a new folder beside the target's contents
 * first and is moved when it is whole, so that a damaged archive, or a kill, leaves nothing that looks unpacked. A kill
 * while several files or folders are moved leaves some of them, each whole; the same call then moves the others.
 *
 * @throws FormatError for a damaged archive, an entry that would leave the folder or lies more than 64 levels deep, a
 *   link or device, or more than `limit` or `entryLimit`; ArgumentError where the target has something of the same
 *   name, or another call is unpacking the same archive into it; StorageError for a full disk
 * @example
 * await extractTarGz('cifar-10-binary.tar.gz', 'unpacked');
 */
export async function extractTarGz(file: string, folder: string, options: ExtractOptions = {}): Promise<void> {
  const { limit, entryLimit, overwrite } = readOptions(where, options, OPTIONS);
  const aside = join(folder, `${ASIDE}ing-${basename(file)}`);
  const refuse = (received: string) =>
    new ArgumentError(where, folder, 'a folder that the archive can be unpacked into', received);
  try {
    await makeOnDisk(folder);
    const release = await takeLock(`${aside}.lock`, (owner) =>
      refuse(`one that process ${owner?.pid ?? ''} is unpacking into (if it is not, remove ${aside}.lock)`),
    );
    let endTurn: (() => Promise<void>) | undefined;
    try {
      await rm(aside, { recursive: true, force: true }); // of a killed process
      const whole = await wholeFolder(file, folder);
      const isMoving = existsSync(whole);
      if (!isMoving) {
        await mkdir(aside);
        await unpack(file, aside, limit, entryLimit);
      }
      // Two archives may have the same name: from here to the last move no other call looks what is there.
      const turn = join(folder, `${ASIDE}ing.lock`);
      endTurn = await takeTurn(turn, (owner) =>
        refuse(`one that process ${owner?.pid ?? ''} is moving into (if it is not, remove ${turn})`),
      );
      const names = await readdir(isMoving ? whole : aside);
      const clash = names.find((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }));
      if (clash !== undefined && !overwrite)
        throw refuse(`one that has ${clash} already (overwrite: true replaces it)`);
      if (!isMoving) {
        await rename(aside, whole);
        await syncFolder(folder);
      }
      // From here on a kill leaves the rest in `whole`, and the next call moves it.
      for (const name of names) {
        if (overwrite) await rm(join(folder, name), { recursive: true, force: true });
        await rename(join(whole, name), join(folder, name));
      }
      await rmdir(whole);
      await syncFolder(folder);
    } finally {
      await endTurn?.();
      await rm(aside, { recursive: true, force: true });
      await release();
    }
  } catch (error) {
    throw asStorageError(where, folder, error);
  }
}

/** Takes the lock for moves into a folder, and waits for others: theirs are done soon. */
async function takeTurn(
  lock: string,
  busy: (owner: LockOwner | undefined) => ArgumentError,
): Promise<() => Promise<void>> {
  for (const end = Date.now() + MOVE_WAIT_MS; ; await sleep(20)) {
    try {
      return await takeLock(lock, busy);
    } catch (error) {
      if (!(error instanceof ArgumentError) || Date.now() > end) throw error;
    }
  }
}

/**
 * Where an archive's contents are once they are whole, until all are moved; removes those of another archive of the
 * same name.
 */
async function wholeFolder(file: string, folder: string): Promise<string> {
  const { size, mtimeMs } = await stat(file).catch((error: Error) => {
    throw new ArgumentError(where, 'file', 'an archive', error.message);
  });
  const start = `${ASIDE}ed-${basename(file)}-`;
  const own = `${start}${size}-${mtimeMs}`;
  for (const name of await readdir(folder)) {
    const isOld = name.startsWith(start) && /^\d+--?[\d.]+$/.test(name.slice(start.length)); // not 'a-b' for 'a'
    if (isOld && name !== own) await rm(join(folder, name), { recursive: true, force: true });
  }
  return join(folder, own);
}

/** The bytes of a gzip file, as they are asked for. */
async function* gunzipped(file: string): AsyncGenerator<Buffer, void> {
  const handle = await openRegularFile(file);
  const source = handle.createReadStream();
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
  }
}

async function unpack(file: string, home: string, limit: number, entryLimit: number): Promise<void> {
  let [offset, produced] = [0, 0];
  const refuse = (expected: string, received: string): never => {
    throw new FormatError(where, file, expected, received, offset);
  };
  const chunks = gunzipped(file);
  let rest: Buffer = Buffer.alloc(0);
  /** Up to `count` bytes, at least one; none at the end of the archive. */
  const some = async (count: number): Promise<Buffer> => {
    while (rest.length === 0) {
      const { done, value } = await chunks.next().catch((error: Error) => refuse('a whole gzip file', error.message));
      if (done) return Buffer.alloc(0);
      produced += value.length;
      if (produced > limit) refuse(`an archive of at most ${limit} bytes`, 'more');
      rest = value;
    }
    const taken = rest.subarray(0, count);
    rest = rest.subarray(taken.length);
    offset += taken.length;
    return taken;
  };
  const pieces = async function* (count: number): AsyncGenerator<Buffer, void> {
    for (let left = count; left > 0;) {
      const piece = await some(left);
      if (piece.length === 0) refuse('a whole archive', 'its end');
      left -= piece.length;
      yield piece;
    }
  };
  const all = async (count: number): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for await (const piece of pieces(count)) parts.push(piece);
    return Buffer.concat(parts);
  };
  const skipPadding = (size: number) => all((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);

  const folders = new Set([home]);
  let files = 0;
  const checkCount = () => {
    if (!(files + folders.size - 1 <= entryLimit))
      refuse(`an archive of at most ${entryLimit} files and folders`, 'more');
  };
  const makeFolder = async (path: string) => {
    if (folders.has(path)) return;
    for (let at = path; !folders.has(at); at = dirname(at)) folders.add(at);
    checkCount();
    await makeOnDisk(path);
  };
  let attributes = new Map<string, string>();
  try {
    for (;;) {
      const block = await all(TAR_BLOCK);
      if (block.every((byte) => byte === 0)) break;
      const header = readTarHeader(block);
      if (typeof header === 'string') return refuse('a tar header', header);
      if (header.kind === 'x' || header.kind === 'g') {
        if (header.size > PAX_LIMIT) refuse(`attributes of at most ${PAX_LIMIT} bytes`, `${header.size}`);
        const found = readPaxAttributes(await all(header.size)) ?? refuse('pax attributes', 'damaged ones');
        if (header.kind === 'x') attributes = found;
        await skipPadding(header.size);
        continue;
      }
      const name = attributes.get('path') ?? header.name;
      const size = Number(attributes.get('size') ?? header.size);
      attributes = new Map();
      // Before ustar a slash at the end made a folder; pax cuts a header's own name anywhere.
      const kind = header.kind === '0' && name.endsWith('/') ? '5' : header.kind;
      const path = join(home, name);
      const isOurs = relative(home, path).startsWith(ASIDE);
      const isInside = path.startsWith(home + sep) && !/^[/\\]|\0/.test(name) && !isOurs;
      if (kind === '5' && ['.', './'].includes(name)) continue;
      if (!isInside) refuse('names below the folder', JSON.stringify(name));
      const levels = relative(home, path).split(sep).length;
      if (levels > LEVEL_LIMIT) refuse(`names of at most ${LEVEL_LIMIT} levels`, `${levels}`);
      if (kind === '5') {
        await makeFolder(path.endsWith(sep) ? path.slice(0, -1) : path);
        continue;
      }
      if (kind !== '0') refuse('files and folders only', `an entry of type ${kind}, ${JSON.stringify(name)}`);
      if (!Number.isSafeInteger(size) || size > limit)
        refuse(`an archive of at most ${limit} bytes`, `a file of ${size}`);
      await makeFolder(dirname(path));
      files++;
      checkCount();
      const handle = await open(path, 'wx');
      try {
        for await (const piece of pieces(size)) await handle.writeFile(piece);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await skipPadding(size);
    }
    // The rest is padding; gzip's checksum, at its end, covers what came before.
    while ((await some(TAR_BLOCK)).length > 0);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    // In a folder that was empty these come of the archive.
    if (error instanceof OodError || !['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'].includes(code)) throw error;
    refuse('entries with names of their own', message);
  } finally {
    await chunks.return();
  }
  for (const folder of folders) await syncFolder(folder);
}
