import { existsSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from 'tfjs-ood';
import { concatImages, readCifar10, readCifar10Python, readIdx, readMnist, readSvhn } from 'tfjs-ood/datasets';

const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));
const u32 = (value: number, little = true) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, little);
  return [...bytes];
};

// ---- small files of each format, byte by byte ----

/** `count` records: label i, then planes of 10 + i, 100 + i, 200 + i. */
function cifarBinary(count: number): Uint8Array {
  const bytes = new Uint8Array(count * 3073);
  for (let i = 0; i < count; i++) {
    bytes[i * 3073] = i % 10;
    [10, 100, 200].forEach((value, c) => bytes.fill(value + i, i * 3073 + 1 + c * 1024, i * 3073 + 1 + (c + 1) * 1024));
    bytes[i * 3073 + 1 + 33] = 77; // red, row 1, column 1
  }
  return bytes;
}

/** The same as Python 2 pickles it with protocol 2. */
function cifarPickle(count: number, globalName = 'numpy.core.multiarray\n_reconstruct\n', dtype = 'u1'): Uint8Array {
  const raw: number[] = [];
  const binary = cifarBinary(count);
  for (let i = 0; i < count; i++) raw.push(...binary.subarray(i * 3073 + 1, (i + 1) * 3073));
  const text = (s: string) => [0x55, s.length, ...ascii(s)];
  return Uint8Array.from([
    0x80,
    2,
    0x7d,
    0x71,
    1,
    0x28,
    ...text('data'),
    0x71,
    2,
    0x63,
    ...ascii(globalName),
    0x71,
    3,
    0x63,
    ...ascii('numpy\nndarray\n'),
    0x4b,
    0,
    0x85,
    ...text('b'),
    0x87,
    0x52,
    0x28,
    0x4b,
    1,
    0x4b,
    count,
    0x4d,
    0,
    12,
    0x86,
    0x63,
    ...ascii('numpy\ndtype\n'),
    ...text(dtype),
    0x4b,
    0,
    0x4b,
    1,
    0x87,
    0x52,
    0x28,
    0x4b,
    3,
    ...text('|'),
    0x4e,
    0x4e,
    0x4e,
    0x4a,
    ...u32(0xffffffff),
    0x4a,
    ...u32(0xffffffff),
    0x4b,
    0,
    0x74,
    0x62,
    0x89,
    0x54,
    ...u32(raw.length),
    ...raw,
    0x74,
    0x62,
    ...text('labels'),
    0x5d,
    0x28,
    ...Array.from({ length: count }, (_, i) => [0x4b, i % 10]).flat(),
    0x65,
    0x75,
    0x2e,
  ]);
}

const element = (type: number, data: number[] | Uint8Array, little: boolean) => [
  ...u32(type, little),
  ...u32(data.length, little),
  ...data,
  ...new Array<number>((8 - (data.length % 8)) % 8).fill(0),
];

function matlabArray(
  name: string,
  arrayClass: number,
  shape: number[],
  type: number,
  data: number[] | Uint8Array,
  little: boolean,
) {
  return element(
    14,
    [
      ...element(6, [...u32(arrayClass, little), ...u32(0, little)], little),
      ...element(
        5,
        shape.flatMap((side) => u32(side, little)),
        little,
      ),
      ...element(1, ascii(name), little),
      ...element(type, data, little),
    ],
    little,
  );
}

/** SVHN's file: pixel (row, column, channel, image) = row + 2 * column + 50 * channel + image; labels 10, 1, 2, ... */
function svhnFile({ count = 2, little = true, compressed = false, labelType = 2 } = {}): Uint8Array {
  const x: number[] = [];
  for (let n = 0; n < count; n++)
    for (let c = 0; c < 3; c++)
      for (let col = 0; col < 32; col++) for (let row = 0; row < 32; row++) x.push(row + 2 * col + 50 * c + n);
  const labels = Array.from({ length: count }, (_, i) => (i === 0 ? 10 : i));
  const doubles = new Uint8Array(8 * count);
  labels.forEach((label, i) => new DataView(doubles.buffer).setFloat64(8 * i, label, little));
  const arrays = [
    matlabArray('X', 9, [32, 32, 3, count], 2, x, little),
    matlabArray('y', labelType === 9 ? 6 : 9, [count, 1], labelType, labelType === 9 ? doubles : labels, little),
  ];
  const header = new Uint8Array(128).fill(32);
  header.set(ascii('MATLAB 5.0 MAT-file'));
  header.set(little ? [0, 1] : [1, 0], 124);
  header.set(ascii(little ? 'IM' : 'MI'), 126);
  const body = arrays.flatMap((array) => {
    if (!compressed) return array;
    const packed = [...deflateSync(Uint8Array.from(array))];
    return [...u32(15, little), ...u32(packed.length, little), ...packed];
  });
  return Uint8Array.from([...header, ...body]);
}

