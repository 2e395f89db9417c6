import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FormatError } from 'tfjs-ood';
import { InflateLimitError, readCifar10Python, readIdx, readSvhn, streamInflate } from 'tfjs-ood/datasets';
import { nodeInflate } from '../../src/node/images/node-inflate';
import { ascii, cifarPickle, element, idx, matlabArray, svhnFile, u32 } from './small-files';

/** Read without care, some of these take hours or gigabytes: each must be refused in a moment. */
const SOON = 5000;

const header = () => [...svhnFile().subarray(0, 128)];
const packed = (block: Uint8Array | number[]) => {
  const bytes = deflateSync(Uint8Array.from(block));
  return [...u32(15), ...u32(bytes.length), ...bytes];
};

describe('pickles', () => {
  const start = [0x80, 2];
  const shortList = (count: number, item: number[]) => [
    0x5d,
    0x28,
    ...new Array<number[]>(count).fill(item).flat(),
    0x65,
  ];
  const put = (key: number) => [0x71, key];
  const get = (key: number) => [0x68, key];
  const text = (value: string) => [0x55, value.length, ...ascii(value)];
  const read = (bytes: number[]) => () => readCifar10Python(Uint8Array.from([...start, ...bytes, 0x2e]));

  test('lists of lists of lists, the laughs of which are billions', { timeout: SOON }, () => {
    const bytes = [...shortList(200, [0x4e]), ...put(0)];
    for (let level = 1; level < 40; level++) bytes.push(...shortList(200, get(level - 1)), ...put(level));
    // Left on the stack: 40 lists; the last is data of the dictionary.
    expect(read([0x28, ...bytes, 0x31, 0x7d, ...text('data'), ...get(39), 0x73])).toThrow(FormatError);
  });

  test('what holds itself', { timeout: SOON }, () => {
    const self = [0x5d, ...put(0), ...get(0), 0x61];
    expect(read([0x7d, ...text('data'), ...self, 0x73])).toThrow('data, uint8 [N, 3072]');
    expect(read([...self, 0x30, ...get(0), ...get(0), 0x93])).toThrow('the global ?.?');
    expect(read([0x7d, ...self, 0x4e, 0x73])).toThrow('as key');
    expect(read(self)).toThrow('a dictionary');
  });

  test('text that is encoded over and over', { timeout: SOON }, () => {
    const long = [0x58, ...u32(100_000), ...new Array<number>(100_000).fill(65), ...put(0), 0x30];
    const encode = [0x63, ...ascii('_codecs\nencode\n'), ...put(1), 0x30];
    const latin1 = [...text('latin1'), ...put(2), 0x30];
    const once = [...get(1), ...get(0), ...get(2), 0x86, 0x52, 0x30];
    const many = new Array<number[]>(5000).fill(once).flat();
    expect(read([...long, ...encode, ...latin1, ...once, 0x4e])).toThrow('a dictionary');
    expect(read([...long, ...encode, ...latin1, ...many, 0x4e])).toThrow('each text converted once');
  });

  test('a long string as the key of many pairs', { timeout: SOON }, () => {
    const long = [0x54, ...u32(2000), ...new Array<number>(2000).fill(65), ...put(0), 0x30];
    expect(read([...long, 0x7d, ...get(0), 0x4e, 0x73])).toThrow('a number or a short string as key');
  });

  test('bytes that are made text over and over, as keys and as dtypes', { timeout: SOON }, () => {
    const long = [0x54, ...u32(1024), ...new Array<number>(1024).fill(65), ...put(0), 0x30];
    const many = (unit: number[]) => new Array<number[]>(20_000).fill(unit).flat();
    const pair = [...get(0), 0x4e, 0x73];
    expect(read([...long, 0x7d, ...pair])).toThrow('data, uint8 [N, 3072]');
    expect(read([...long, 0x7d, ...many(pair)])).toThrow('each text converted once');
    const dtype = [0x63, ...ascii('numpy\ndtype\n'), ...put(1), 0x30];
    expect(read([...long, ...dtype, ...many([...get(1), ...get(0), 0x85, 0x52, 0x30])])).toThrow(
      'each text converted once',
    );
  });

  test('a stack, a memo and a dictionary without end', { timeout: 2 * SOON }, () => {
    const repeat = (unit: number[], count: number) => {
      const bytes = new Uint8Array(2 + unit.length * count);
      bytes.set([0x80, 4]);
      for (let i = 0; i < count; i++) bytes.set(unit, 2 + i * unit.length);
      return bytes;
    };
    const most = 2 ** 18 + 1;
    expect(() => readCifar10Python(repeat([0x29], most))).toThrow('values on the stack');
    expect(() => readCifar10Python(repeat([0x29, 0x94, 0x30], most))).toThrow('values in the memo');
    const pairs = new Uint8Array(3 + 7 * most);
    pairs.set([0x80, 4, 0x7d]);
    for (let i = 0; i < most; i++) pairs.set([0x4a, ...u32(i), 0x4e, 0x73], 3 + 7 * i);
    expect(() => readCifar10Python(pairs)).toThrow('keys');
  });

  test.each<[string, number[], string]>([
    ['a mark as value', [0x28, 0x85], 'a value on the stack'],
    ['a mark remembered', [0x28, ...put(0)], 'a value on the stack'],
    ['no mark', [0x4e, 0x65], 'a mark on the stack'],
    ['nothing', [], 'a value on the stack'],
    ['two values', [0x4e, 0x4e], 'one value, got 2'],
    ['something after the end', [0x4e, 0x2e], 'the end of the file, got 1 more bytes'],
    ['an unknown memory', get(3), 'a remembered value'],
    ['an odd number of items', [0x7d, 0x28, 0x4e, 0x75], 'pairs of key and value'],
    ['items of a list', [0x5d, 0x28, 0x75], 'a dictionary'],
    ['appended to a dictionary', [0x7d, 0x4e, 0x61], 'a list'],
    ['a state of a dictionary', [0x7d, 0x4e, 0x62], 'the state of an array'],
    ['a call of a list', [0x5d, 0x29, 0x52], 'a known global'],
    ['protocol 1', [0x80, 1, 0x4e], 'protocol 2 to 5, got 1'],
    ['bad UTF-8', [0x58, ...u32(1), 0xff], 'a string in UTF-8'],
    ['a huge number', [0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x7f], 'below 2^53'],
    ['a longer number', [0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1], 'below 2^53'],
    ['a name without end', [0x63, ...new Array<number>(300).fill(65)], 'a line of at most 256'],
    ['INST, which calls', [0x28, 0x69, ...ascii('os\nsystem\n')], 'an opcode of data, got 0x69'],
    ['OBJ, which calls', [0x28, 0x6f], 'an opcode of data, got 0x6f'],
    ['NEWOBJ, which calls', [0x29, 0x81], 'an opcode of data, got 0x81'],
    ['EXT1, a global by number', [0x82, 1], 'an opcode of data, got 0x82'],
    ['PERSID', [0x50, ...ascii('x\n')], 'an opcode of data, got 0x50'],
    ['a global of Object', [0x63, ...ascii('constructor\ntoString\n')], 'the global constructor.toString'],
    [
      'another encoding',
      [0x63, ...ascii('_codecs\nencode\n'), 0x58, ...u32(1), 65, ...text('utf7'), 0x86, 0x52],
      'encode',
    ],
    ['labels of no text', [0x7d, ...text('data'), 0x5d, 0x73], 'data, uint8'],
  ])('%s', (_, bytes, message) => {
    expect(read(bytes)).toThrow(FormatError);
    expect(read(bytes)).toThrow(message);
  });
});

