import { gunzipSync, gzipSync, deflateSync, inflateSync } from 'node:zlib';
import type { Random } from 'tfjs-ood';
import { readCifar10, readCifar10Python, readIdx, readMnist, readPpm, readSvhn } from '../../../src/datasets/index';
import { nodeInflate } from '../../../src/node/images/node-inflate';
import { ascii, cifarBinary, cifarPickle, idx, matlabArray, svhnFile, u32 } from '../../datasets/small-files';
import { naiveNumbers, naivePickle } from '../naive/naive-pickle';
import { naiveSvhn } from '../naive/naive-svhn';
import { expectSame, expectThat, type Target } from '../target';
import { fixture, startOf } from './files';

/** Reading copies the bytes a few times at most. */
const linear = (bytes: Uint8Array) => 4 * bytes.length + 65_536;
/** Deflate makes at most 1032 bytes of one. */
const packed = (bytes: Uint8Array) => 3 * 1032 * bytes.length + 65_536;

/** Planes R, G, B -> pixels, for CIFAR's two formats. */
function pixelsOf(planes: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(planes.length);
  for (let i = 0, n = 0; n < planes.length; n += 3072)
    for (let pixel = 0; pixel < 1024; pixel++) for (let c = 0; c < 3; c++) pixels[i++] = planes[n + c * 1024 + pixel]!;
  return pixels;
}

export function cifar10(): Target {
  return {
    where: ['readCifar10'],
    seeds: [cifarBinary(1), cifarBinary(2), ...startOf('cifar-10-batches-bin/test_batch.bin', 3073)],
    limit: linear,
    read(bytes) {
      const count = bytes.length / 3073;
      const records = Array.from({ length: Math.floor(count) }, (_, n) => bytes.subarray(n * 3073, (n + 1) * 3073));
      const isWhole = count >= 1 && Number.isInteger(count) && records.every(([label]) => label! <= 9);
      const { images, labels, shape } = readCifar10(bytes);
      expectThat('accepts whole files only', isWhole);
      expectSame('shape', shape, [count, 32, 32, 3]);
      expectSame(
        'labels',
        labels,
        records.map(([label]) => label),
      );
      expectSame('images', images, pixelsOf(Buffer.concat(records.map((record) => record.subarray(1)))));
    },
  };
}

export function cifar10Python(): Target {
  const { pickles } = fixture<{ pickles: Record<string, string> }>('datasets.json');
  const written = Object.values(pickles).map((text) => new Uint8Array(inflateSync(Buffer.from(text, 'base64'))));
  const odd = fixture<{ arrays: Record<string, string> }>('odd-files.json');
  const arrays = ['u1, protocol 2', '<i8, protocol 5', '>i8, protocol 2'].map(
    (name) => new Uint8Array(inflateSync(Buffer.from(odd.arrays[name]!, 'base64'))),
  );
  // Two images with one long name, which is remembered and recalled.
  const long = [0x54, ...u32(1024), ...new Array<number>(1024).fill(97), 0x71, 9];
  const names = [0x55, 9, ...ascii('filenames'), 0x5d, 0x28, ...long, 0x68, 9, 0x65];
  const recalled = Uint8Array.from([...cifarPickle(2).subarray(0, -2), ...names, 0x75, 0x2e]);
  return {
    where: ['readCifar10Python'],
    seeds: [cifarPickle(1), recalled, ...written, ...arrays],
    limit: linear,
    read(bytes) {
      const { images, labels, shape, fileNames } = readCifar10Python(bytes);
      const batch = naivePickle(bytes) as Map<string, unknown>;
      const { raw } = batch.get('data') as { raw: Uint8Array };
      expectSame('shape', shape, [raw.length / 3072, 32, 32, 3]);
      expectSame('images', images, pixelsOf(raw));
      expectSame('labels', labels, naiveNumbers(batch.get('labels')));
      expectThat(
        'labels are in range',
        labels.every((label) => label >= 0 && label <= 9),
      );
      const names = batch.get('filenames') as (string | Buffer)[] | undefined;
      const text = (name: string | Buffer) => (typeof name === 'string' ? name : name.toString('latin1'));
      expectSame('fileNames', fileNames ?? [], (names ?? []).map(text));
    },
  };
}

