import { parquetWriteBuffer } from 'hyparquet-writer';
import {
  arrowBlocks,
  csvBlocks,
  npyBlocks,
  npzBlocks,
  parquetBlocks,
  type BlockColumns,
  type ParquetBlocksOptions,
  type ShardBytes,
} from 'tfjs-ood/blocks';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bytesOf, fixture, gathered, ranges } from './block-files';

const { bad, files } = fixture;
const text = (csv: string) => new TextEncoder().encode(csv);
const rowsOf = (count: number, width: number, change: (rows: number[][]) => void = () => {}) => {
  const rows = Array.from({ length: count }, (_, i) => Array.from({ length: width }, (_, j) => i + j / 8));
  change(rows);
  return rows;
};
/** A Parquet file with lists. */
const lists = (rows: unknown[][], more: Record<string, unknown[]> = {}): ArrayBuffer =>
  parquetWriteBuffer({
    columnData: [{ name: 'x', data: rows }, ...Object.entries(more).map(([name, data]) => ({ name, data }))] as never,
    schema: [
      { name: 'root', num_children: 1 + Object.keys(more).length },
      { name: 'x', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'OPTIONAL', type: 'FLOAT' },
      ...Object.keys(more).map((name) => ({ name, repetition_type: 'OPTIONAL' as const, type: 'DOUBLE' as const })),
    ],
  });
const named = (file: ArrayBuffer, i: number) => ranges(new Uint8Array(file), `train-0${i}.parquet`);
const read = (
  shards: ShardBytes | ShardBytes[],
  columns: BlockColumns = { features: 'x' },
  more: Partial<ParquetBlocksOptions> = {},
) => gathered(parquetBlocks(shards, { columns, ...more }));

describe('a shard of several is named, and the row', () => {
  const whole = lists(rowsOf(9, 3));

  test('a NaN in row 7 of shard 3', async () => {
    const odd = lists(rowsOf(9, 3, (rows) => (rows[7]![2] = NaN)));
    for (const blockRows of [undefined, 1, 4, 7, 8]) {
      const shards = [whole, whole, whole, odd].map(named);
      await expect(read(shards, { features: 'x' }, blockRows ? { blockRows } : {})).rejects.toMatchObject({
        name: 'NotFiniteError',
        details: {
          where: 'parquetBlocks',
          what: 'features of shards[3] (train-03.parquet)',
          received: 'NaN at row 7, column 2',
        },
      });
    }
  });

  test('an infinity, which a float64 is that float32 does not hold', async () => {
    const csv = text('f0,f1\n1,2\n3,1e39\n');
    await expect(gathered(csvBlocks(csv, { columns: { features: ['f0', 'f1'] } }))).rejects.toThrow(
      'features of shards must be finite numbers that float32 holds, got Infinity at row 1, column 1',
    );
  });

  test('another width in shard 2', async () => {
    await expect(read([whole, whole, lists(rowsOf(9, 4))].map(named))).rejects.toMatchObject({
      name: 'ShapeError',
      details: {
        what: 'features of shards[2] (train-02.parquet)',
        expected: '[N, 3], as in the first shard',
        received: '[N, 4]',
      },
    });
  });

  test('a truncated shard', async () => {
    await expect(read([whole, whole.slice(0, -100)].map(named))).rejects.toThrow(
      /^parquetBlocks: shards\[1\] \(train-01.parquet\) must be a Parquet file, which ends in PAR1 \(is it cut short\?\)/,
    );
  });

  test('blocks before a bad shard come', async () => {
    const blocks = parquetBlocks([whole, new ArrayBuffer(20)], { columns: { features: 'x' } });
    expect((await blocks.next()).value).toMatchObject({ shard: 0, from: 0 });
    await expect(blocks.next()).rejects.toMatchObject({ name: 'FormatError' });
  });

  test('ids of another kind', async () => {
    const one = files['pyarrow, uint64 ids']!;
    const other = files['pyarrow, int64 ids']!;
    await expect(read([bytesOf(one.bytes), bytesOf(other.bytes)], { ids: 'id' })).rejects.toThrow(
      'shards[1] must be a file with ids that are whole numbers of 64 bits without a sign, as in the first shard, got whole numbers of 64 bits',
    );
  });
});

test.each([
  ['null in a list', /without nulls in embedding, got a null, or an empty list, at row 2/],
  ['a null list', /without nulls in embedding, got a null, or an empty list, at row 1/],
  ['an empty list', /without nulls in embedding, got a null, or an empty list, at row 2/],
  ['a short list', /lists of one length in embedding, 2 as before, got one of 1 at row 2/],
  ['a long list', /lists of one length in embedding, 2 as before, got one of more than 2 at row 1/],
  ['lists of lists', /numbers, lists of them or packed ones \(bytes\) in embedding, got list of list of FLOAT/],
  ['text', /in embedding, got STRING \(BYTE_ARRAY\)/],
  ['timestamps', /in embedding, got TIMESTAMP \(INT64\)/],
])('Parquet of pyarrow with %s', async (name, message) => {
  await expect(read(bytesOf(bad[name]!), { features: 'embedding' })).rejects.toThrow(message);
});

