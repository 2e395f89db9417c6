import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npyBlocks, parquetBlocks } from 'tfjs-ood/blocks';
import { fileRanges } from 'tfjs-ood/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesOf, fixture, gathered, optionsOf, ranges } from './block-files';

const file = fixture.files['pyarrow, columns side by side']!;
const bytes = bytesOf(file.bytes);
const read = (shard: never) => gathered(parquetBlocks(shard, optionsOf(file, { blockRows: 4 })));

describe('readInto', () => {
  test('is asked where there is one, and the same blocks come', async () => {
    const asked: [number, number][] = [];
    const source = {
      ...ranges(bytes, 'x'),
      readInto(into: Uint8Array, start: number) {
        asked.push([start, into.length]);
        into.set(bytes.subarray(start, start + into.length));
        return Promise.resolve(into.length);
      },
    };
    expect((await read(source as never)).features).toEqual(file.features);
    expect(asked.length).toBeGreaterThan(3);
    // slice had the footer alone
    expect(source.asked.every(([start]) => start > Math.max(...asked.map(([first]) => first)))).toBe(true);
  });

  test.each([
    ['fewer bytes', (into: Uint8Array) => Promise.resolve(into.length - 1), /, got \d+ \(is it being written\?\)/],
    ['no number', () => Promise.resolve(undefined), /, got undefined/],
    ['an error of its own', () => Promise.reject(new Error('the net is down')), /^the net is down$/],
  ])('%s', async (_, readInto, message) => {
    await expect(read({ ...ranges(bytes, 'x'), readInto } as never)).rejects.toThrow(message);
  });
});

describe('a file', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'ranges-'))));
  afterAll(() => rm(folder, { recursive: true }));

  test('fills what it is given, from any byte', async () => {
    const path = join(folder, 'whole');
    await writeFile(path, bytes);
    await using shard = await fileRanges(path);
    for (const [start, count] of [
      [0, 1],
      [7, 100],
      [bytes.length - 3, 3],
      [5, 0],
    ] as const) {
      const into = new Uint8Array(count);
      expect(await shard.readInto(into, start)).toBe(count);
      expect(into).toEqual(bytes.slice(start, start + count));
      expect(new Uint8Array(await shard.slice(start, start + count))).toEqual(into);
    }
    await shard.close();
    await expect(shard.readInto(new Uint8Array(1), 0)).rejects.toThrow('must be open, got a file that was closed');
  });

  test('that is cut while it is read is an error that says so', async () => {
    const path = join(folder, 'cut.npy');
    const npy = bytesOf(fixture.npy.float32!.bytes);
    await writeFile(path, npy);
    await using shard = await fileRanges(path);
    await truncate(path, npy.length - 10);
    await expect(gathered(npyBlocks({ features: shard }))).rejects.toThrow(
      `must be a file of ${npy.length} bytes, got one that was cut at byte ${npy.length - 10}`,
    );
  });
});
