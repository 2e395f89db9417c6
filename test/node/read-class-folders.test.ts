import { execFileSync } from 'node:child_process';
import { link, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { ArgumentError, FormatError } from 'tfjs-ood';
import { readClassFolders } from 'tfjs-ood/node';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
const png = (value: number, width = 4, height = 4) =>
  sharp(Buffer.alloc(width * height * 3, value), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();

async function makeFolder(files: Record<string, Buffer | string>): Promise<string> {
  const home = place();
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(home, name, '..'), { recursive: true });
    await writeFile(join(home, name), bytes);
  }
  return home;
}

describe('class folders', () => {
  test('classes in the order of their names, numbers as numbers; other files are not looked at, but named', async () => {
    const home = await makeFolder({
      'class 10/a.png': await png(10),
      'class 2/b.png': await png(3),
      'class 2/a.PNG': await png(2),
      'class 2/notes.txt': 'x',
      'empty/notes.txt': 'x',
      '.git/a.png': await png(9),
      'loose.png': await png(9),
    });
    const found = await readClassFolders(home);
    expect(found.classNames).toEqual(['class 2', 'class 10']);
    expect(Array.from(found.labels)).toEqual([0, 0, 1]);
    expect([0, 1, 2].map((i) => found.images[i * 48])).toEqual([2, 3, 10]);
    expect([found.shape, found.skipped]).toEqual([[3, 4, 4, 3], []]);
    const ignored = ['class 2/notes.txt', 'empty/notes.txt', 'loose.png'];
    expect(found.ignored).toEqual(ignored.map((name) => join(home, name)));
    expect((await readClassFolders(home, { flat: true })).ignored).toEqual(found.ignored.slice(0, 2));
    await symlink(join(home, 'class 2'), join(home, 'linked'));
    const linked = await readClassFolders(home);
    expect(linked.classNames).toEqual(['class 2', 'class 10', 'linked']);
    expect(linked.ignored.filter((file) => file.endsWith('linked'))).toEqual([]); // it is a class
  });

  test('without resizing an image of another size than is given is bad', async () => {
    const home = await makeFolder({ 'a/1.png': await png(7, 9, 5), 'a/2.png': await png(8) });
    const options = { size: [4, 4], resize: false } as const;
    await expect(readClassFolders(home, options)).rejects.toThrow('1.png must be an image of [4, 4, 3], got [5, 9, 3]');
    const { shape, skipped } = await readClassFolders(home, { ...options, skipBad: true });
    expect([shape, skipped.map(({ file }) => file)]).toEqual([[1, 4, 4, 3], [join(home, 'a/1.png')]]);
  });

  test('sizes: resized where asked for, an error otherwise', async () => {
    const home = await makeFolder({ 'a/1.png': await png(7), 'a/2.png': await png(8, 9, 5) });
    expect((await readClassFolders(home, { size: [6, 6] })).shape).toEqual([2, 6, 6, 3]);
    await expect(readClassFolders(home)).rejects.toThrow(
      'an image of [4, 4, 3], as the first (or give a size), got [5, 9, 3]',
    );
  });

  test('bad files are an error that names them, or left out and counted', async () => {
    const whole = await png(5, 40, 40);
    const home = await makeFolder({
      'a/1.png': await png(7),
      'a/2.png': 'no image',
      'b/1.png': await png(7),
      'b/2.png': whole.subarray(0, whole.length / 2),
      'b/3.png': '',
      'b/4.png': await png(8, 9, 5),
    });
    await expect(readClassFolders(home)).rejects.toThrow(FormatError);
    await expect(readClassFolders(home)).rejects.toThrow(join(home, 'a', '2.png'));
    const { labels, skipped } = await readClassFolders(home, { skipBad: true });
    expect(Array.from(labels)).toEqual([0, 1]);
    expect(skipped.map(({ file }) => file.slice(-7))).toEqual(['a/2.png', 'b/2.png', 'b/3.png', 'b/4.png']);
    expect(skipped[3]!.reason).toContain('got [5, 9, 3]');
  });

  test('links are followed, of the folder, its classes and images; one that leads nowhere is bad', async () => {
    const elsewhere = await makeFolder({ 'owls/1.png': await png(3), 'other.png': await png(9) });
    const home = await makeFolder({ 'a/1.png': await png(1) });
    await symlink(join(elsewhere, 'owls'), join(home, 'owls'));
    await symlink(join(elsewhere, 'other.png'), join(home, 'a', '2.png'));
    await symlink(join(elsewhere, 'nothing.png'), join(home, 'a', '3.png'));
    const linked = place();
    await symlink(home, linked);
    await expect(readClassFolders(linked)).rejects.toThrow(FormatError);
    const { images, labels, skipped } = await readClassFolders(linked, { skipBad: true });
    expect(Array.from(labels)).toEqual([0, 0, 1]);
    expect([0, 1, 2].map((i) => images[i * 48])).toEqual([1, 9, 3]);
    expect(skipped.map(({ file }) => file)).toEqual([join(linked, 'a', '3.png')]);
    expect(skipped[0]!.reason).toContain('ENOENT');
  });

  test.skipIf(process.platform === 'win32')('what may have no end is not read', { timeout: 10_000 }, async () => {
    const home = await makeFolder({ 'a/1.png': await png(1), 'a/4.png': '' });
    execFileSync('mkfifo', [join(home, 'a', '2.png')]);
    await symlink('/dev/urandom', join(home, 'a', '3.png'));
    await truncate(join(home, 'a', '4.png'), 2 ** 30); // takes no room on the disk
    await expect(readClassFolders(home)).rejects.toThrow(
      `2.png must be a whole JPEG or PNG image, got a pipe or device`,
    );
    const { shape, skipped } = await readClassFolders(home, { skipBad: true });
    expect(shape[0]).toBe(1);
    expect(skipped.map(({ file }) => file.slice(-5))).toEqual(['2.png', '3.png', '4.png']);
    expect(skipped[2]!.reason).toContain('1073741824 bytes, more than');
  });

  test('more than 4 GiB of pixels is an error before they are read, with skipBad too', async () => {
    const home = await makeFolder({ 'a/1.png': await png(1), 'b/1.png': await png(1) });
    for (let i = 2; i < 86; i++) await link(join(home, 'a', '1.png'), join(home, 'a', `${i}.png`));
    for (const skipBad of [false, true]) {
      const read = readClassFolders(home, { size: [4096, 4096], skipBad });
      await expect(read).rejects.toThrow(FormatError);
      await expect(read).rejects.toThrow(
        `${home} must be images of at most 4294967296 bytes (give a smaller size), got 86 of [4096, 4096, 3]`,
      );
    }
  });

  test('nothing good is an error, not a class of nothing', async () => {
    const home = await makeFolder({ 'a/1.png': await png(7), 'b/1.png': 'x' });
    await expect(readClassFolders(home, { skipBad: true })).rejects.toThrow(
      'a good image of class b, got bad ones only',
    );
    await expect(readClassFolders(await makeFolder({ 'x.txt': '' }))).rejects.toThrow(ArgumentError);
    await expect(readClassFolders(place())).rejects.toThrow('a folder that can be read');
    await expect(readClassFolders(home, { size: [0, 4] })).rejects.toThrow(
      'size must be a list of 2, each a whole number from 1 to 4096, got [0, 4]',
    );
  });

  test('images right in the folder, as one class', async () => {
    const home = await makeFolder({ 'x.png': await png(1), 'a/1.png': await png(2) });
    const { classNames, labels } = await readClassFolders(home, { flat: true });
    expect(classNames).toEqual(['a', home.split('/').at(-1)]);
    expect(Array.from(labels)).toEqual([0, 1]);
  });
});