/** CIFAR-100's, by its fine labels and by its coarse ones. */
export function cifar100(): Target {
  const records = (count: number) => {
    const ten = cifarBinary(count);
    const parts = Array.from({ length: count }, (_, i) => [
      i + 3,
      99 - i,
      ...ten.subarray(i * 3073 + 1, (i + 1) * 3073),
    ]);
    return Uint8Array.from(parts.flat());
  };
  return {
    where: ['readCifar10'],
    seeds: [records(1), records(2)],
    limit: linear,
    read(bytes) {
      const [fine, coarse] = [readCifar10(bytes, { labels: 'fine' }), readCifar10(bytes, { labels: 'coarse' })];
      const count = bytes.length / 3074;
      const parts = Array.from({ length: Math.floor(count) }, (_, n) => bytes.subarray(n * 3074, (n + 1) * 3074));
      const isWhole = Number.isInteger(count) && count >= 1 && parts.every(([a, b]) => a! <= 19 && b! <= 99);
      expectThat('accepts whole files only', isWhole);
      expectSame('shape', fine.shape, [count, 32, 32, 3]);
      for (const [at, set] of [coarse, fine].entries()) {
        expectSame(
          'labels',
          set.labels,
          parts.map((part) => part[at]),
        );
        expectSame('images', set.images, pixelsOf(Buffer.concat(parts.map((part) => part.subarray(2)))));
      }
    },
  };
}

const WIDTHS: Record<number, number> = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 };

/** The numbers of an IDX file, or undefined where it is none. */
function naiveIdx(bytes: Uint8Array): { shape: number[]; numbers: number[] } | undefined {
  const file = Buffer.from(bytes);
  const [width, rank] = [WIDTHS[file[2] ?? 0], file[3] ?? 0];
  if (file[0] !== 0 || file[1] !== 0 || !width || rank === 0 || file.length < 4 + 4 * rank) return undefined;
  const shape = Array.from({ length: rank }, (_, i) => file.readUInt32BE(4 + 4 * i));
  const data = file.subarray(4 + 4 * rank);
  if (BigInt(data.length) !== shape.map(BigInt).reduce((a, b) => a * b) * BigInt(width)) return undefined;
  const read = {
    8: (at: number) => data.readUInt8(at),
    9: (at: number) => data.readInt8(at),
    11: (at: number) => data.readInt16BE(at),
    12: (at: number) => data.readInt32BE(at),
    13: (at: number) => data.readFloatBE(at),
    14: (at: number) => data.readDoubleBE(at),
  }[file[2]!]!;
  return { shape, numbers: Array.from({ length: data.length / width }, (_, i) => read(i * width)) };
}

const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b;
const unpacked = (bytes: Uint8Array) => (isGzip(bytes) ? gunzipSync(bytes, { maxOutputLength: 1e8 }) : bytes);
/** Mostly as gzip. */
const gzipped = (bytes: Uint8Array, random: Random) =>
  random.integer(4) === 0 ? bytes : new Uint8Array(gzipSync(bytes, { level: random.integer(10) }));
const inflaters = [{}, { inflate: nodeInflate }];

/** The first images, or labels, of a file of MNIST. */
const fewOf = (name: string, header: number, bytes: number): Uint8Array[] =>
  startOf(name, Infinity).map((file) => {
    const few = gunzipSync(file).subarray(0, header + 2 * bytes);
    few.writeUInt32BE(2, 4);
    return new Uint8Array(few);
  });
const count = (length: number) => Array.from({ length }, (_, i) => (7 * i) % 256);
const idxImages = () => [idx(8, [2, 5, 4], count(40)), ...fewOf('mnist/t10k-images-idx3-ubyte.gz', 16, 784)];
const idxLabels = () => [idx(8, [2], [3, 9]), ...fewOf('mnist/t10k-labels-idx1-ubyte.gz', 8, 1)];

export function idxFiles(): Target {
  const others = Object.entries(WIDTHS).map(([type, width]) => idx(Number(type), [3, 4], count(12 * width)));
  let turn = 0;
  return {
    where: ['readIdx'],
    seeds: [...idxImages(), ...idxLabels(), ...others],
    seal: gzipped,
    limit: packed,
    async read(bytes) {
      const { data, shape } = await readIdx(bytes, inflaters[turn++ % 2]);
      const wanted = naiveIdx(unpacked(bytes))!;
      expectSame('shape', shape, wanted.shape);
      expectSame('data', data, wanted.numbers);
    },
  };
}

