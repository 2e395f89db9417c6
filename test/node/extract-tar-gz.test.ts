import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FormatError, seededRandom } from 'tfjs-ood';
import { extractTarGz } from 'tfjs-ood/node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();

/** A folder of files of all kinds of lengths, and its names. */
async function makeFiles(): Promise<string> {
  const home = place('source');
  await mkdir(join(home, 'set', 'deep', 'n'.repeat(60), 'm'.repeat(60)), { recursive: true });
  await mkdir(join(home, 'set', 'empty'));
  const random = seededRandom(2);
  for (const length of [0, 1, 511, 512, 513, 100_000]) {
    const bytes = Uint8Array.from({ length }, () => random.integer(256));
    await writeFile(join(home, 'set', `${length}.bin`), bytes);
  }
  await writeFile(join(home, 'set', 'deep', 'n'.repeat(60), 'm'.repeat(60), 'Größe = 1.txt'), 'long name');
  return home;
}
function pack(source: string, format: string, ...more: string[]): string {
  const file = join(place('archive') + '.tar.gz');
  execFileSync('tar', ['-C', source, `--format=${format}`, ...more, '-czf', file, 'set']);
  return file;
}
const listing = async (folder: string) => {
  const names = (await readdir(folder, { recursive: true })).sort();
  return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name)).catch(() => 'folder')]));
};

describe('archives of GNU tar', () => {
  test.each(['ustar', 'pax'])('%s comes out as it went in', async (format) => {
    const source = await makeFiles();
    const target = place();
    await extractTarGz(pack(source, format), target);
    expect(await listing(target)).toEqual(await listing(source));
    expect(await readdir(target)).toEqual(['set']);
  });

  test('a file whose long name is cut behind a slash in its own header is no folder', async () => {
    const source = await makeFiles();
    const target = place();
    const long = 'd/'.repeat(60);
    await extractTarGz(pack(source, 'pax', `--transform=s,^set/513.bin$,${long}file,`), target);
    expect((await readFile(join(target, long, 'file'))).equals(await readFile(join(source, 'set', '513.bin')))).toBe(
      true,
    );
  });

  test('cut at any place, or with a byte changed, it leaves nothing', async () => {
    const packed = await readFile(pack(await makeFiles(), 'ustar'));
    const target = place();
    const random = seededRandom(5);
    const file = join(place());
    for (let i = 0; i < 25; i++) {
      const bytes = Buffer.from(packed);
      const at = 10 + random.integer(bytes.length - 10); // the first ten bytes hold a date that nothing checks
      if (i % 2) bytes[at]! ^= 1 + random.integer(255);
      await writeFile(file, i % 2 ? bytes : bytes.subarray(0, at));
      await expect(extractTarGz(file, target)).rejects.toThrow(FormatError);
      expect(await readdir(target)).toEqual([]);
    }
    // The archive cut inside a whole gzip file: no end block.
    const tar = gunzipSync(packed);
    for (const length of [512, 700, 1024, 100_000]) {
      await writeFile(file, gzipSync(tar.subarray(0, length)));
      await expect(extractTarGz(file, target)).rejects.toThrow('must be a whole archive, got its end');
    }
  });

  test('links are refused', async () => {
    const source = await makeFiles();
    await symlink('/etc', join(source, 'set', 'link'));
    const target = place();
    await expect(extractTarGz(pack(source, 'ustar'), target)).rejects.toThrow('an entry of type 2, "set/link"');
    expect(await readdir(target)).toEqual([]);
  });

  test.each(['ustar', 'pax'])('%s names that leave the folder are refused', async (format) => {
    const source = await makeFiles();
    for (const evil of ['../evil', '/tmp/evil', 'a/../../evil', `${'x/'.repeat(40)}${'../'.repeat(41)}evil`]) {
      const file = pack(source, format, '-P', `--transform=s,^set/1.bin$,${evil},`);
      const target = place();
      await expect(extractTarGz(file, target)).rejects.toThrow('names below the folder');
      expect(await readdir(target)).toEqual([]);
    }
  });
});

