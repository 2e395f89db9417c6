import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { parquetBlocks } from 'tfjs-ood/blocks';
import { expect, test } from 'vitest';
import { trials } from '../trials';
import { gathered, ranges } from './block-files';
import { v1Lists, type ListRow } from './v1-pages';

// No writer at hand ends a page within a row any more (pyarrow 25, DuckDB 1.5, polars 1.44, hyparquet-writer): pyarrow
// of some years ago does, and Impala. What these files hold pyarrow 25, DuckDB and polars read alike.

const rowsOf = (count: number, width: number): number[][] =>
  Array.from({ length: count }, (_, i) => Array.from({ length: width }, (_, j) => Math.fround(i + j / 8)));
const read = (bytes: Uint8Array<ArrayBuffer>, blockRows: number) =>
  gathered(parquetBlocks(bytes, { columns: { features: 'x' }, blockRows }));

test('pages of version 1 that end anywhere: the rows as they were written', async () => {
  const shape = fc.record({
    count: fc.integer({ min: 1, max: 30 }),
    width: fc.integer({ min: 1, max: 9 }),
    blockRows: fc.integer({ min: 1, max: 31 }),
    groupRows: fc.integer({ min: 1, max: 31 }),
    pages: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
    codec: fc.constantFrom('SNAPPY' as const, 'UNCOMPRESSED' as const),
    withDictionary: fc.constantFrom(true, false, 'mixed' as const),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ count, width, blockRows, ...how }) => {
      const rows = rowsOf(count, width);
      const file = v1Lists(rows, how);
      const all = await read(file, blockRows);
      expect(all.features).toEqual(rows.flat());
      expect([...all.widths]).toEqual([width]);
      expect(all.rows).toEqual(
        Array.from({ length: Math.ceil(count / blockRows) }, (_, i) => Math.min(blockRows, count - i * blockRows)),
      );
      // The file is what it is meant to be
      const other = (await parquetReadObjects({ file: file.buffer })) as { x: number[] }[];
      expect(other.map(({ x }) => x)).toEqual(rows);
    }),
    { numRuns: trials(150) },
  );
});

/** Rows of three numbers, of which one is another. */
const withRow = (at: number, row: ListRow): ListRow[] => rowsOf(6, 3).map((own, i) => (i === at ? row : own));

test.each([1, 2, 3, 4, 5, 7, 100])('what is wrong with a row is named where pages have %i values', async (size) => {
  for (const blockRows of [1, 2, 100]) {
    for (const groupRows of [2, 6]) {
      const said = (rows: ListRow[]) => read(v1Lists(rows, { pages: [size], groupRows }), blockRows);
      for (let at = 1; at < 6; at++) {
        await expect(said(withRow(at, [1, 2]))).rejects.toThrow(
          `lists of one length in x, 3 as before, got one of 2 at row ${at}`,
        );
        await expect(said(withRow(at, [1, 2, 3, 4]))).rejects.toThrow(
          `lists of one length in x, 3 as before, got one of more than 3 at row ${at}`,
        );
        for (let i = 0; i < 3; i++) {
          const row = [1, 2, 3].map((value, j) => (i === j ? null : value));
          await expect(said(withRow(at, row))).rejects.toThrow(`a null, or an empty list, at row ${at}`);
        }
      }
      await expect(said(withRow(0, [1, null, 3]))).rejects.toThrow('a null, or an empty list, at row 0');
    }
  }
});

test('a column chunk of fewer or more rows than its group says', async () => {
  const wrong = v1Lists(rowsOf(4, 3), { pages: [5], saidRows: 5 });
  await expect(read(wrong, 9)).rejects.toThrow('a file with 5 rows of x up to there, got 4');
  const fewer = v1Lists(rowsOf(4, 3), { pages: [5], saidRows: 3 });
  await expect(read(fewer, 9)).rejects.toThrow('a file with 3 rows of x up to there, got 4');
});

test('a dictionary is read once, and again only where a writer had given it up', async () => {
  const bytesAsked = async (withDictionary: true | 'mixed') => {
    const file = ranges(v1Lists(rowsOf(30, 3), { pages: [9], withDictionary }), 'x');
    const all = await gathered(parquetBlocks(file, { columns: { features: 'x' }, blockRows: 4 }));
    expect(all.features).toEqual(rowsOf(30, 3).flat());
    return file.asked.reduce((sum, [start, end]) => sum + end - start, 0) - file.byteLength;
  };
  expect(await bytesAsked(true)).toBeLessThanOrEqual(8); // the end, to know where the footer begins
  expect(await bytesAsked('mixed')).toBeGreaterThan(4 * 90 * 4);
});
