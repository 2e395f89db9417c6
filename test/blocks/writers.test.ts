import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { csvBlocks, csvWriter, parquetBlocks, parquetWriter, type BlockIds, type VerdictRow } from 'tfjs-ood/blocks';
import { fileRanges, fileSink } from 'tfjs-ood/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { trials } from '../trials';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'blocks-'))));
afterAll(() => rm(folder, { recursive: true }));

function memory() {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const sink = new WritableStream<Uint8Array>({ write: (bytes) => void chunks.push(bytes.slice()) });
  return { sink, chunks, bytes: async () => new Uint8Array(await new Blob(chunks).arrayBuffer()) };
}

const verdicts: VerdictRow[] = [
  { score: 0.1 + 0.2, pValue: 0.5, isOod: false, label: 'cat, or "dog"' },
  { score: -1e-300, pValue: 1 / 3, isOod: true, label: 'line\nend' },
  { score: 5, pValue: 0, isOod: false, label: '' },
];

describe('csvWriter', () => {
  test('writes what RFC 4180 says, every digit of a number', async () => {
    const { sink, bytes } = memory();
    const writer = csvWriter(sink);
    await writer.add(['a', '007', 'c,d'], verdicts);
    await writer.close();
    expect(new TextDecoder().decode(await bytes())).toBe(
      'id,score,pValue,isOod,label\n' +
        'a,0.30000000000000004,0.5,false,"cat, or ""dog"""\n' +
        '007,-1e-300,0.3333333333333333,true,"line\nend"\n' +
        '"c,d",5,0,false,""\n',
    );
  });

  test('what it writes csvBlocks reads back, whatever the ids', async () => {
    const row = fc.record({
      id: fc.string({ unit: 'binary' }),
      score: fc.float({ noNaN: true, noDefaultInfinity: true }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(',', ';', '\t'),
        async (rows, at, delimiter) => {
          const { sink, bytes } = memory();
          const writer = csvWriter(sink, { delimiter });
          for (let i = 0; i < rows.length; i += at) {
            const part = rows.slice(i, i + at);
            await writer.add(
              part.map(({ id }) => id),
              Float32Array.from(part, ({ score }) => score),
            );
          }
          await writer.close();
          const ids: string[] = [];
          const scores: number[] = [];
          const read = csvBlocks(await bytes(), {
            columns: { features: 'score', ids: 'id' },
            blockRows: at,
            delimiter,
          });
          for await (const block of read) {
            ids.push(...(block.ids as string[]));
            scores.push(...block.features.data);
          }
          expect(ids).toEqual(rows.map(({ id }) => id));
          expect(scores).toEqual(
            Array.from(
              Float32Array.from(rows, ({ score }) => score),
              (score) => score + 0,
            ),
          );
        },
      ),
      { numRuns: trials(60) },
    );
  });
});

describe('parquetWriter', () => {
  test.each<[string, BlockIds, unknown[]]>([
    ['text', ['a', '007', 'é'], ['a', '007', 'é']],
    ['int32', Int32Array.of(-1, 0, 7), [-1, 0, 7]],
    ['int64', BigInt64Array.of(-(2n ** 60n), 0n, 7n), [-(2n ** 60n), 0n, 7n]],
    ['uint64', BigUint64Array.of(2n ** 63n, 0n, 7n), [2n ** 63n, 0n, 7n]],
  ])('with ids of %s is read by hyparquet', async (_, ids, expected) => {
    const { sink, bytes } = memory();
    const writer = parquetWriter(sink);
    await writer.add(ids, verdicts);
    await writer.close();
    const read = await parquetReadObjects({ file: (await bytes()).buffer });
    expect(read).toEqual(verdicts.map((verdict, i) => ({ id: expected[i], ...verdict })));
  });

  test('any parts, any groups: read back equal, group by group', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 70 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 30 }),
        async (count, at, groupRows) => {
          const { sink, bytes, chunks } = memory();
          const writer = parquetWriter(sink, { groupRows });
          const scores = Float32Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i)));
          const ids = BigInt64Array.from({ length: count }, (_, i) => BigInt(i) - 5n);
          for (let i = 0; i < count; i += at) await writer.add(ids.slice(i, i + at), scores.slice(i, i + at));
          const before = chunks.length;
          await writer.close();
          if (count >= groupRows) expect(before).toBeGreaterThan(0); // it does not wait for the end
          const all = { ids: [] as bigint[], scores: [] as number[] };
          const read = parquetBlocks(await bytes(), { columns: { features: 'score', ids: 'id' }, blockRows: 7 });
          for await (const block of read) {
            all.ids.push(...(block.ids as BigInt64Array));
            all.scores.push(...block.features.data);
          }
          expect(all).toEqual({ ids: [...ids], scores: [...scores] });
        },
      ),
      { numRuns: trials(40) },
    );
  });
});

