import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FormatError } from 'tfjs-ood';
import { loadCifar10, loadMnist, loadSvhn, nodeInflate } from 'tfjs-ood/node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
const record = (label: number) => Buffer.concat([Buffer.of(label), Buffer.alloc(3072, label)]);
async function makeFiles(files: Record<string, Buffer>): Promise<string> {
  const home = place();
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(home, name, '..'), { recursive: true });
    await writeFile(join(home, name), bytes);
  }
  return home;
}

describe('loadCifar10', () => {
  test('any number of batches, in the order of their numbers, from the folder or the one it is in', async () => {
    const numbers = [10, 2, 1];
    const batches = Object.fromEntries(
      numbers.map((n) => [`cifar-10-batches-bin/data_batch_${n}.bin`, record(n % 10)]),
    );
    const test = { 'cifar-10-batches-bin/test_batch.bin': Buffer.concat([record(7), record(8)]) };
    const home = await makeFiles({ ...batches, ...test, 'cifar-10-batches-bin/data_batch_x.bin': Buffer.alloc(1) });
    for (const folder of [home, join(home, 'cifar-10-batches-bin')]) {
      const set = await loadCifar10(folder);
      expect([...set.train.labels]).toEqual([1, 2, 0]);
      expect([...set.test.labels]).toEqual([7, 8]);
      expect(set.train.shape).toEqual([3, 32, 32, 3]);
      expect(set.train.images[3072]).toBe(2);
    }
  });

  test('what is not there, and what is damaged, is named', async () => {
    const home = await makeFiles({ 'data_batch_1.bin': record(1) });
    const missing = loadCifar10(home);
    await expect(missing).rejects.toThrow(ArgumentError);
    for (const name of ['cifar-10-batches-bin', 'cifar-10-batches-py', 'data_batch_1.bin', 'test_batch.bin', home]) {
      await expect(missing).rejects.toThrow(name);
    }
    await writeFile(join(home, 'test_batch.bin'), record(1).subarray(1));
    await expect(loadCifar10(home)).rejects.toThrow(FormatError);
    await expect(loadCifar10(home)).rejects.toThrow(join(home, 'test_batch.bin'));
  });
});

describe('loadMnist', () => {
  const idx = (shape: number[], values: number[]) =>
    Buffer.from([0, 0, 8, shape.length, ...shape.flatMap((n) => [0, 0, 0, n]), ...values]);
  const files = (count: number, first: number) => ({
    images: idx(
      [count, 2, 2],
      Array.from({ length: count * 4 }, (_, i) => first + i),
    ),
    labels: idx(
      [count],
      Array.from({ length: count }, (_, i) => i),
    ),
  });

  test('plain and gzip files, in the folder, in mnist or in MNIST/raw', async () => {
    const [train, test] = [files(3, 0), files(2, 100)];
    for (const at of ['', 'mnist/', 'MNIST/raw/']) {
      const home = await makeFiles({
        [`${at}train-images-idx3-ubyte`]: train.images,
        [`${at}train-labels-idx1-ubyte.gz`]: gzipSync(train.labels),
        [`${at}t10k-images-idx3-ubyte.gz`]: gzipSync(test.images),
        [`${at}t10k-labels-idx1-ubyte`]: test.labels,
      });
      const set = await loadMnist(home);
      expect(set.train).toMatchObject({ shape: [3, 2, 2, 1], labels: Int32Array.of(0, 1, 2) });
      expect([...set.test.images]).toEqual([100, 101, 102, 103, 104, 105, 106, 107]);
    }
  });

  test('a missing file is named', async () => {
    const home = await makeFiles({ 'train-images-idx3-ubyte': files(1, 0).images });
    await expect(loadMnist(home)).rejects.toThrow('t10k-labels-idx1-ubyte(.gz)');
  });
});

test('loadSvhn names what it looked for, and a damaged file', async () => {
  const home = await makeFiles({ 'svhn/train_32x32.mat': Buffer.alloc(10) });
  await expect(loadSvhn(home)).rejects.toThrow(`${home}/svhn/{train_32x32.mat,test_32x32.mat}`);
  await writeFile(join(home, 'svhn', 'test_32x32.mat'), '');
  await expect(loadSvhn(home)).rejects.toThrow(join(home, 'svhn', 'train_32x32.mat'));
});

describe('nodeInflate', () => {
  const bytes = Buffer.from('abc'.repeat(1000));
  test.each([
    ['zlib', deflateSync],
    ['gzip', gzipSync],
  ] as const)('%s: whole, limited, damaged', async (format, pack) => {
    const packed = pack(bytes);
    expect(Buffer.compare(await nodeInflate(packed, format, 3000), bytes)).toBe(0);
    await expect(nodeInflate(packed, format, 2999)).rejects.toThrow('more than 2999 bytes');
    await expect(nodeInflate(pack(Buffer.of(1)), format, 0)).rejects.toThrow('more than 0 bytes');
    expect(await nodeInflate(pack(Buffer.alloc(0)), format, 0)).toHaveLength(0);
    await expect(nodeInflate(packed.subarray(0, -2), format, 3000)).rejects.toThrow();
    await expect(nodeInflate(Buffer.from('junk'), format, 3000)).rejects.toThrow();
  });
});

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
test.skipIf(!existsSync(data))(
  'real files: the python version of CIFAR-10 is the start of the binary one',
  async () => {
    const python = await loadCifar10(join(data, 'cifar-10-batches-py'));
    const binary = await loadCifar10(data);
    expect(Buffer.compare(python.test.images, binary.test.images.subarray(0, 1000 * 3072))).toBe(0);
    expect([...python.train.labels]).toEqual([...binary.train.labels.subarray(0, 1000)]);
    // The first record of the file: its label byte, then the red plane.
    const file = await readFile(join(data, 'cifar-10-batches-bin', 'data_batch_1.bin'));
    expect(binary.train.labels[0]).toBe(file[0]);
    expect(binary.train.images[3]).toBe(file[2]);
  },
);