describe('a pickle of one image, changed', () => {
  const whole = [...cifarPickle(1)];
  /** The pickle with these bytes in place of the only place where `old` is. */
  const changed = (old: number[], put: number[]) => {
    const text = whole.join() + ',';
    const from = `,${old.join()},`;
    expect(text.split(from)).toHaveLength(2);
    return Uint8Array.from(text.replace(from, `,${put.join()},`).slice(0, -1).split(',').map(Number));
  };
  const label = [0x5d, 0x28, 0x4b, 0, 0x65];
  const labeled = (...value: number[]) => changed(label, [0x5d, 0x28, ...value, 0x65]);
  const listAt = whole.join().split(`,${label.join()}`)[0]!.split(',').length;
  const shape = [0x4b, 1, 0x4d, 0, 12, 0x86];

  test('one long file name, named over and over', { timeout: SOON }, () => {
    const long = [0x54, ...u32(1024), ...new Array<number>(1024).fill(65), 0x71, 9, 0x30];
    const names = new Array<number[]>(100_000).fill([0x68, 9]).flat();
    const bytes = changed(label, [...label, 0x55, 9, ...ascii('filenames'), 0x5d, ...long, 0x28, ...names, 0x65]);
    expect(() => readCifar10Python(bytes)).toThrow('1 file names, got 100000');
  });

  test('labels of every kind of number', () => {
    const double = [...new Uint8Array(Float64Array.of(3).buffer)].reverse();
    for (const value of [
      [0x4b, 3],
      [0x4d, 3, 0],
      [0x4a, ...u32(3)],
      [0x8a, 1, 3],
      [0x47, ...double],
    ]) {
      expect([...readCifar10Python(labeled(...value)).labels]).toEqual([3]);
    }
  });

  test.each<[string, Uint8Array, string]>([
    ['-1', labeled(0x4a, ...u32(0xffffffff)), `labels from 0 to 9, got -1 at index 0 at byte ${listAt}`],
    ['-1, long', labeled(0x8a, 1, 255), 'got -1 at index 0'],
    ['a long of nine bytes', labeled(0x8a, 9, 3, 0, 0, 0, 0, 0, 0, 0, 0), 'below 2^53, got one of 9 bytes'],
    ['true', labeled(0x88), 'got something else at index 0'],
    ['two labels', labeled(0x4b, 1, 0x4b, 1), '1 labels, got 2'],
    ['two rows', changed(shape, [0x4b, 2, 0x4d, 0, 12, 0x86]), '6144 bytes for an array [2, 3072], got 3072'],
    ['a negative row', changed(shape, [0x4a, ...u32(0xffffffff), 0x4d, 0, 12, 0x86]), 'sizes as the shape'],
    ['one dimension', changed(shape, [0x4d, 0, 12, 0x85]), 'uint8 [N, 3072], one or more, got [3072]'],
    ['other rows', changed(shape, [0x4b, 3, 0x4d, 0, 4, 0x86]), 'one or more, got [3, 1024]'],
    ['no image', cifarPickle(0), 'one or more, got [0, 3072]'],
    ['no size', changed(shape, [0x29]), '1 to 32 sizes of an array, got 0'],
    ['Fortran order', changed([0x62, 0x89, 0x54], [0x62, 0x88, 0x54]), 'an array in C order'],
    ['file names too few', changed(label, [...label, 0x55, 9, ...ascii('filenames'), 0x5d]), '1 file names, got 0'],
    [
      'file names of numbers',
      changed(label, [...label, 0x55, 9, ...ascii('filenames'), 0x5d, 0x4b, 1, 0x61]),
      'others than strings',
    ],
    [
      'no text, but Chinese, as bytes',
      changed(
        [0x4b, 1, 0x87, 0x52, 0x28],
        [
          ...[0x63, ...ascii('_codecs\nencode\n'), 0x58, ...u32(3), 0xe4, 0xb8, 0xad],
          ...[0x55, 6, ...ascii('latin1'), 0x86, 0x52, 0x30, 0x4b, 1, 0x87, 0x52, 0x28],
        ],
      ),
      'latin1 text, got the character 20013',
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => readCifar10Python(bytes)).toThrow(FormatError);
    expect(() => readCifar10Python(bytes)).toThrow(message);
  });
});

