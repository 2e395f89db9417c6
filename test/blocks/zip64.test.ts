import { readFileSync } from 'node:fs';
import { npzBlocks, type ShardBytes } from 'tfjs-ood/blocks';
import { describe, expect, test } from 'vitest';
import { bytesOf, gathered, ranges } from './block-files';

interface Archives {
  files: Record<string, string>;
  beyond: { size: number; parts: { at: number; bytes: string }[] };
  features: number[];
  labels: number[];
}

const { files, beyond, features, labels } = JSON.parse(
  readFileSync(new URL('../fixtures/zip64.json', import.meta.url), 'utf8'),
) as Archives;

const read = (shard: ShardBytes, blockRows = 3) =>
  gathered(npzBlocks(shard, { columns: { features: 'x', labels: 'y' }, blockRows }));
/** Where the list of entries begins. */
const listOf = (bytes: Uint8Array) => Buffer.from(bytes).indexOf('PK\x01\x02', 0, 'latin1');
const LOCATOR = 22 + 20;

describe.each(Object.entries(files))('an archive with 64-bit numbers: %s', (_, text) => {
  const bytes = bytesOf(text);

  test('is one', () => expect(bytes.subarray(-LOCATOR, 4 - LOCATOR)).toEqual(Uint8Array.of(0x50, 0x4b, 6, 7)));

  test.each([1, 3, 100])('reads as NumPy says, %i rows a block', async (blockRows) => {
    const all = await read(bytes, blockRows);
    expect(all.features).toEqual(features);
    expect(all.labels).toEqual(labels);
  });

  test('each byte of the list and of what is behind it changed: what NumPy says, or an error', async () => {
    let refused = 0;
    for (let at = listOf(bytes); at < bytes.length; at++) {
      for (const byte of [255, bytes[at]! ^ 1]) {
        const damaged = bytes.slice();
        damaged[at] = byte;
        const all = await read(ranges(damaged, 'damaged'), 100).catch((error: Error) => error);
        if (all instanceof Error) {
          expect(all).toMatchObject({ name: expect.stringMatching(/^(Format|Argument)Error$/) as string });
          expect(all.message).toContain('shards (damaged)');
          refused++;
        } else expect([all.features, all.labels]).toEqual([features, labels]);
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  test('cut anywhere it is an error', async () => {
    for (let length = 0; length < bytes.length; length += 7) {
      await expect(read(bytes.slice(0, length))).rejects.toMatchObject({ name: 'FormatError' });
    }
  });

  test('comments of any length stand at its end', async () => {
    for (const length of [1, 5000, 65_515, 65_516, 65_535]) {
      const longer = new Uint8Array(bytes.length + length).fill(80);
      longer.set(bytes);
      new DataView(longer.buffer).setUint16(bytes.length - 2, length, true);
      expect((await read(longer)).features).toEqual(features);
    }
  });
});

test('arrays behind more than 4 GiB of others: these are not read', async () => {
  let count = 0;
  const shard = {
    byteLength: beyond.size,
    slice(start: number, end = beyond.size) {
      count += end - start;
      const bytes = new Uint8Array(end - start);
      for (const part of beyond.parts) {
        const own = bytesOf(part.bytes);
        for (let i = 0; i < own.length; i++) {
          const at = part.at + i - start;
          if (at >= 0 && at < bytes.length) bytes[at] = own[i]!;
        }
      }
      return bytes.buffer;
    },
  };
  expect(beyond.size).toBeGreaterThan(2 ** 32);
  const all = await read(shard);
  expect(all.features).toEqual(features);
  expect(all.labels).toEqual(labels);
  expect(count).toBeLessThan(200_000);
});
