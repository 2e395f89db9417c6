import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from 'tfjs-ood';
import { concatImages, readCifar10, readCifar10Python, readIdx, readMnist, readSvhn } from 'tfjs-ood/datasets';
import { ascii, cifarBinary, cifarPickle, idx, svhnFile, u32 } from './small-files';

describe('CIFAR-10', () => {
  test.each([
    ['binary', readCifar10, cifarBinary(3)],
    ['python', readCifar10Python, cifarPickle(3)],
  ])('%s version: planes become pixels', (_, read, bytes) => {
    const { images, shape, labels } = read(bytes);
    expect(shape).toEqual([3, 32, 32, 3]);
    expect([...labels]).toEqual([0, 1, 2]);
    expect([...images.subarray(3072, 3078)]).toEqual([11, 101, 201, 11, 101, 201]);
    expect([...images.subarray(33 * 3, 33 * 3 + 3)]).toEqual([77, 100, 200]);
  });

  test('what is refused', () => {
    const file = 'batch.bin';
    expect(() => readCifar10(new Uint8Array(), { file })).toThrow(
      'readCifar10: batch.bin must be records of 3073 bytes',
    );
    expect(() => readCifar10(cifarBinary(2).subarray(0, 6000), { file })).toThrow('got 6000 bytes at byte 3073');
    const wrong = cifarBinary(2);
    wrong[3073] = 10;
    expect(() => readCifar10(wrong)).toThrow('labels from 0 to 9, got 10 at byte 3073');
  });

  test('a pickle that would run something is refused, not run', () => {
    expect(() => readCifar10Python(cifarPickle(1, 'os\nsystem\n'))).toThrow('got the global os.system');
    expect(() => readCifar10Python(cifarPickle(1, 'builtins\neval\n'))).toThrow(FormatError);
    expect(() => readCifar10Python(cifarPickle(1, undefined, 'f4'))).toThrow('an array of uint8, got f4');
    expect(() => readCifar10Python(Uint8Array.of(0x80, 2, 0x81, 0x2e))).toThrow(
      'an opcode of data, got 0x81 at byte 2',
    );
    expect(() => readCifar10Python(Uint8Array.of(0x80, 2, 0x54, 255, 255, 255, 255))).toThrow('4294967295 more bytes');
    expect(() => readCifar10Python(cifarPickle(2).subarray(0, 500))).toThrow(FormatError);
    // Holds itself
    expect(() => readCifar10Python(Uint8Array.of(0x80, 2, 0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e))).toThrow(FormatError);
  });
});

describe('SVHN', () => {
  const variants = [
    {},
    { little: false },
    { compressed: true },
    { compressed: true, little: false, labelType: 9 },
    { labelType: 9 },
    { count: 1 },
  ];
  test.each(variants)('%j', async (variant) => {
    const { images, shape, labels } = await readSvhn(svhnFile(variant));
    const count = variant.count ?? 2;
    expect(shape).toEqual([count, 32, 32, 3]);
    expect([...labels]).toEqual([0, 1].slice(0, count)); // 10 is digit 0
    for (const [n, row, col, c] of [
      [0, 0, 0, 0],
      [0, 3, 7, 2],
      [count - 1, 31, 30, 1],
    ] as const) {
      expect(images[((n * 32 + row) * 32 + col) * 3 + c]).toBe(row + 2 * col + 50 * c + n);
    }
  });

  test('what is refused', async () => {
    const refused = async (bytes: Uint8Array, message: string) => {
      await expect(readSvhn(bytes, { file: 'x.mat' })).rejects.toThrow(FormatError);
      await expect(readSvhn(bytes, { file: 'x.mat' })).rejects.toThrow(message);
    };
    await refused(new Uint8Array(100), 'a MATLAB 5 header of 128 bytes, got 100 bytes');
    await refused(
      Uint8Array.from([...ascii('MATLAB 7.3 MAT-file'), ...new Uint8Array(200)]),
      'version 7.3, which is HDF5',
    );
    await refused(svhnFile().subarray(0, 4000), 'an element of');
    const order = svhnFile();
    order[126] = 0;
    await refused(order, 'the byte order IM or MI');
    const huge = svhnFile();
    huge.set(u32(0x7fffffff), 132);
    await refused(huge, 'an element of 2147483647 bytes');
    const damaged = svhnFile({ compressed: true });
    damaged[150]! ^= 0xff;
    await refused(damaged, 'a whole zlib block');
  });
});