describe('bombs', () => {
  const zeros = new Uint8Array(300_000_000);

  test('a compressed block stops at the sizes that it declares', { timeout: 4 * SOON }, async () => {
    const array = Uint8Array.from(matlabArray('X', 9, [32, 32, 3, 1], 2, new Array<number>(3072).fill(1), true));
    const bomb = deflateSync(Buffer.concat([array, zeros]));
    const y = packed(matlabArray('y', 9, [1, 1], 2, [1], true));
    const bytes = Uint8Array.from([...header(), ...u32(15), ...u32(bomb.length), ...bomb, ...y]);
    for (const inflate of [streamInflate, nodeInflate]) {
      const before = process.memoryUsage().arrayBuffers;
      await expect(readSvhn(bytes, { inflate })).rejects.toThrow(
        `a compressed block of at most ${array.length} bytes, got one that goes on at byte 128`,
      );
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
    }
  });

  test('sizes that cannot be are refused before anything is inflated', async () => {
    const inflate = () => Promise.reject(new Error('called'));
    const declared = (size: number, shape: number[]) => {
      const array = matlabArray('X', 9, shape, 2, [], true);
      array.splice(4, 4, ...u32(array.length - 8 + size));
      array.splice(array.length - 4, 4, ...u32(size));
      return Uint8Array.from([...header(), ...packed(array)]);
    };
    const read = (bytes: Uint8Array) => readSvhn(bytes, { inflate, file: 'x.mat' });
    await expect(read(declared(3072 * 600_000, [32, 32, 3, 600_000]))).rejects.toThrow('an array of at most');
    await expect(read(declared(4096, [32, 32, 3, 600_000]))).rejects.toThrow(
      '1843200000 bytes for X [32, 32, 3, 600000]',
    );
    await expect(read(declared(4096, [64, 64]))).rejects.toThrow(
      'X, uint8 [32, 32, 3, N], one or more, got uint8 [64, 64]',
    );
    await expect(read(declared(0, [32, 32, 3, 0]))).rejects.toThrow('one or more');
    await expect(read(declared(0, [32, 32, -3, 1]))).rejects.toThrow('dimensions of 0 or more');
  });

  test('another version', async () => {
    const bytes = svhnFile();
    bytes[125] = 2;
    await expect(readSvhn(bytes)).rejects.toThrow('version 0x100, got 0x200 at byte 124');
  });

  test('a block that is shorter than it declares', async () => {
    const array = matlabArray('X', 9, [32, 32, 3, 1], 2, new Array<number>(3072).fill(1), true);
    const y = packed(matlabArray('y', 9, [1, 1], 2, [1], true));
    const bytes = Uint8Array.from([...header(), ...packed(array.slice(0, 2000)), ...y]);
    await expect(readSvhn(bytes)).rejects.toThrow(`a compressed block of ${array.length} bytes, got 2000 at byte 128`);
    const head = Uint8Array.from([...header(), ...packed(array.slice(0, 30))]);
    await expect(readSvhn(head)).rejects.toThrow('24 bytes into the compressed block at byte 128');
    const empty = Uint8Array.from([...header(), ...packed([])]);
    await expect(readSvhn(empty)).rejects.toThrow('an element header of 8 bytes');
  });

  test('gzip stops at what the IDX header declares', { timeout: 4 * SOON }, async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.concat([Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 4), zeros])));
    await expect(readIdx(bomb)).rejects.toThrow('at most 12 bytes, got one that goes on');
    await expect(readIdx(bomb, { inflate: nodeInflate })).rejects.toThrow('at most 12 bytes');
    const claims = new Uint8Array(gzipSync(Uint8Array.of(0, 0, 8, 1, 255, 255, 255, 255)));
    const inflate = () => Promise.reject(new Error('called'));
    await expect(readIdx(claims, { inflate })).rejects.toThrow('4294967295 bytes of data for [4294967295]');
    await expect(readIdx(idx(8, [], []))).rejects.toThrow('some sizes');
  });

  test('streamInflate and its limit', async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251);
    for (const format of ['zlib', 'gzip'] as const) {
      const block = new Uint8Array(format === 'zlib' ? deflateSync(bytes) : gzipSync(bytes));
      for (const limit of [100_000, 1e9]) {
        expect(Buffer.compare(await streamInflate(block, format, limit), bytes)).toBe(0);
      }
      await expect(streamInflate(block, format, 99_999)).rejects.toThrow(InflateLimitError);
      await expect(streamInflate(block.subarray(0, -5), format, 1e9)).rejects.toThrow();
    }
  });
});