describe('limits and targets', () => {
  test('what comes out is counted, also after the end of the archive', async () => {
    const file = pack(await makeFiles(), 'ustar');
    const size = gunzipSync(await readFile(file)).length;
    await extractTarGz(file, place(), { limit: size });
    await expect(extractTarGz(file, place(), { limit: size - 1 })).rejects.toThrow(`at most ${size - 1} bytes`);
    const padded = place();
    await writeFile(padded, gzipSync(Buffer.alloc(10_000_000)));
    await expect(extractTarGz(padded, place(), { limit: 1_000_000 })).rejects.toThrow('at most 1000000 bytes');
  });

  test('files and folders are counted, also folders without an entry, and levels', async () => {
    const source = await makeFiles();
    const deep = (levels: number) => pack(source, 'pax', `--transform=s,^set/1.bin$,${'d/'.repeat(levels - 1)}file,`);
    const whole = place();
    await extractTarGz(deep(64), whole);
    const entryLimit = (await listing(whole)).length;
    await extractTarGz(deep(64), place(), { entryLimit });
    for (const [file, limit, words] of [
      [deep(64), entryLimit - 1, `at most ${entryLimit - 1} files and folders`],
      [deep(65), entryLimit + 1, 'names of at most 64 levels, got 65'],
      [pack(source, 'pax', `--transform=s,^set/empty$,${'d/'.repeat(1500)},`), undefined, '64 levels, got 1500'],
    ] as const) {
      const target = place();
      const refused = extractTarGz(file, target, limit === undefined ? {} : { entryLimit: limit });
      await expect(refused).rejects.toThrow(FormatError);
      await expect(refused).rejects.toThrow(words);
      expect(await readdir(target)).toEqual([]);
    }
    await expect(extractTarGz(deep(64), place(), { entryLimit: NaN })).rejects.toThrow(
      'entryLimit must be a whole number from 0, got NaN',
    );
  });

  test('what is there already is not touched, unless asked for', async () => {
    const source = await makeFiles();
    const file = pack(source, 'ustar');
    const target = place();
    await mkdir(join(target, 'set'), { recursive: true });
    await writeFile(join(target, 'set', 'mine'), 'x');
    const before = await listing(target);
    await expect(extractTarGz(file, target)).rejects.toThrow(ArgumentError);
    await expect(extractTarGz(file, target)).rejects.toThrow('set already');
    expect(await listing(target)).toEqual(before);
    await extractTarGz(file, target, { overwrite: true });
    expect(await listing(target)).toEqual(await listing(source));
  });

  test('two archives at once into one folder: one of them, whole, where they have the same name, else both', async () => {
    // Small ones, so that they come to their moves at the same time.
    const archiveOf = async (name: string, content: string) => {
      const source = place();
      await mkdir(join(source, 'set'), { recursive: true });
      await writeFile(join(source, 'set', content), content);
      if (name !== 'set') await rename(join(source, 'set'), join(source, name));
      const file = `${place('archive')}.tar.gz`;
      execFileSync('tar', ['-C', source, '-czf', file, name]);
      return file;
    };
    const [one, same] = [await archiveOf('set', 'one'), await archiveOf('set', 'same')];
    const other = await archiveOf('other', 'x');
    for (let i = 0; i < 10; i++) {
      const target = place();
      const results = await Promise.allSettled([one, same, other].map((file) => extractTarGz(file, target)));
      expect(results[2]!.status).toBe('fulfilled');
      const winner = results[0]!.status === 'fulfilled' ? 0 : 1;
      const { reason } = results[1 - winner] as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(ArgumentError);
      expect((reason as Error).message).toContain('set already');
      expect(await readdir(target)).toEqual(['other', 'set']);
      expect(await readdir(join(target, 'set'))).toEqual([['one', 'same'][winner]]);

      await Promise.all([one, same].map((file) => extractTarGz(file, target, { overwrite: true })));
      expect(await readdir(target)).toEqual(['other', 'set']);
      expect(['one', 'same']).toContain((await readdir(join(target, 'set'))).join());
    }
  });

  test('another archive whose name begins alike keeps what a kill left of it', async () => {
    const file = pack(await makeFiles(), 'ustar');
    const target = place();
    const left = [`.unpacked-${basename(file)}-2.tar.gz-100-1.5`, `.unpacked-${basename(file)}-100--1.5`];
    for (const name of left) await mkdir(join(target, name), { recursive: true });
    await extractTarGz(file, target);
    expect((await readdir(target)).sort()).toEqual([left[0], 'set']);
  });

  test('what a killed process left is cleared away; another one that works is not disturbed', async () => {
    const file = pack(await makeFiles(), 'ustar');
    const target = place();
    const left = join(target, `.unpacking-${basename(file)}`);
    await mkdir(join(left, 'set'), { recursive: true });
    await writeFile(join(left, 'set', 'half'), 'x');
    const [one, two] = await Promise.allSettled([extractTarGz(file, target), extractTarGz(file, target)]);
    expect([one.status, two.status].sort()).toEqual(['fulfilled', 'rejected']);
    expect(await readdir(target)).toEqual(['set']);
    expect(await readdir(join(target, 'set'))).not.toContain('half');
  });

  test('what a kill left between two moves is finished by the next call, unless the archive is another one', async () => {
    const source = await makeFiles();
    await mkdir(join(source, 'other'));
    await writeFile(join(source, 'other', 'file'), 'x');
    const file = pack(source, 'ustar', 'other');
    const target = place();
    await extractTarGz(file, target);
    const { size, mtimeMs } = await stat(file);
    const left = join(target, `.unpacked-${basename(file)}-${size}-${mtimeMs}`);
    await mkdir(left);
    await rename(join(target, 'set'), join(left, 'set'));
    await extractTarGz(file, target); // does not say that other is there already
    expect(await listing(target)).toEqual(await listing(source));

    await mkdir(left);
    await rename(join(target, 'set'), join(left, 'set'));
    await utimes(file, 1, 1);
    await expect(extractTarGz(file, target)).rejects.toThrow('has other already');
    expect(await readdir(target)).toEqual(['other']);
  });

  test('names of our own and sizes that are no decimal numbers are refused', async () => {
    const source = await makeFiles();
    for (const own of ['.unpacking-a.tar.gz/x', './.unpacked-a.tar.gz-1-1/x', '.unpacking-a.tar.gz.lock']) {
      const target = place();
      const file = pack(source, 'pax', '-P', `--transform=s,^set/1.bin$,${own},`);
      await expect(extractTarGz(file, target)).rejects.toThrow('names below the folder');
      expect(await readdir(target)).toEqual([]);
    }
    for (const size of ['0x10', '1e3', '-1', '']) {
      const file = pack(source, 'pax', `--pax-option=size:=${size}`);
      await expect(extractTarGz(file, place()), size).rejects.toThrow(FormatError);
    }
  });

  test('the same name twice, a file as a folder, no archive', async () => {
    const tar = gunzipSync(await readFile(pack(await makeFiles(), 'ustar', '--exclude=deep', '--exclude=empty')));
    const file = place();
    const body = tar.subarray(0, tar.lastIndexOf('ustar') - 257);
    await writeFile(file, gzipSync(Buffer.concat([body, tar])));
    await expect(extractTarGz(file, place())).rejects.toThrow('entries with names of their own');
    await writeFile(file, 'no gzip');
    await expect(extractTarGz(file, place())).rejects.toThrow('a whole gzip file');
    await expect(extractTarGz(place(), place())).rejects.toThrow('an archive, got ENOENT');
  });
});