export function mnist(): Target {
  const [images, labels] = [idxImages(), idxLabels()];
  return {
    where: ['readMnist', 'readIdx'],
    seeds: [...images, ...labels],
    seal: gzipped,
    limit: packed,
    async read(bytes) {
      // As the images of good labels, and as the labels of good images.
      const as = async (first: Uint8Array, second: Uint8Array) => {
        const set = await readMnist(first, second, { inflate: nodeInflate });
        const [pixels, classes] = [naiveIdx(unpacked(first))!, naiveIdx(unpacked(second))!];
        expectSame('shape', set.shape, [...pixels.shape, 1]);
        expectSame('images', set.images, pixels.numbers);
        expectSame('labels', set.labels, classes.numbers);
        expectThat(
          'labels are in range',
          set.labels.every((label) => label >= 0 && label <= 9),
        );
        expectThat('there is an image', set.images.length > 0 && set.labels.length === set.shape[0]);
      };
      const asImages = await as(bytes, labels[0]!).catch((error: unknown) => error);
      if (asImages !== undefined && asImages instanceof Error && asImages.name !== 'FormatError') throw asImages;
      if (asImages !== undefined) await as(images[0]!, bytes);
    },
  };
}

export function ppm(): Target {
  const small = [
    'P6 2 2 255\nabcdefghijkl',
    'P6\n# a comment\n3\t1 # another\n255\rabcdefghi',
    `P6 30 20 255 ${'xyz'.repeat(600)}`,
  ];
  const pattern =
    /^P6((?:[ \t-\r]|#[^\n]*(?:\n|$))+)(\d{1,6})((?:[ \t-\r]|#[^\n]*(?:\n|$))+)(\d{1,6})((?:[ \t-\r]|#[^\n]*(?:\n|$))+)0*255[ \t-\r]/;
  return {
    where: ['readPpm'],
    seeds: [
      ...small.map((text) => new TextEncoder().encode(text)),
      ...startOf('gtsrb/Final_Test/Images/00000.ppm', 4000),
    ],
    limit: linear,
    read(bytes) {
      const { data, height, width } = readPpm(bytes);
      const match = pattern.exec(Buffer.from(bytes).toString('latin1'));
      expectThat('accepts whole files only', match !== null && data.length === 3 * height * width);
      expectSame('size', [width, height], [Number(match![2]), Number(match![4])]);
      expectSame('data', data, bytes.slice(match![0].length));
    },
  };
}

/** One image and its label of the real file, uncompressed. */
function realSvhn(): Uint8Array[] {
  return startOf('svhn/test_32x32.mat', Infinity).map((file) => {
    const { raw, label } = firstOfSvhn(file);
    const body = [
      ...matlabArray('X', 9, [32, 32, 3, 1], 2, raw, true),
      ...matlabArray('y', 9, [1, 1], 2, [label], true),
    ];
    return Uint8Array.from([...file.subarray(0, 128), ...body]);
  });
}
function firstOfSvhn(file: Uint8Array): { raw: Uint8Array; label: number } {
  const { images, labels } = naiveSvhn(file);
  const raw = new Uint8Array(3072);
  for (let i = 0; i < 3072; i++) raw[(i % 3) * 1024 + (Math.floor(i / 3) % 32) * 32 + Math.floor(i / 96)] = images[i]!;
  return { raw, label: labels[0] || 10 };
}

/** Compresses the arrays of a MATLAB file as far as they can be found. */
function compressed(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length < 136 || random.integer(4) === 0) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes[126] === ascii('I')[0];
  const parts: Uint8Array[] = [bytes.subarray(0, 128)];
  let at = 128;
  while (at + 8 <= bytes.length) {
    const end = at + 8 + Math.ceil(view.getUint32(at + 4, isLittle) / 8) * 8;
    if (view.getUint32(at, isLittle) !== 14 || end > bytes.length) break;
    const block = deflateSync(bytes.subarray(at, end), { level: 1 });
    parts.push(Uint8Array.from([...u32(15, isLittle), ...u32(block.length, isLittle)]), block);
    at = end;
  }
  return new Uint8Array(Buffer.concat([...parts, bytes.subarray(at)]));
}

export function svhn(): Target {
  let turn = 0;
  const [big, small] = [svhnFile({ count: 1, little: false, labelType: 9 }), svhnFile({ count: 1 })];
  // With a cell between what is needed, which is passed over.
  const cell = matlabArray('names', 1, [1, 1], 14, new Uint8Array(), true);
  const withOthers = Uint8Array.from([...small, ...cell, ...matlabArray('b', 6, [1, 2], 2, [1, 2], true)]);
  return {
    where: ['readSvhn'],
    seeds: [small, big, withOthers, ...realSvhn()],
    seal: compressed,
    limit: packed,
    async read(bytes) {
      const { images, labels, shape } = await readSvhn(bytes, inflaters[turn++ % 2]);
      const wanted = naiveSvhn(bytes);
      expectSame('shape', shape, [wanted.images.length / 3072, 32, 32, 3]);
      expectSame('images', images, wanted.images);
      expectSame('labels', labels, wanted.labels);
      expectThat(
        'labels are in range',
        labels.every((label) => label >= 0 && label <= 9),
      );
    },
  };
}