describe('MATLAB files', () => {
  const x = matlabArray('X', 9, [32, 32, 3], 2, new Array<number>(3072).fill(7), true);
  const y = matlabArray('y', 9, [1, 1], 2, [3], true);
  const read = (...parts: number[][]) => readSvhn(Uint8Array.from([...header(), ...parts.flat()]), { file: 'x.mat' });

  test('one image without its last dimension, beside arrays of other names', async () => {
    const other = matlabArray('info', 6, [1, 0], 9, [], true);
    expect((await read(x, other, y)).shape).toEqual([1, 32, 32, 3]);
    // What is not asked for is not inflated.
    const damaged = packed(matlabArray('info', 9, [5000, 1], 2, new Array<number>(5000).fill(0), true).slice(0, 900));
    expect([...(await read(x, damaged, y)).labels]).toEqual([3]);
  });

  test('of a block that is not asked for only the head is inflated', async () => {
    const noise = Array.from(
      { length: 200_000 },
      (_, i) => Math.imul(i ^ (i >>> 3), Math.imul(i, 2654435761) | 1) >>> 24,
    );
    const block = packed(matlabArray('info', 9, [noise.length, 1], 2, noise, true));
    const cut = block.slice(0, 60_000);
    expect(block.length).toBeGreaterThan(2 * cut.length);
    cut.splice(4, 4, ...u32(cut.length - 8));
    expect([...(await read(x, cut, y)).labels]).toEqual([3]);
  });

  test('small elements', async () => {
    const small = (type: number, data: number[]) => [
      type,
      0,
      data.length,
      0,
      ...data,
      ...[0, 0, 0, 0].slice(data.length),
    ];
    const head = [...element(6, [...u32(9), ...u32(0)], true), ...element(5, [...u32(1), ...u32(1)], true)];
    const label = element(14, [...head, ...small(1, ascii('y')), ...small(2, [10])], true);
    expect([...(await read(x, label)).labels]).toEqual([0]);
    const tooLong = element(14, [...head, ...small(1, ascii('y')), 2, 0, 5, 0, 1, 1, 1, 1], true);
    await expect(read(x, tooLong)).rejects.toThrow('at most 4 bytes in a small element, got 5');
  });

  test.each<[string, number[][], string]>([
    [
      'a negative label',
      [x, matlabArray('y', 10, [1, 1], 3, [255, 255], true)],
      'labels from 1 to 10, got -1 at index 0',
    ],
    ['no labels', [x], 'y [1, 1], got none'],
    ['no images', [y], 'X, uint8 [32, 32, 3, N], one or more, got none'],
    ['labels in three dimensions', [x, matlabArray('y', 9, [1, 1, 1], 2, [1], true)], 'y [1, 1], got uint8 [1, 1, 1]'],
    [
      'narrow numbers of images',
      [matlabArray('X', 9, [32, 32, 3], 1, new Array<number>(3072).fill(7), true), y],
      'X, uint8',
    ],
    ['twice the same', [x, x, y], 'each array once, got X twice'],
    ['an unknown element', [x, element(9, [1, 2, 3], true)], 'an array, got an element of type 9'],
    ['an unknown type of numbers', [matlabArray('X', 9, [1, 1], 8, [1], true)], 'numbers, got type 8'],
    ['a long name', [matlabArray('X'.repeat(64), 9, [1, 1], 2, [1], true)], 'a name of at most 63 bytes'],
    ['one dimension', [matlabArray('X', 9, [1], 2, [1], true)], '2 to 8 dimensions'],
    ['nine dimensions', [matlabArray('X', 9, new Array<number>(9).fill(1), 2, [1], true)], '2 to 8 dimensions'],
    [
      'images as doubles',
      [matlabArray('X', 6, [32, 32, 3], 2, new Array<number>(3072).fill(7), true), y],
      'got double [32, 32, 3]',
    ],
    ['other than arrays, compressed', [packed(element(9, [1], true))], 'a compressed array, got type 9'],
    ['no element', [[1, 2, 3]], 'an element header of 8 bytes, got 3 bytes at byte 128'],
  ])('%s', async (_, parts, message) => {
    await expect(read(...parts)).rejects.toThrow(FormatError);
    await expect(read(...parts)).rejects.toThrow(message);
  });
});
