import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { createGunzip } from 'node:zlib';
import { FormatError } from '../errors';

const BLOCK = 512;

/** A field of a tar header, up to its first zero byte. */
const field = (header: Buffer, from: number, length: number): string =>
  header.toString('latin1', from, from + length).replace(/\0.*$/s, '');

/**
 * Unpacks a .tar.gz of files and folders into a folder. Everything goes into a new folder beside the target first, so that a
 * damaged archive leaves nothing behind.
 *
 * @param options `limit`: most bytes that may come out, default 4 GiB
 * @throws FormatError for a damaged archive, an entry that would leave the folder, a link or device, or more than `limit`
 * @example
 * await extractTarGz('cifar-10-binary.tar.gz', 'data');
 */
export async function extractTarGz(
  file: string,
  folder: string,
  { limit = 2 ** 32 }: { limit?: number } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const aside = await mkdtemp(join(folder, '.unpack-'));
  try {
    await unpack(file, aside, limit);
    for (const name of await readdir(aside)) {
      await rm(join(folder, name), { recursive: true, force: true });
      await rename(join(aside, name), join(folder, name));
    }
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function unpack(file: string, home: string, limit: number): Promise<void> {
  let offset = 0;
  const refuse = (expected: string, received: string): never => {
    throw new FormatError({ where: 'extractTarGz', what: file, expected, received }, offset);
  };
  let rest: Buffer = Buffer.alloc(0);
  let current: { handle: FileHandle; left: number } | undefined;
  let skip = 0;
  let ended = false;

  const begin = async (header: Buffer): Promise<void> => {
    if (header.every((byte) => byte === 0)) {
      ended = true;
      return;
    }
    const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    if (parseInt(field(header, 148, 8), 8) !== sum) refuse('a tar header', 'a wrong checksum');
    const prefix = field(header, 257, 5) === 'ustar' ? field(header, 345, 155) : '';
    const name = (prefix === '' ? '' : `${prefix}/`) + field(header, 0, 100);
    const size = parseInt(field(header, 124, 12).trim() || '0', 8);
    const kind = field(header, 156, 1) || '0';
    if (!Number.isSafeInteger(size) || size < 0) refuse('a size', field(header, 124, 12));
    if (kind === 'x' || kind === 'g') {
      skip = size + ((BLOCK - (size % BLOCK)) % BLOCK); // attributes that we do not need
      return;
    }
    const target = join(home, name);
    const isInside = (target + sep).startsWith(home + sep) && !name.includes('\0');
    if (!isInside || name.startsWith('/')) refuse('names below the folder', JSON.stringify(name));
    if (kind === '5') await mkdir(target, { recursive: true });
    else if (kind === '0') {
      await mkdir(dirname(target), { recursive: true });
      const handle = await open(target, 'wx');
      current = { handle, left: size };
      skip = (BLOCK - (size % BLOCK)) % BLOCK;
      if (size === 0) await finish();
    } else refuse('files and folders only', `an entry of type ${kind}, ${JSON.stringify(name)}`);
  };
  const finish = async (): Promise<void> => {
    await current!.handle.sync();
    await current!.handle.close();
    current = undefined;
  };

  const source = createReadStream(file);
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of source.pipe(gunzip) as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (!ended && rest.length > 0) {
        let used: number;
        if (current) {
          used = Math.min(current.left, rest.length);
          await current.handle.writeFile(rest.subarray(0, used));
          current.left -= used;
          if (current.left === 0) await finish();
        } else if (skip > 0) {
          used = Math.min(skip, rest.length);
          skip -= used;
        } else if (rest.length >= BLOCK) {
          used = BLOCK;
          await begin(rest.subarray(0, BLOCK));
        } else break;
        rest = rest.subarray(used);
        offset += used;
        if (offset > limit) refuse(`at most ${limit} bytes`, 'more');
      }
      if (ended) rest = Buffer.alloc(0);
    }
  } catch (error) {
    if (error instanceof FormatError || (error as NodeJS.ErrnoException).syscall) throw error;
    refuse('a whole gzip file', (error as Error).message);
  } finally {
    await current?.handle.close();
    source.destroy();
  }
  if (current || !ended) refuse('the end of the archive', 'the end of the file');
}
