import type { PageHeader } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { Room } from '../../src/blocks/bytes/room';
import { shardOf } from '../../src/blocks/bytes/shard';
import { parquetChunks } from '../../src/blocks/parquet/chunk-source';
import { numberKind, valueKind, type PackedNumbers } from '../../src/blocks/parquet/column-kind';
import { compressorsFor, loadHyparquet } from '../../src/blocks/parquet/hyparquet';
import { parquetNumbers } from '../../src/blocks/parquet/number-column';
import type { NumberKind } from '../../src/blocks/parquet/number-values';
import { readFooter } from '../../src/blocks/parquet/read-footer';
import { parquetValues } from '../../src/blocks/parquet/value-column';
import type { NumberColumn } from '../../src/blocks/stream/shard-columns';
import { bytesOf, fixture, readerOf } from './block-files';
import { parquetBlocks } from 'tfjs-ood/blocks';

const SMALL = 16;
const parquetFiles = Object.entries(fixture.files).filter(([name]) => readerOf(name) === (parquetBlocks as never));

/** A file whose columns are read through windows that hold no page, and share memory as columns of a file do. */
async function opened(bytes: Uint8Array, change: (header: PageHeader) => void = () => {}) {
  const shard = shardOf('test', 'shard', bytes);
  const loaded = await loadHyparquet('test');
  const hyparquet: typeof loaded = {
    ...loaded,
    parquetHeader(reader) {
      const header = loaded.parquetHeader(reader);
      change(header);
      return header;
    },
  };
  const { leaves, groups } = await readFooter(shard, hyparquet);
  const metas = groups.flatMap(({ columns }) => columns.map(({ meta_data: meta }) => meta!));
  const compressors = await compressorsFor(shard, metas);
  const shared = { packed: new Room(), dictionary: new Room() };
  const columnOf = (column: string) => {
    const index = leaves.findIndex((leaf) => leaf.name === column);
    const rooms = { window: new Room(), page: new Room(), shared };
    const source = { shard, leaf: leaves[index]!, windowSize: SMALL, compressors, hyparquet, rooms };
    return { own: parquetChunks(source, groups, index), leaf: leaves[index]! };
  };
  return { shard, leaves, groups, columnOf };
}

/** The features and ids of a file, a row of each in turn. */
async function readInTurn(bytes: Uint8Array, name: string) {
  const file = fixture.files[name]!;
  const { shard, leaves, columnOf: chunks } = await opened(bytes);
  const pattern = file.columns.features!;
  const wanted = leaves
    .map((leaf) => leaf.name)
    .filter((one) => {
      if (typeof pattern !== 'string') return pattern.includes(one);
      return pattern.startsWith('/') ? new RegExp(pattern.slice(1, -1)).test(one) : one === pattern;
    });
  const numbers = wanted.map((column) => {
    const { own, leaf } = chunks(column);
    return parquetNumbers(own, numberKind(shard, leaf, (file.packed ?? 'float32') as PackedNumbers) as NumberKind);
  });
  const { own, leaf } = chunks((file.columns.ids ?? file.columns.labels) as string);
  const values = parquetValues(own, valueKind(shard, leaf));
  const features: number[] = [];
  const ids: string[] = [];
  for (;;) {
    let ready = await values.ready();
    for (const column of numbers) ready = Math.min(ready, await column.ready());
    if (ready === 0) break;
    for (const column of numbers) {
      const row = new Float32Array(column.width);
      column.copyTo(row, 0, column.width, 1);
      features.push(...row);
    }
    ids.push(...Array.from(values.take(1), String));
  }
  return { features, ids };
}

describe.each(parquetFiles)('%s', (name, file) => {
  test('reads the same through windows that hold no page', async () => {
    const { features, ids } = await readInTurn(bytesOf(file.bytes), name);
    expect(features).toEqual(file.features);
    expect(ids).toEqual(file.ids ?? file.labels.map(String));
  });
});

test('pages that are not compressed in a column that is', async () => {
  // Those of version 2 say so themselves: a writer leaves out what does not help
  const rows = (from: number) =>
    Array.from({ length: 9 }, (_, i) => Array.from({ length: 99 }, (_, j) => from + i + j));
  const list = (name: string) => [
    { name, repetition_type: 'REQUIRED' as const, num_children: 1, converted_type: 'LIST' as const },
    { name: 'list', repetition_type: 'REPEATED' as const, num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED' as const, type: 'FLOAT' as const },
  ];
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: 'a', data: rows(0), encoding: 'PLAIN' },
      { name: 'b', data: rows(500), encoding: 'PLAIN' },
    ],
    schema: [{ name: 'root', num_children: 2 }, ...list('a'), ...list('b')],
    codec: 'UNCOMPRESSED',
  });
  const { shard, groups, columnOf } = await opened(new Uint8Array(bytes), ({ data_page_header_v2: header }) => {
    if (header) header.is_compressed = false;
  });
  for (const { columns } of groups) for (const { meta_data: meta } of columns) meta!.codec = 'SNAPPY';
  const [a, b] = ['a', 'b'].map((name) => {
    const { own, leaf } = columnOf(name);
    return parquetNumbers(own, numberKind(shard, leaf, 'float32') as NumberKind);
  }) as [NumberColumn, NumberColumn];
  expect([await a.ready(), await b.ready()]).toEqual([9, 9]);
  for (const [column, from] of [
    [a, 0],
    [b, 500],
  ] as const) {
    const out = new Float32Array(9 * 99);
    column.copyTo(out, 0, 99, 9);
    expect([...out]).toEqual(rows(from).flat());
  }
});
