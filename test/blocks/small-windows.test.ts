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
import { bytesOf, fixture, readerOf } from './block-files';
import { parquetBlocks } from 'tfjs-ood/blocks';

const SMALL = 16;
const parquetFiles = Object.entries(fixture.files).filter(([name]) => readerOf(name) === (parquetBlocks as never));

/**
 * The features and ids of a file, a row of each in turn, through windows that hold no page: pages are then where other
 * columns put theirs, as they are in a file with many columns.
 */
async function readInTurn(bytes: Uint8Array, name: string, codec?: 'SNAPPY') {
  const file = fixture.files[name]!;
  const shard = shardOf('test', 'shard', bytes);
  const hyparquet = await loadHyparquet('test');
  const { leaves, groups } = await readFooter(shard, hyparquet);
  const metas = groups.flatMap(({ columns }) => columns.map(({ meta_data: meta }) => meta!));
  const compressors = await compressorsFor(shard, metas);
  for (const meta of metas) meta.codec = codec ?? meta.codec;
  const shared = { packed: new Room(), dictionary: new Room() };
  const chunks = (column: string) => {
    const index = leaves.findIndex((leaf) => leaf.name === column);
    const rooms = { window: new Room(), page: new Room(), shared };
    const source = { shard, leaf: leaves[index]!, windowSize: SMALL, compressors, hyparquet, rooms };
    return { own: parquetChunks(source, groups, index), leaf: leaves[index]! };
  };
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
  const { bytes, features, ids } = fixture.files['pyarrow, version 2, none']!;
  const read = await readInTurn(bytesOf(bytes), 'pyarrow, version 2, none', 'SNAPPY');
  expect(read).toEqual({ features, ids });
});