describe.each([
  ['csvWriter', csvWriter],
  ['parquetWriter', parquetWriter],
])('%s', (where, make) => {
  test('names what is wrong, and goes on', async () => {
    const { sink } = memory();
    const writer = make(sink);
    await expect(writer.add(['a'], Float32Array.of(1, 2))).rejects.toMatchObject({
      name: 'ShapeError',
      details: { where: `${where}.add`, what: 'verdicts' },
    });
    await expect(writer.add([1] as never, Float32Array.of(1))).rejects.toMatchObject({ details: { what: 'ids' } });
    await expect(writer.add(['a'], [{}] as never)).rejects.toMatchObject({ details: { what: 'verdicts' } });
    await expect(writer.add(['a', 'b'], [{ score: 1, isOod: true }, { score: 1 }])).rejects.toThrow(
      /of which all have isOod/,
    );
    await expect(writer.add(['a'], [{ score: 1, label: ['x'] }])).rejects.toThrow(/labels that all are names/);
    await writer.add(['a'], Float32Array.of(1));
    await expect(writer.add(['b'], [{ score: 1, isOod: true }])).rejects.toThrow(
      /rows of id id Array, score double, as in the first call/,
    );
    await expect(writer.add(Int32Array.of(1), Float32Array.of(1))).rejects.toThrow(/as in the first call/);
    await writer.close();
    await expect(writer.add(['a'], Float32Array.of(1))).rejects.toThrow(/writer must be open, got one that was closed/);
    await expect(writer.close()).rejects.toThrow(/closed/);
    expect(() => make({} as never)).toThrow(/sink must be a WritableStream of bytes/);
  });

  test('a file is there when it is whole; given up, the old one stays', async () => {
    const path = join(folder, `${where}.out`);
    await writeFile(path, 'old');
    const given = make(fileSink(path));
    await given.add(['a'], Float32Array.of(1));
    await given.abort();
    await given.abort();
    expect(await readFile(path, 'utf8')).toBe('old');
    const writer = make(fileSink(path));
    // Nobody waits: they are done one after the other
    const all = Array.from({ length: 20 }, (_, i) => writer.add([`row ${i}`], Float32Array.of(i)));
    expect(await readFile(path, 'utf8')).toBe('old');
    await writer.close();
    await Promise.all(all);
    await using file = await fileRanges(path);
    const read = where === 'csvWriter' ? csvBlocks : parquetBlocks;
    const ids: unknown[] = [];
    for await (const block of read(file, { columns: { ids: 'id' } })) ids.push(...block.ids);
    expect(ids).toEqual(Array.from({ length: 20 }, (_, i) => `row ${i}`));
    expect((await readdir(folder)).filter((name) => name.includes('.part'))).toEqual([]);
  });

  test('a folder that is not there is a StorageError', async () => {
    const writer = make(fileSink(join(folder, 'none', 'file')));
    await expect(writer.add(['a'], Float32Array.of(1)).then(() => writer.close())).rejects.toMatchObject({
      name: 'StorageError',
      code: 'ENOENT',
    });
  });
});
