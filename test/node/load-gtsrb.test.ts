import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArgumentError, FormatError } from 'tfjs-ood';
import { loadGtsrb } from 'tfjs-ood/node';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
const ppm = (side: number, value: number) =>
  Buffer.concat([Buffer.from(`P6\n${side} ${side}\n255\n`), Buffer.alloc(3 * side * side, value)]);
const HEAD = 'Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId';

async function makeGtsrb({ list = '', trainingList = '', side = 32 } = {}): Promise<string> {
  const home = place();
  const training = join(home, 'gtsrb', 'Final_Training', 'Images');
  const test = join(home, 'gtsrb', 'Final_Test', 'Images');
  await mkdir(test, { recursive: true });
  for (const label of [0, 7]) {
    const folder = join(training, String(label).padStart(5, '0'));
    await mkdir(folder, { recursive: true });
    const names = ['00000_00000.ppm', '00000_00001.ppm', '00001_00000.ppm'];
    for (const [i, name] of names.entries()) await writeFile(join(folder, name), ppm(side, 10 * label + i));
    const lines = names.map((name) => `${name};40;40;5;5;35;35;${label}`);
    const csv = trainingList || [HEAD, ...lines, ''].join('\r\n');
    await writeFile(join(folder, `GT-${String(label).padStart(5, '0')}.csv`), csv);
  }
  await writeFile(join(test, '00009.ppm'), ppm(side, 200));
  await writeFile(join(test, 'GT-final_test.csv'), list || `${HEAD}\n00009.ppm;40;40;5;5;35;35;42\n`);
  return home;
}

describe('made-up files', () => {
  test('images, classes, and which show the same sign', async () => {
    const { train, test: tested, tracks } = await loadGtsrb(await makeGtsrb());
    expect(train.shape).toEqual([6, 32, 32, 3]);
    expect(Array.from(train.labels)).toEqual([0, 0, 0, 7, 7, 7]);
    expect(Array.from(tracks)).toEqual([0, 0, 1, 2, 2, 3]);
    expect([0, 1, 3].map((i) => train.images[i * 3072])).toEqual([0, 1, 70]);
    expect([tested.shape[0], tested.labels[0], tested.images[5]]).toEqual([1, 42, 200]);
  });

  test('lists with a byte-order mark, in UTF-16, or with CR alone', async () => {
    const lines = (label: number) =>
      ['00000_00000', '00000_00001', '00001_00000'].map((name) => `${name}.ppm;40;40;5;5;35;35;${label}`);
    for (const write of [
      (text: string) => `\ufeff${text}`,
      (text: string) => text.replaceAll('\n', '\r'),
      (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le'),
    ]) {
      const home = await makeGtsrb({ list: write(`${HEAD}\n00009.ppm;40;40;5;5;35;35;42\n`) as string });
      const training = join(home, 'gtsrb', 'Final_Training', 'Images');
      for (const label of [0, 7]) {
        const name = String(label).padStart(5, '0');
        const text = [HEAD, ...lines(label), ''].join('\n');
        await writeFile(join(training, name, `GT-${name}.csv`), write(text));
      }
      const { train, test: tested } = await loadGtsrb(home);
      expect(Array.from(train.labels)).toEqual([0, 0, 0, 7, 7, 7]);
      expect(Array.from(tested.labels)).toEqual([42]);
    }
  });

  test('images of another size are resized', async () => {
    const { train } = await loadGtsrb(await makeGtsrb({ side: 48 }), { side: 16 });
    expect(train.shape).toEqual([6, 16, 16, 3]);
    expect(train.images[3 * 768]).toBe(70);
  });

  test.each([
    [`${HEAD}\n../../x.ppm;1;1;1;1;1;1;3\n`, FormatError, 'a file name and a class from 0 to 42 in line 2'],
    [`${HEAD}\n00009.ppm;1;1;1;1;1;1;43\n`, FormatError, 'in line 2'],
    [`${HEAD}\n00009.ppm;1;1;1;1;1;1;\n`, FormatError, 'in line 2'],
    ...['-0', '0x7', '7e0', ' 7'].map((label): [string, typeof FormatError, string] => [
      `${HEAD}\n00009.ppm;1;1;1;1;1;1;${label}\n`,
      FormatError,
      'in line 2',
    ]),
    [`${HEAD}\n00010.ppm;1;1;1;1;1;1;3\n`, FormatError, '00010.ppm must be an image that its list names, got ENOENT'],
    ['Filename;Width\n', FormatError, 'columns Filename and ClassId'],
  ])('a bad list is refused: %j', async (list, kind, message) => {
    const home = await makeGtsrb({ list });
    await expect(loadGtsrb(home)).rejects.toThrow(kind);
    await expect(loadGtsrb(home)).rejects.toThrow(message);
  });

  test.skipIf(process.platform === 'win32')('a pipe is not waited for', { timeout: 10_000 }, async () => {
    for (const name of ['00009.ppm', 'GT-final_test.csv']) {
      const home = await makeGtsrb();
      const file = join(home, 'gtsrb', 'Final_Test', 'Images', name);
      await rm(file);
      execFileSync('mkfifo', [file]);
      const loaded = loadGtsrb(home);
      await expect(loaded).rejects.toThrow(FormatError);
      await expect(loaded).rejects.toThrow(new RegExp(`${name} must be .*, got a pipe or device`));
    }
  });

  test('a list of very many images is read', async () => {
    const trainingList = `${HEAD}\n${'x.ppm;1;1;1;1;1;1;3\n'.repeat(200_000)}`;
    await expect(loadGtsrb(await makeGtsrb({ trainingList }))).rejects.toThrow('x.ppm must be an image that its list');
  });

  test('a list of more images than memory would do for', async () => {
    const trainingList = `${HEAD}\n${'x.ppm;1;1;1;1;1;1;3\n'.repeat(3000)}`;
    const training = loadGtsrb(await makeGtsrb({ trainingList }), { side: 512 });
    await expect(training).rejects.toThrow(FormatError);
    await expect(training).rejects.toThrow('at most 4294967296 bytes (take a smaller side), got 6000 of [512, 512, 3]');
    const list = `${HEAD}\n${'x.ppm;1;1;1;1;1;1;3\n'.repeat(6000)}`;
    await expect(loadGtsrb(await makeGtsrb({ list }), { side: 512 })).rejects.toThrow(
      'GT-final_test.csv must be images',
    );
  });

  test('a folder without it, and an impossible side', async () => {
    await expect(loadGtsrb(place())).rejects.toThrow(ArgumentError);
    await expect(loadGtsrb('x', { side: 0 })).rejects.toThrow('side must be a whole number from 1 to 512, got 0');
  });
});

const data = fileURLToPath(new URL('../../../shared/data', import.meta.url));
test.skipIf(!existsSync(join(data, 'gtsrb')))('the real files', async () => {
  const { train, test: tested, tracks } = await loadGtsrb(data);
  expect([train.shape, tested.shape]).toEqual([
    [7740, 32, 32, 3],
    [4000, 32, 32, 3],
  ]);
  expect(new Set(train.labels).size).toBe(43);
  // A track is of one class.
  const classOf = new Map<number, number>();
  tracks.forEach((track, i) => {
    classOf.set(track, classOf.get(track) ?? train.labels[i]!);
    expect(classOf.get(track)).toBe(train.labels[i]);
  });
});
