import { npyBlocks, type ShardBytes } from 'tfjs-ood/blocks';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bytesOf, fixture, gathered, ranges, readerOf } from './block-files';

const { files, npy } = fixture;
const own = {
  parquetBlocks: bytesOf(files['pyarrow, list']!.bytes),
  arrowBlocks: bytesOf(files['arrow file']!.bytes),
  npyBlocks: bytesOf(npy.float32!.bytes),
  npzBlocks: bytesOf(files.npz!.bytes),
  safetensorsBlocks: bytesOf(files['safetensors, float32']!.bytes),
  csvBlocks: bytesOf(files['csv, pandas']!.bytes),
};
const text = (written: string) => new TextEncoder().encode(written);
const others: Record<string, [bytes: Uint8Array<ArrayBuffer>, said: string]> = {
  parquet: [own.parquetBlocks, 'a Parquet file (parquetBlocks)'],
  arrow: [own.arrowBlocks, 'an Arrow file (arrowBlocks)'],
  npy: [own.npyBlocks, 'a .npy file (npyBlocks)'],
  npz: [own.npzBlocks, 'a zip file (of arrays: npzBlocks)'],
  csv: [own.csvBlocks, 'text (if it is CSV: csvBlocks)'],
  feather: [text(`FEA1${'\0'.repeat(60)}FEA1`), 'a file of Feather 1 (write it with version=2)'],
  gzip: [new Uint8Array(gzipSync(own.csvBlocks)), 'a file that gzip packed (unpack it)'],
  lfs: [
    text(
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n',
    ),
    'what stands for a file in Git LFS (git lfs pull)',
  ],
  html: [text('<!doctype html><title>Sign in</title>'), 'a page of HTML or XML'],
  storage: [text('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), 'a page of HTML or XML'],
};
const read = (where: string, shard: ShardBytes) =>
  where === 'npyBlocks'
    ? gathered(npyBlocks({ features: shard }))
    : gathered(readerOf(where.replace('Blocks', ''))(shard, { columns: { features: 'x' } } as never));

describe.each(Object.keys(own))('%s', (where) => {
  test.each(Object.entries(others))('says what %s is', async (name, [bytes, said]) => {
    if (said.includes(where)) return;
    // Text is CSV for all that can be seen: its header lacks the column
    const expected =
      where === 'csvBlocks' && /lfs|html|storage|feather/.test(name) ? /it has |at the header/ : `, got ${said}`;
    await expect(read(where, ranges(bytes, name))).rejects.toThrow(expected);
  });

  test('says of its own, cut short, what it did', async () => {
    const bytes = own[where as keyof typeof own];
    const cut = await read(where, ranges(bytes.slice(0, 100), 'cut')).catch((error: Error) => error);
    expect(cut instanceof Error ? cut.message : '').not.toContain(`(${where})`);
  });
});