const idx = (type: number, shape: number[], data: number[]) =>
  Uint8Array.from([0, 0, type, shape.length, ...shape.flatMap((side) => u32(side, false)), ...data]);

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
    expect(() => readCifar10Python(Uint8Array.of(0x80, 2, 0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e))).toThrow(FormatError); // holds itself
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

  test('a block that expands without end stops at its limit', async () => {
    const bomb = deflateSync(new Uint8Array(50_000_000));
    const bytes = Uint8Array.from([...svhnFile().subarray(0, 128), ...u32(15), ...u32(bomb.length), ...bomb]);
    const inflate = (_: Uint8Array, __: string, limit: number) => {
      expect(limit).toBeLessThanOrEqual(bomb.length * 1032);
      return Promise.resolve(new Uint8Array(100));
    };
    await expect(readSvhn(bytes, { inflate })).rejects.toThrow(FormatError);
    await expect(readSvhn(bytes)).rejects.toThrow(FormatError); // 50 MB of zeros are no array
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

  test('images and labels', async () => {
    const set = await readMnist(idx(8, [2, 1, 2], [1, 2, 3, 4]), idx(8, [2], [7, 9]));
    expect(set).toEqual({ images: Uint8Array.of(1, 2, 3, 4), shape: [2, 1, 2, 1], labels: Int32Array.of(7, 9) });
    await expect(readMnist(idx(8, [2, 1, 1], [1, 2]), idx(8, [1], [7]))).rejects.toThrow('labels [N]');
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
          const set = (await read(bytes)) as { images?: Uint8Array; data?: ArrayLike<number>; shape: number[] };
          const product = set.shape.reduce((total, side) => total * side, 1);
          expect((set.images ?? set.data)!.length).toBe(product);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: runs },
    );
  });
});

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(!existsSync(data))('real files', () => {
  const bytesOf = (file: string) => new Uint8Array(readFileSync(data + file));
  test('CIFAR-10: the python version is the first thousand of the binary one', () => {
    const binary = readCifar10(bytesOf('cifar-10-batches-bin/data_batch_1.bin'));
    const python = readCifar10Python(bytesOf('cifar-10-batches-py/data_batch_1'));
    expect(binary.shape[0]).toBe(10_000);
    expect(python.shape[0]).toBe(1000);
    expect(Buffer.compare(python.images, binary.images.subarray(0, python.images.length))).toBe(0);
    expect(python.labels).toEqual(binary.labels.slice(0, 1000));
  });
  test('SVHN equals scipy.io.loadmat', async () => {
    const { images, shape, labels } = await readSvhn(bytesOf('svhn/train_32x32.mat'));
    expect(shape).toEqual([554, 32, 32, 3]);
    // sha256 of loadmat(...)['X'].transpose(3, 0, 1, 2).tobytes()
    expect(sha256(images)).toBe('bb0ed7bf21fec5a7849058aa9c3a49e07beac595a6ecc02934211188fc10b26f');
    expect([...labels.slice(0, 6)]).toEqual([1, 9, 2, 3, 2, 5]);
  });
  test('MNIST', async () => {
    const set = await readMnist(bytesOf('mnist/t10k-images-idx3-ubyte.gz'), bytesOf('mnist/t10k-labels-idx1-ubyte.gz'));
    expect(set.shape).toEqual([10_000, 28, 28, 1]);
    const counts = new Array<number>(10).fill(0);
    for (const label of set.labels) counts[label]!++;
    expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]); // of the published test set
  });
});
