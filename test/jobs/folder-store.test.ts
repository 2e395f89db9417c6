import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { folderStore } from 'tfjs-ood/jobs';
import { temporaryFolder } from '../node/temporary-folder';
import { PLAIN_NAME, placeWithin, RUN_NAME } from '../../src/jobs/shards/place-within';

const place = temporaryFolder();
const bytesOf = (text: string) => new TextEncoder().encode(text);
const isPlain = (name: unknown) => PLAIN_NAME.holds(name as number);

test('what was put is got, what was not is undefined, and what was deleted is gone', async () => {
  const folder = place('store');
  const store = folderStore(folder);
  expect(await store.get('a/b')).toBeUndefined();
  await store.put('a/b', bytesOf('one'));
  await store.put('a/b', bytesOf('two'));
  await store.put('a/c/d', bytesOf('three'));
  await store.put('top', new Uint8Array());
  expect(await store.get('a/b')).toEqual(bytesOf('two'));
  expect(await store.get('top')).toEqual(new Uint8Array());
  expect(await store.get('a/b/c')).toBeUndefined(); // below a file
  await store.delete('a/b');
  await store.delete('a/b');
  expect(await store.get('a/b')).toBeUndefined();
  await store.deleteAll('a/c/');
  expect(await store.get('a/c/d')).toBeUndefined();
  await store.deleteAll('never/there/');
  expect((await readdir(folder)).sort()).toEqual(['.aside', 'a', 'top']);
  expect(await readdir(join(folder, 'a'))).toEqual([]); // what files were written by is gone with the run's parts
});

test('names that lead out of a folder, or are odd, are refused', async () => {
  const odd = ['', '/', '/etc/passwd', '..', '../x', 'a/../b', 'a/./b', './a', 'a//b', 'a/', 'a\\b', 'C:/x', 'C:x'];
  for (const name of [...odd, 'a\nb', 'a\0b', 'a\u007f', 'x'.repeat(1001), 5, null, undefined, ['a']]) {
    expect(isPlain(name), String(name)).toBe(false);
  }
  for (const name of ['a', 'a.b', '..a', 'a..', '.a', 'part-00000-ä.snappy.parquet', 'day=1/hour=2/a b.csv']) {
    expect(isPlain(name), name).toBe(true);
  }
  const store = folderStore(place('store'));
  for (const name of odd) {
    await expect(store.put(name, bytesOf('x'))).rejects.toThrow(ArgumentError);
    await expect(store.get(name)).rejects.toThrow(ArgumentError);
    await expect(store.delete(name)).rejects.toThrow(ArgumentError);
  }
});

test('no plain name leads out of its folder', async () => {
  const folder = place('root');
  await mkdir(folder);
  const letters = fc.constantFrom('.', '/', '\\', 'a', ':', '\0', ' ', '..', '%2e', '~');
  await fc.assert(
    fc.asyncProperty(fc.array(letters, { maxLength: 8 }), async (parts) => {
      const name = parts.join('');
      if (!isPlain(name)) return;
      const path = join(folder, name);
      expect(path.startsWith(`${folder}/`)).toBe(true);
      await expect(placeWithin('f', 'x', folder, name)).rejects.toMatchObject({ code: 'ENOENT' });
    }),
  );
});

test('a link out of the folder is not followed, one within it is', async () => {
  const outside = place('outside');
  await mkdir(outside);
  await writeFile(join(outside, 'secret'), 'secret');
  const folder = place('store');
  await mkdir(join(folder, 'real'), { recursive: true });
  await writeFile(join(folder, 'real', 'file'), 'fine');
  await symlink(outside, join(folder, 'out'));
  await symlink(join(outside, 'secret'), join(folder, 'secret'));
  await symlink('real', join(folder, 'in'));
  const store = folderStore(folder);
  expect(await store.get('in/file')).toEqual(bytesOf('fine'));
  for (const key of ['out/secret', 'secret']) {
    await expect(store.get(key)).rejects.toThrow(/below its folder, without a link that leads out of it/);
    await expect(store.delete(key)).rejects.toThrow(ArgumentError);
  }
  await expect(store.put('out/new', bytesOf('x'))).rejects.toThrow(ArgumentError);
  await expect(store.put('out/deep/new', bytesOf('x'))).rejects.toThrow(ArgumentError);
  await store.put('secret', bytesOf('mine')); // the link is replaced, not what it leads to
  expect(await readdir(outside)).toEqual(['secret']);
  expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
  expect(await store.get('secret')).toEqual(bytesOf('mine'));
  // A folder beside one whose name begins alike
  await mkdir(`${folder}-other`);
  await writeFile(join(`${folder}-other`, 'x'), 'x');
  await symlink(join(`${folder}-other`, 'x'), join(folder, 'beside'));
  await expect(store.get('beside')).rejects.toThrow(ArgumentError);
});

test('a folder is named, and a disk that refuses says so', async () => {
  for (const folder of ['', undefined, 5]) expect(() => folderStore(folder as string)).toThrow(ArgumentError);
  const file = place('file');
  await writeFile(file, 'x');
  await expect(folderStore(file).put('a', bytesOf('x'))).rejects.toMatchObject({ name: 'StorageError' });
  const folder = place('locked');
  await mkdir(folder);
  await chmod(folder, 0o500);
  if (process.getuid?.() !== 0) {
    await expect(folderStore(folder).put('a', bytesOf('x'))).rejects.toMatchObject({ name: 'StorageError' });
  }
});

test('what a run may be called', () => {
  const isRun = (name: unknown) => RUN_NAME.holds(name as number);
  for (const name of ['november', 'a', '2026-11-28', 'v1.2', 'A_b']) expect(isRun(name), name).toBe(true);
  for (const name of ['', '.a', '-a', 'a/b', 'a..b', 'a b', 'ä', 'a:b', 'x'.repeat(101), 5, null]) {
    expect(isRun(name), String(name)).toBe(false);
  }
});