describe('columns', () => {
  const { bytes } = files['pyarrow, list']!;
  test('one that there is not: those that there are, and the nearest', async () => {
    await expect(read(bytesOf(bytes), { features: 'embeding' })).rejects.toMatchObject({
      name: 'ArgumentError',
      details: {
        what: 'columns.features',
        expected: "a column of shards that there is ('embedding'?); it has embedding, label, id",
        received: 'embeding',
      },
    });
    await expect(read(bytesOf(bytes), { features: /^f\d/ })).rejects.toThrow(
      /of which one fits \/\^f\\d\/; it has embedding/,
    );
    await expect(
      gathered(arrowBlocks(bytesOf(files['arrow file']!.bytes), { columns: { labels: 'labels' } })),
    ).rejects.toThrow(/\('label'\?\)/);
  });

  test('the first shard says which fit a pattern', async () => {
    const shards = ['f0,f1,y\n1,2,0\n', 'f1,f0,y\n2,1,0\n', 'f0,y\n1,0\n'].map(text);
    const two = await gathered(csvBlocks(shards.slice(0, 2), { columns: { features: /f/g } }));
    expect(two.features).toEqual([1, 2, 1, 2]);
    await expect(gathered(csvBlocks(shards, { columns: { features: /f/g } }))).rejects.toThrow(/shards\[2\].*got f1/);
  });

  test.each<[unknown, string]>([
    [{ feature: 'x' }, 'columns must be without feature (features?)'],
    [{}, 'columns must be an object with features, logits, labels or ids'],
    [{ features: ['x', 'x'] }, 'columns.features must be the name of a column, a list'],
    [{ features: [] }, 'columns.features must be'],
    [{ labels: ['x'] }, 'columns.labels must be the name of a column'],
    [{ ids: 5 }, 'columns.ids must be the name of a column'],
    ['x', 'columns must be an object that names columns'],
  ])('%j', async (columns, message) => {
    await expect(read(bytesOf(bytes), columns as never)).rejects.toThrow(message);
  });
});

describe('labels', () => {
  const csv = (labels: string[]) => text(`y,x\n${labels.map((label) => `${label},1\n`).join('')}`);
  const labelsOf = (labels: string[], classNames?: string[]) =>
    gathered(csvBlocks(csv(labels), { columns: { labels: 'y' }, ...(classNames && { classNames }) })).then(
      (all) => all.labels,
    );

  test('names by classNames', async () => {
    expect(await labelsOf(['cat', 'dog', 'cat'], ['dog', 'cat'])).toEqual([1, 0, 1]);
    await expect(labelsOf(['cat', 'dgo'], ['dog', 'cat'])).rejects.toThrow(
      "labels of classNames ('dog'?), got 'dgo' at row 1",
    );
    await expect(labelsOf(['cat'])).rejects.toThrow(/whole numbers \(or give classNames\), got names/);
    await expect(labelsOf(['1'], ['dog'])).rejects.toThrow(/labels that are names, as classNames are given/);
  });

  test('whole numbers from -1 on', async () => {
    expect(await labelsOf(['-1', '0', '2147483647'])).toEqual([-1, 0, 2147483647]);
    await expect(labelsOf(['0', '-2'])).rejects.toThrow('got -2 at row 1');
    await expect(labelsOf(['2147483648'])).rejects.toThrow('got 2147483648 at row 0');
    await expect(labelsOf(['0', '0.5'])).rejects.toThrow('got 0.5 at row 1');
    await expect(labelsOf(['0', ''])).rejects.toThrow('numbers in y, got none at row 1');
    await expect(labelsOf(['0', 'cat'])).rejects.toThrow("numbers in y, got 'cat' at row 1");
    const { bytes } = files['pyarrow, uint64 ids']!;
    await expect(read(bytesOf(bytes), { labels: 'id' })).rejects.toThrow('got 9223372036854775808 at row 0');
  });
});

test('CSV: what is wrong, and where', async () => {
  const all = (csv: string, more = {}) =>
    gathered(csvBlocks(text(csv), { columns: { features: ['a', 'b'] }, ...more }));
  await expect(all('a,b\n1,2\n3\n')).rejects.toThrow('2 fields a row, got 1 at row 1');
  await expect(all('a,b\n1,2,3\n')).rejects.toThrow('2 fields a row, got 3 at row 0');
  await expect(all('a,b\n1,"2\n')).rejects.toThrow('quotes that are closed, got an open one at row 0');
  await expect(all('a,b\n1,2\n4,"5"6\n')).rejects.toThrow(/quoted as a whole.*at row 1/);
  await expect(all('a,b\n4,5"6"\n')).rejects.toThrow(/quoted as a whole.*at row 0/);
  await expect(all('a,b\n1,0x10\n')).rejects.toThrow("numbers in b, got '0x10' at row 0");
  await expect(all('a,b\n1,NaN\n')).rejects.toMatchObject({ name: 'NotFiniteError' });
  await expect(all('a,a\n1,2\n')).rejects.toThrow('of which no two are the same, got a');
  await expect(all('')).rejects.toThrow('a CSV file with a header, got none');
  await expect(gathered(csvBlocks(Uint8Array.of(97, 10, 255, 10), { columns: { features: 'a' } }))).rejects.toThrow(
    'a file in UTF-8',
  );
  expect((await all('"b";a;c\r\n"1";2;"x;""\n"\n\n3;4;\n', { delimiter: ';' })).features).toEqual([2, 1, 4, 3]);
  // Rows over the borders of windows
  const long = Array.from({ length: 60_000 }, (_, i) => `${i},"${-i}"`).join('\r\n');
  const { features } = await all(`a,b\r\n${long}`, { blockRows: 999 });
  expect(features).toEqual(Array.from({ length: 120_000 }, (_, i) => (i % 2 ? -Math.floor(i / 2) + 0 : i / 2)));
});

