import { tableFromArrays, tableToIPC, vectorFromArray, FixedSizeList, Field, Float32, Table } from 'apache-arrow';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from 'tfjs-ood';
import { arrowBlocks, npyBlocks, parquetBlocks, safetensorsBlocks } from 'tfjs-ood/blocks';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { mahalanobis } from 'tfjs-ood/scorers';
import { expect, test } from 'vitest';
import { trials } from '../trials';
import { gathered } from './block-files';

/** Rows that begin at a place, of numbers that float32 holds. */
const rowsFrom = (from: number, count: number, width: number) =>
  Array.from({ length: count }, (_, i) =>
    Float32Array.from({ length: width }, (_, j) => Math.fround(Math.sin(31 * (from + i) + j))),
  );

function npy(rows: Float32Array[], width: number): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows.length}, ${width}), }`.padEnd(117) + '\n';
  const head = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(text)]);
  return Buffer.concat([head, ...rows.map((row) => Buffer.from(row.buffer))]);
}

function safetensors(rows: Float32Array[], width: number): Uint8Array {
  const data = Buffer.concat(rows.map((row) => Buffer.from(row.buffer)));
  const header = Buffer.from(
    JSON.stringify({ x: { dtype: 'F32', shape: [rows.length, width], data_offsets: [0, data.length] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}

function parquet(rows: Float32Array[], rowGroupSize: number, pageSize: number): ArrayBuffer {
  return parquetWriteBuffer({
    columnData: [{ name: 'x', data: rows.map((row) => [...row]) }],
    schema: [
      { name: 'root', num_children: 1 },
      { name: 'x', repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'REQUIRED', type: 'FLOAT' },
    ],
    rowGroupSize,
    pageSize,
  });
}

function arrow(rows: Float32Array[], width: number, format: 'file' | 'stream'): Uint8Array {
  const type = new FixedSizeList(width, new Field('item', new Float32(), false));
  return tableToIPC(new Table({ x: vectorFromArray(rows, type) }), format);
}

test('any shards, any blocks, any groups and pages: the rows as they were written', async () => {
  const shard = fc.record({
    count: fc.integer({ min: 1, max: 40 }),
    group: fc.integer({ min: 1, max: 50 }),
    page: fc.integer({ min: 4, max: 400 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(shard, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 50 }),
      async (shards, width, blockRows) => {
        let from = 0;
        const parts = shards.map(({ count }) => rowsFrom((from += count) - count, count, width));
        const expected = parts.flat().flatMap((row) => [...row]);
        const options = { columns: { features: 'x' }, blockRows };
        const reads = {
          parquet: parquetBlocks(
            parts.map((rows, i) => parquet(rows, shards[i]!.group, shards[i]!.page)),
            options,
          ),
          npy: npyBlocks(
            parts.map((rows) => ({ features: npy(rows, width) })),
            { blockRows },
          ),
          safetensors: safetensorsBlocks(
            parts.map((rows) => safetensors(rows, width)),
            options,
          ),
          arrowFile: arrowBlocks(
            parts.map((rows) => arrow(rows, width, 'file')),
            options,
          ),
          arrowStream: arrowBlocks(
            parts.map((rows) => arrow(rows, width, 'stream')),
            options,
          ),
        };
        for (const [name, blocks] of Object.entries(reads)) {
          const { features, places } = await gathered(blocks);
          expect(features, name).toEqual(expected);
          const wanted = shards.flatMap(({ count }, at) =>
            Array.from({ length: Math.ceil(count / blockRows) }, (_, i) => `${at}:${i * blockRows}`),
          );
          expect(places, name).toEqual(wanted);
        }
      },
    ),
    { numRuns: trials(60) },
  );
});

test("apache-arrow's text and numbers", async () => {
  const ids = Array.from({ length: 30 }, (_, i) => `row ${i}é`);
  const table = tableFromArrays({
    y: Int32Array.from(ids, (_, i) => i),
    big: BigInt64Array.from(ids, (_, i) => BigInt(i) - 3n),
  });
  const bytes = tableToIPC(table, 'stream');
  const all = await gathered(arrowBlocks(bytes, { columns: { labels: 'y', ids: 'big' }, blockRows: 7 }));
  expect(all.labels).toEqual(ids.map((_, i) => i));
  expect(all.ids).toEqual(ids.map((_, i) => String(i - 3)));
  // Its text has a dictionary
  for (const format of ['file', 'stream'] as const) {
    const text = tableToIPC(tableFromArrays({ id: ids }), format);
    expect((await gathered(arrowBlocks(text, { columns: { ids: 'id' }, blockRows: 4 }))).ids).toEqual(ids);
  }
});

test('a fit from shards is the fit of all rows, and a detector takes blocks as they are', async () => {
  await tf.setBackend('cpu');
  const random = seededRandom(5);
  const [count, width] = [240, 4];
  const labels = Array.from({ length: count }, (_, i) => i % 3);
  const rows = labels.map((label) =>
    Float32Array.from({ length: width }, (_, j) => (j === label ? 6 : 0) + random.normal()),
  );
  const csv = (part: number[]) => part.map((i) => [...rows[i]!, labels[i]!]);
  const shards = [labels.slice(0, 100), labels.slice(100)].map((_, s) => {
    const own = s === 0 ? Array.from({ length: 100 }, (_, i) => i) : Array.from({ length: 140 }, (_, i) => 100 + i);
    return parquetWriteBuffer({
      columnData: [
        ...Array.from({ length: width }, (_, j) => ({
          name: `f${j}`,
          data: csv(own).map((row) => row[j]!),
          type: 'DOUBLE' as const,
        })),
        { name: 'y', data: csv(own).map((row) => row[width]!), type: 'INT32' as const },
      ],
    });
  });
  const read = () => parquetBlocks(shards, { columns: { features: /^f\d$/, labels: 'y' }, blockRows: 33 });
  const options = { scorer: mahalanobis(), alpha: 0.05 };
  const streamed = await fitOutputDetector(read(), options);
  const asked = { features: { data: rows[7]!, shape: [1, width] as const } };
  expect((await streamed.predictOne(asked)).isOod).toBe(false);
  const far = { features: { data: new Float32Array(width).fill(50), shape: [1, width] as const } };
  expect((await streamed.predictOne(far)).isOod).toBe(true);
  const blocks = [];
  for await (const block of read()) blocks.push(block);
  const byBlocks = await mahalanobis().fit(blocks, {});
  const whole = { data: Float32Array.from(rows.flatMap((row) => [...row])), shape: [count, width] as const };
  const atOnce = await mahalanobis().fit([{ features: whole, labels }], {});
  const [a, b] = [await byBlocks.score(asked), await atOnce.score(asked)];
  expect(a[0]).toBeCloseTo(b[0]!, 4);
  streamed.dispose();
});
