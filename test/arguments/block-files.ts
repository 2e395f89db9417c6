import * as blocks from 'tfjs-ood/blocks';
import { fileSink } from 'tfjs-ood/node';
import { bytesOf, fixture, optionsOf, readerOf } from '../blocks/block-files';
import type { Places } from './wrong-things';

const named = {
  parquetBlocks: 'pyarrow, list',
  arrowBlocks: 'arrow file',
  npzBlocks: 'npz',
  csvBlocks: 'csv, pandas',
  safetensorsBlocks: 'safetensors, float32',
} as const;

/** Bytes of another file are a shard too, of which the format is wrong. */
const readers: Places = Object.fromEntries(
  Object.entries(named).map(([where, name]) => {
    const file = fixture.files[name]!;
    return [
      `${where}.shards`,
      {
        call: async (v: never) => (await readerOf(name)(v, optionsOf(file)).next()).value as unknown,
        right: bytesOf(file.bytes),
        also: /^columns/,
      },
    ];
  }),
);

const written = async (ids: never, verdicts: never) => {
  const writer = blocks.csvWriter(new WritableStream());
  await writer.add(ids, verdicts);
};

/** Readers and writers of blocks. */
export const blockFiles: Places = {
  ...readers,
  'npyBlocks.shards': {
    call: async (v) => (await blocks.npyBlocks(v).next()).value,
    right: { features: bytesOf(fixture.npy.float32!.bytes) },
  },
  'csvWriter.sink': { call: (v) => void blocks.csvWriter(v), right: new WritableStream() },
  'parquetWriter.sink': { call: (v) => void blocks.parquetWriter(v), right: new WritableStream() },
  'csvWriter.add.ids': {
    call: (v) => written(v, Float32Array.of(0, 1, 0, 1) as never),
    right: ['a', 'b', 'c', 'd'],
    same: ['an array of strings', 'a BigInt64Array', 'an Int32Array of labels'],
    also: /verdicts/,
  },
  'csvWriter.add.verdicts': {
    call: (v) => written(['a', 'b', 'c', 'd'] as never, v),
    right: Float32Array.of(0, 1, 0, 1),
    same: ['a Float64Array of scores'],
  },
  'fileSink.path': { call: (v) => void fileSink(v), right: '/tmp/tfjs-ood-none/none/x', other: ['a string'] },
  'httpRanges.url': {
    call: (v) =>
      blocks.httpRanges(v, {
        fetch: () => Promise.resolve(new Response('x', { status: 206, headers: { 'content-range': 'bytes 0-0/1' } })),
      }),
    right: 'http://127.0.0.1/x',
    other: ['a string'],
  },
};
