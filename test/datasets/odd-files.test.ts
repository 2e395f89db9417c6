import { readFileSync } from 'node:fs';
import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FormatError } from 'tfjs-ood';
import { readCifar10, readCifar10Python, readMnist, readSvhn, type CifarLabels } from 'tfjs-ood/datasets';
import { nodeInflate } from '../../src/node/images/node-inflate';
import { ascii, cifarBinary, element, idx, matlabArray, svhnFile, u32 } from './small-files';

type Files = Record<string, string>;
const fixtures = JSON.parse(readFileSync(new URL('../fixtures/odd-files.json', import.meta.url), 'utf8')) as Record<
  'arrays' | 'refusedArrays' | 'hundred' | 'mats',
  Files
>;
const bytesOf = (text: string) => new Uint8Array(inflateSync(Buffer.from(text, 'base64')));
const listed = (files: Files): [string, Uint8Array][] => Object.entries(files).map(([name, f]) => [name, bytesOf(f)]);

/** [3, 32, 32, 3] from a formula of image, row, column and channel. */
function imagesOf(pixel: (n: number, y: number, x: number, c: number) => number): Uint8Array {
  return Uint8Array.from({ length: 3 * 3072 }, (_, i) =>
    pixel(Math.floor(i / 3072), Math.floor(i / 96) % 32, Math.floor(i / 3) % 32, i % 3),
  );
}
const planes = imagesOf((n, y, x, c) => (n * 31 + (c * 1024 + y * 32 + x) * 7) % 251);

describe('pickles whose labels are a NumPy array', () => {
  test.each(listed(fixtures.arrays))('%s', (_, bytes) => {
    const set = readCifar10Python(bytes);
    expect([...set.labels]).toEqual([3, 9, 0]);
    expect(set.labels).toBeInstanceOf(Int32Array);
    expect(Buffer.compare(set.images, planes)).toBe(0);
  });

  const messages: Record<string, string> = {
    'labels of floats': 'an array of whole numbers',
    'labels of booleans': 'an array of whole numbers',
    'an array of two labels': '3 labels, got 2',
    'rows of labels': '3 labels, got an array [3, 3]',
    'an array with 10': 'labels from 0 to 9, got 10 at index 1',
    'an array with -1': 'labels from 0 to 9, got -1 at index 1',
  };
  test.each(listed(fixtures.refusedArrays))('%s: refused', (name, bytes) => {
    expect(() => readCifar10Python(bytes)).toThrow(FormatError);
    expect(() => readCifar10Python(bytes)).toThrow(messages[name]!);
  });
});

describe('CIFAR-100', () => {
  const wanted = { fine: [3, 99, 0], coarse: [0, 19, 7] };
  test.each(listed(fixtures.hundred))('python, %s', (_, bytes) => {
    for (const labels of ['fine', 'coarse'] as const) {
      const set = readCifar10Python(bytes, { labels });
      expect([...set.labels]).toEqual(wanted[labels]);
      expect(set.fileNames).toEqual(['a', 'b', 'c']);
      expect(Buffer.compare(set.images, planes)).toBe(0);
    }
    expect(() => readCifar10Python(bytes)).toThrow(FormatError);
    expect(() => readCifar10Python(bytes)).toThrow("give the option labels: 'fine' or 'coarse'");
  });

  /** Records of a coarse byte, a fine one, and the planes. */
  const binary = (coarse: number[], fine: number[]) => {
    const ten = cifarBinary(coarse.length);
    const records = coarse.map((label, i) => [label, fine[i]!, ...ten.subarray(i * 3073 + 1, (i + 1) * 3073)]);
    return Uint8Array.from(records.flat());
  };

  test('binary', () => {
    const bytes = binary(wanted.coarse, wanted.fine);
    for (const labels of ['fine', 'coarse'] as const) {
      const set = readCifar10(bytes, { labels });
      expect(set.shape).toEqual([3, 32, 32, 3]);
      expect([...set.labels]).toEqual(wanted[labels]);
      expect(Buffer.compare(set.images, readCifar10(cifarBinary(3)).images)).toBe(0);
    }
    expect(() => readCifar10(bytes, { file: 'train.bin' })).toThrow(FormatError);
    expect(() => readCifar10(bytes, { file: 'train.bin' })).toThrow("give the option labels: 'fine' or 'coarse'");
  });

  test('what is out of range or of another size is refused, whichever labels are asked for', () => {
    for (const labels of ['fine', 'coarse'] as const) {
      expect(() => readCifar10(binary([0, 20], [1, 1]), { labels })).toThrow(
        'coarse labels from 0 to 19, got 20 at byte 3074',
      );
      expect(() => readCifar10(binary([0, 1], [1, 100]), { labels })).toThrow(
        'fine labels from 0 to 99, got 100 at byte 3075',
      );
      for (const bytes of [cifarBinary(2), new Uint8Array(), binary([1], [1]).subarray(1)]) {
        expect(() => readCifar10(bytes, { labels })).toThrow('records of 3074 bytes, one or more');
      }
      const [, ten] = listed(fixtures.arrays)[0]!;
      expect(() => readCifar10Python(ten, { labels })).toThrow(`3 ${labels}_labels, got none`);
    }
    for (const labels of ['Fine', '', null] as unknown as CifarLabels[]) {
      expect(() => readCifar10(cifarBinary(1), { labels })).toThrow(ArgumentError);
      expect(() => readCifar10Python(cifarBinary(1), { labels })).toThrow('labels must be one of coarse, fine');
    }
  });
});

