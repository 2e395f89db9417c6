import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FormatError } from 'tfjs-ood';
import { readCifar10Python, readSvhn } from 'tfjs-ood/datasets';
import { nodeInflate } from '../../src/node/images/node-inflate';

type Files = Record<string, string>;
const fixtures = JSON.parse(readFileSync(new URL('../fixtures/datasets.json', import.meta.url), 'utf8')) as Record<
  'pickles' | 'refusedPickles' | 'mats' | 'refusedMats',
  Files
>;
const bytesOf = (text: string) => new Uint8Array(inflateSync(Buffer.from(text, 'base64')));
const listed = (files: Files): [string, Uint8Array][] => Object.entries(files).map(([name, f]) => [name, bytesOf(f)]);

/** [2, 32, 32, 3] from a formula of image, row, column and channel. */
function imagesOf(pixel: (n: number, y: number, x: number, c: number) => number): Uint8Array {
  return Uint8Array.from({ length: 2 * 3072 }, (_, i) =>
    pixel(Math.floor(i / 3072), Math.floor(i / 96) % 32, Math.floor(i / 3) % 32, i % 3),
  );
}

describe('pickles that Python 3 wrote', () => {
  const planes = imagesOf((n, y, x, c) => (n * 31 + (c * 1024 + y * 32 + x) * 7) % 251);
  test.each(listed(fixtures.pickles))('%s', (_, bytes) => {
    const set = readCifar10Python(bytes);
    expect(set.shape).toEqual([2, 32, 32, 3]);
    expect([...set.labels]).toEqual([3, 9]);
    expect(set.fileNames).toEqual(['a.png', 'b.png']);
    expect(Buffer.compare(set.images, planes)).toBe(0);
  });

  const messages: Record<string, string> = {
    'protocol 0': 'a pickle of protocol 2 to 5',
    'Fortran order': 'an array in C order',
    'Fortran order, protocol 5': 'arguments of a NumPy array',
    'int64 data': 'an array of uint8, got i8',
    'labels of NumPy': 'the global numpy.core.multiarray.scalar',
    'a set': 'an opcode of data, got 0x8f',
    'an object': 'the global pathlib.PurePosixPath',
    'a function': 'the global __builtin__.print',
  };
  test.each(listed(fixtures.refusedPickles))('%s is refused', (name, bytes) => {
    expect(() => readCifar10Python(bytes, { file: 'batch' })).toThrow(FormatError);
    expect(() => readCifar10Python(bytes, { file: 'batch' })).toThrow(messages[name]!);
  });

  test('every cut of one is refused', () => {
    const [, bytes] = listed(fixtures.pickles)[2]!;
    for (let length = 0; length < bytes.length; length += length < 300 || length > 6400 ? 1 : 97) {
      expect(() => readCifar10Python(bytes.subarray(0, length))).toThrow(FormatError);
    }
  });
});

describe('MATLAB files that SciPy wrote', () => {
  const digits = imagesOf((n, y, x, c) => (y * 5 + x * 3 + c * 80 + n * 17) % 251);
  test.each(listed(fixtures.mats))('labels %s', async (_, bytes) => {
    for (const options of [{}, { inflate: nodeInflate }]) {
      const before = bytes.slice();
      const set = await readSvhn(bytes, options);
      expect(set.shape).toEqual([2, 32, 32, 3]);
      expect([...set.labels]).toEqual([0, 4]);
      expect(Buffer.compare(set.images, digits)).toBe(0);
      expect(Buffer.compare(bytes, before)).toBe(0); // the caller's bytes stay as they were
    }
  });

  const messages: Record<string, string> = {
    'complex labels': 'a real numeric array, got a complex one',
    'a cell': 'a real numeric array, got class 1',
    text: 'a real numeric array, got class 4',
    sparse: 'a real numeric array, got class 5',
    'label 11': 'labels from 1 to 10, got 11 at index 0',
    'label 0': 'labels from 1 to 10, got 0 at index 0',
    'label 1.5': 'labels from 1 to 10, got 5.5 at index 0',
    'three labels': 'y [2, 1], got int64 [3, 1]',
  };
  test.each(listed(fixtures.refusedMats))('%s: refused', async (name, bytes) => {
    await expect(readSvhn(bytes, { file: 'x.mat' })).rejects.toThrow(FormatError);
    await expect(readSvhn(bytes, { file: 'x.mat' })).rejects.toThrow(messages[name]!);
  });
});