/** A .npz with one entry. */
function zip(content: Uint8Array, { method = 8, size = content.length, flags = 0 } = {}): Uint8Array {
  const packed = method === 8 ? deflateRawSync(content) : content;
  const name = Buffer.from('x.npy');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(flags, 8);
  central.writeUInt16LE(method, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(size, 24);
  central.writeUInt16LE(name.length, 28);
  const start = 30 + name.length + packed.length;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(start, 16);
  return Buffer.concat([local, name, packed, central, name, end]);
}

describe('npz', () => {
  const npy = bytesOf(fixture.npy.float32!.bytes);
  const all = (file: Uint8Array) => gathered(npzBlocks(file, { columns: { features: 'x' } }));

  test('a bomb costs no more than what it says it is', async () => {
    const bomb = Buffer.concat([npy, Buffer.alloc(2 ** 27)]); // 128 MiB in 130 KB
    const before = process.memoryUsage().arrayBuffers;
    await expect(all(zip(bomb, { size: npy.length }))).rejects.toThrow(
      /whose entry at byte 35 has \d+ bytes, got one with more/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
    await expect(all(zip(npy, { size: npy.length + 10 }))).rejects.toThrow(/bytes of x, as \[11, 3\] says/);
  });

  test('encrypted, and by methods that are not read', async () => {
    await expect(all(zip(npy, { flags: 1 }))).rejects.toThrow('x.npy not encrypted');
    await expect(all(zip(npy, { method: 12 }))).rejects.toThrow('stored or deflated, got method 12');
    expect((await all(zip(npy))).features).toEqual(fixture.npy.float32!.numbers);
  });
});

test('npy: files of unequal length, and shards of other parts', async () => {
  const { float32: x } = fixture.npy;
  const header = (shape: string) => {
    const text = `{'descr': '<i4', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117) + '\n';
    return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(text)]);
  };
  const ten = Buffer.concat([header('(10,)'), Buffer.alloc(40)]);
  await expect(gathered(npyBlocks({ features: bytesOf(x!.bytes), labels: ten }))).rejects.toThrow(
    /as many rows in each column, got 10 rows of labels, and more of others/,
  );
  await expect(gathered(npyBlocks([{ features: ten }, { labels: ten }]))).rejects.toThrow(
    'shards[1] must be an object of features, as the first',
  );
  await expect(gathered(npyBlocks({ feature: ten } as never))).rejects.toThrow('without feature (features?)');
  await expect(gathered(npyBlocks(ten as never))).rejects.toThrow('an object of files');
  await expect(
    gathered(npyBlocks({ features: Buffer.concat([header('(3, 99999999999)'), Buffer.alloc(40)]) })),
  ).rejects.toThrow(/as \[3, 99999999999\] says/);
});

describe('sources', () => {
  const file = lists(rowsOf(3, 2));
  test.each<[string, unknown, RegExp]>([
    ['a promise', Promise.resolve(file), /await (it|them)/],
    ['text', 'train.parquet', /shards must be ranges of bytes \{ byteLength, slice \}, a Blob/],
    ['none', [], /a shard, or a list of one at least/],
    ['a hole', [file, undefined], /shards\[1\] must be ranges of bytes/],
    ['a size that is none', { byteLength: NaN, slice: () => file }, /shards must be ranges/],
  ])('%s', async (_, shards, message) => {
    await expect(read(shards as never)).rejects.toThrow(message);
  });

  test('short answers, and what is no answer', async () => {
    const short = { byteLength: file.byteLength, slice: () => Promise.resolve(new ArrayBuffer(3)) };
    await expect(read(short)).rejects.toThrow(/a file with 8 bytes from \d+ on, got 3 \(is it being written\?\)/);
    const none = { byteLength: file.byteLength, slice: () => Promise.resolve(undefined as never) };
    await expect(read(none)).rejects.toMatchObject({ name: 'FormatError' });
  });

  test('a signal ends it, with its reason', async () => {
    const stop = new AbortController();
    const blocks = parquetBlocks(file, { columns: { features: 'x' }, blockRows: 1, signal: stop.signal });
    await blocks.next();
    stop.abort(new Error('enough'));
    await expect(blocks.next()).rejects.toThrow('enough');
  });
});