describe('MATLAB files with variables that are not needed', () => {
  const digits = imagesOf((n, y, x, c) => (y * 5 + x * 3 + c * 80 + n * 17) % 251);
  test.each(listed(fixtures.mats))('%s', async (_, bytes) => {
    for (const options of [{}, { inflate: nodeInflate }]) {
      const set = await readSvhn(bytes, options);
      expect([...set.labels]).toEqual([0, 4, 1]);
      expect(Buffer.compare(set.images, digits)).toBe(0);
    }
  });

  /** A variable of a newer class, as MATLAB writes tables and strings: flags, name, and names of the class. */
  const opaque = (name: string, little: boolean) =>
    element(
      14,
      [
        ...element(6, [...u32(17, little), ...u32(0, little)], little),
        ...[name, 'MCOS', 'table'].flatMap((text) => element(1, ascii(text), little)),
        ...element(14, [...element(6, [...u32(13, little), ...u32(0, little)], little)], little),
      ],
      little,
    );
  test('objects of newer classes', async () => {
    for (const little of [true, false]) {
      const plain = svhnFile({ little });
      const packed = deflateSync(Uint8Array.from(opaque('info', little)));
      const withObjects = Uint8Array.from([
        ...plain.subarray(0, 128),
        ...opaque('info', little),
        ...plain.subarray(128),
        ...[...u32(15, little), ...u32(packed.length, little), ...packed],
        ...matlabArray('', 9, [1, 8], 2, [0, 1, 73, 77, 0, 0, 0, 0], little), // what MATLAB keeps of its objects
      ]);
      expect(await readSvhn(withObjects)).toEqual(await readSvhn(plain));
    }
  });

  test('a needed one of another kind, twice, or cut is refused', async () => {
    const plain = svhnFile();
    const read = (...parts: (number[] | Uint8Array)[]) => readSvhn(Uint8Array.from(parts.flatMap((p) => [...p])));
    await expect(read(plain, opaque('X', true))).rejects.toThrow('X to be a real numeric array, got class 17');
    await expect(read(plain, opaque('y', true))).rejects.toThrow('y to be a real numeric array');
    await expect(read(plain, plain.subarray(128))).rejects.toThrow('each array once, got X twice');
    const whole = [...plain, ...opaque('info', true)];
    for (let cut = 1; cut < opaque('info', true).length; cut++) {
      await expect(readSvhn(Uint8Array.from(whole.slice(0, -cut))), String(cut)).rejects.toThrow(FormatError);
    }
  });
});

describe("EMNIST's letters", () => {
  const images = idx(8, [3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  test('begin at 1, which the error says with the option that reads them', async () => {
    const labels = idx(8, [3], [1, 26, 13]);
    await expect(readMnist(images, labels)).rejects.toThrow(FormatError);
    await expect(readMnist(images, labels)).rejects.toThrow(
      "give the option classes: 27 would hold these labels, which begin at 1 as those of EMNIST's letters",
    );
    await expect(readMnist(images, labels, { classes: 26 })).rejects.toThrow('labels from 0 to 25, got 26 at index 1');
    expect([...(await readMnist(images, labels, { classes: 27 })).labels]).toEqual([1, 26, 13]);
  });

  test('others are not called so', async () => {
    const error: unknown = await readMnist(images, idx(8, [3], [0, 46, 13])).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain('classes: 47 would hold these labels)');
    expect((error as Error).message).not.toContain('EMNIST');
  });
});