describe('IDX', () => {
  test('every type, gzip or not', async () => {
    const files: [number, number[], number[]][] = [
      [0x08, [1, 255], [1, 255]],
      [0x09, [1, -1], [1, 255]],
      [0x0b, [258, -1], [1, 2, 255, 255]],
      [0x0c, [1, -2], [0, 0, 0, 1, 255, 255, 255, 254]],
      [0x0d, [1, -2], [63, 128, 0, 0, 192, 0, 0, 0]],
      [0x0e, [1, -2], [63, 240, 0, 0, 0, 0, 0, 0, 192, 0, 0, 0, 0, 0, 0, 0]],
    ];
    for (const [type, values, data] of files) {
      const bytes = idx(type, [2, 1], data);
      for (const file of [bytes, new Uint8Array(gzipSync(bytes))]) {
        const array = await readIdx(file);
        expect([...array.data]).toEqual(values);
        expect(array.shape).toEqual([2, 1]);
      }
    }
  });

  test('the data are a copy: the caller may write over the bytes', async () => {
    for (const bytes of [idx(8, [2], [5, 6]), Buffer.from(idx(8, [2], [5, 6]))]) {
      const { data } = await readIdx(bytes);
      bytes.fill(0);
      expect(data).toEqual(Uint8Array.of(5, 6)); // and no Buffer
    }
    const inflate = () => Promise.resolve(Buffer.from(idx(8, [2], [5, 6])));
    const { data } = await readIdx(new Uint8Array(gzipSync(idx(8, [2], [5, 6]))), { inflate });
    expect(data.constructor).toBe(Uint8Array);
  });

  test('images and labels', async () => {
    const set = await readMnist(idx(8, [2, 1, 2], [1, 2, 3, 4]), idx(8, [2], [7, 9]));
    expect(set).toEqual({ images: Uint8Array.of(1, 2, 3, 4), shape: [2, 1, 2, 1], labels: Int32Array.of(7, 9) });
    await expect(readMnist(idx(8, [2, 1, 1], [1, 2]), idx(8, [1], [7]))).rejects.toThrow('labels [N]');
    await expect(readMnist(idx(9, [1, 1, 1], [1]), idx(8, [1], [7]))).rejects.toThrow('got Int8Array [1, 1, 1]');
    await expect(readMnist(idx(8, [0, 1, 1], []), idx(8, [0], []))).rejects.toThrow('one or more');
    const [images, labels] = [idx(8, [2, 1, 1], [1, 2]), idx(8, [2], [7, 10])];
    await expect(readMnist(images, labels)).rejects.toThrow('labels from 0 to 9, got 10 at index 1 at byte 9');
    expect([...(await readMnist(images, labels, { classes: 47 })).labels]).toEqual([7, 10]);
  });

  test.each<[Uint8Array, string]>([
    [new Uint8Array(3), 'a header of 4 bytes or more'],
    [Uint8Array.of(1, 2, 8, 1), 'two zero bytes, got 0x102'],
    [idx(7, [1], [1]), 'a type of IDX (0x08 to 0x0e), got 0x7'],
    [idx(8, [5], [1, 2]), '5 bytes of data for [5], got 2 at byte 8'],
    [idx(8, [2 ** 31, 2 ** 31, 2 ** 31], []), 'bytes of data'],
    [Uint8Array.of(0x1f, 0x8b, 1, 2, 3), 'a whole gzip block'],
  ])('refuses %s', async (bytes, message) => {
    await expect(readIdx(bytes)).rejects.toThrow(FormatError);
    await expect(readIdx(bytes)).rejects.toThrow(message);
  });
});

test('concatImages', () => {
  const both = concatImages([readCifar10(cifarBinary(1)), readCifar10(cifarBinary(2))]);
  expect(both.shape).toEqual([3, 32, 32, 3]);
  expect([...both.labels]).toEqual([0, 0, 1]);
  expect(both.images[3072 * 2]).toBe(11);
  const other = { images: new Uint8Array(1), shape: [1, 1, 1, 1] as const, labels: new Int32Array(1) };
  expect(() => concatImages([both, other])).toThrow(
    'sets[1] must be images of [32, 32, 3], as the first, got [1, 1, 1]',
  );
  expect(() => concatImages([])).toThrow('at least one');
  expect(() => concatImages([both, { ...both, labels: new Int32Array(2) }])).toThrow(
    'sets[1] must be 9216 bytes and 3 labels, as its shape says, got 9216 and 2',
  );
  expect(() => concatImages([{ ...both, images: both.images.subarray(1) }])).toThrow('got 9215 and 3');
});

describe('changed bytes give a FormatError or a whole set', () => {
  const readers: [string, Uint8Array, (bytes: Uint8Array) => unknown, number][] = [
    ['CIFAR-10', cifarBinary(1), readCifar10, 2000],
    ['pickle', cifarPickle(1), readCifar10Python, 5000],
    ['SVHN', svhnFile({ count: 1 }), readSvhn, 2000],
    ['SVHN compressed', svhnFile({ count: 1, compressed: true }), readSvhn, 500],
    ['IDX', idx(0x0c, [2], [0, 0, 0, 1, 0, 0, 0, 2]), readIdx, 3000],
    ['IDX gzip', new Uint8Array(gzipSync(idx(8, [2], [1, 2]))), readIdx, 500],
  ];
  test.each(readers)('%s', async (_, whole, read, runs) => {
    const places = fc.oneof(fc.nat(Math.min(300, whole.length - 1)), fc.nat(whole.length - 1));
    const changes = fc.array(fc.tuple(places, fc.nat(255)), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(whole.length), fc.boolean(), async (list, length, cut) => {
        const bytes = whole.slice(0, cut ? length : whole.length);
        for (const [place, value] of list) if (place < bytes.length) bytes[place] = value;
        try {
          const set = (await read(bytes)) as {
            images?: Uint8Array;
            labels?: Int32Array;
            data?: ArrayLike<number>;
            shape: number[];
          };
          const product = set.shape.reduce((total, side) => total * side, 1);
          expect((set.images ?? set.data)!.length).toBe(product);
          if (!set.labels) return;
          expect(set.labels.length).toBe(set.shape[0]);
          expect(set.labels.every((label) => label >= 0 && label <= 9)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: runs },
    );
  });
});
