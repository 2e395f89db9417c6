import { readFileSync } from 'node:fs';
import { arrowBlocks, type BlockColumns } from 'tfjs-ood/blocks';
import { expect, test } from 'vitest';
import { bytesOf, fixture, gathered, ranges } from './block-files';

const { files, refusedArrow } = fixture;
const read = (bytes: Uint8Array<ArrayBuffer>, columns: BlockColumns = { features: 'embedding', ids: 'id' }) =>
  gathered(arrowBlocks(ranges(bytes, 'train.arrow'), { columns, blockRows: 4 }));

test.each([
  ['lz4', /must be a file of Arrow IPC which is not compressed \(write it with compression="uncompressed", or None\)/],
  ['zstd', /which is not compressed .*, got a compressed one$/],
  ['views', /text or whole numbers in id \(no views of it: in polars write_ipc\(.*oldest.*\)\), got utf8_view$/],
  ['a null', /without nulls in id, got a null at row 2$/],
  ['a null in a dictionary', /without nulls in the dictionary of id, got a null at row 2$/],
])('%s is refused, with what to write instead', async (name, message) => {
  const columns = name.startsWith('a null') ? { ids: 'id' } : undefined;
  await expect(read(bytesOf(refusedArrow[name]!), columns)).rejects.toThrow(message);
});

test('the row of a null counts those of the batches before', async () => {
  const bytes = bytesOf(refusedArrow['nulls in later batches']!);
  await expect(read(bytes, { features: 'x' })).rejects.toThrow('without nulls in x, got a null at row 3');
  await expect(read(bytes, { ids: 'id' })).rejects.toThrow('without nulls in id, got a null at row 4');
});

test('numbers of rows that have a dictionary are not features', async () => {
  const { bytes } = files['arrow file, dictionaries']!;
  await expect(read(bytesOf(bytes), { features: 'label' })).rejects.toThrow(
    /numbers, lists of them or packed float32 in label, got dictionary of int/,
  );
});

/** The place of bytes in others. */
const placeOf = (bytes: Uint8Array, some: Uint8Array | string) => Buffer.from(bytes).indexOf(some);

test('a number that no value of the dictionary has', async () => {
  const bytes = bytesOf(files['arrow file, dictionaries']!.bytes);
  const indices = placeOf(bytes, Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  for (const wrong of [11, 127, 255]) {
    const damaged = bytes.slice();
    damaged[indices + 2] = wrong;
    await expect(read(damaged, { ids: 'id' })).rejects.toThrow(
      `a file with whole values in id, got a value ${wrong > 127 ? wrong - 256 : wrong} of a dictionary of 11`,
    );
  }
});

test('a stream without its dictionary', async () => {
  const bytes = bytesOf(files['arrow stream, dictionaries by int64']!.bytes);
  const view = new DataView(bytes.buffer);
  const messages: { start: number; end: number }[] = [];
  for (let at = 0; view.getUint32(at + 4, true) > 0;) {
    const length = view.getUint32(at + 4, true);
    const table = at + 8 + view.getUint32(at + 8, true);
    const vtable = table - view.getInt32(table, true);
    const body = view.getUint16(vtable, true) > 10 ? view.getUint16(vtable + 10, true) : 0;
    const end = at + 8 + length + (body ? Number(view.getBigInt64(table + body, true)) : 0);
    messages.push({ start: at, end });
    at = end;
  }
  const kept = messages.filter((_, i) => i !== 1 && i !== 2).map(({ start, end }) => bytes.subarray(start, end));
  await expect(read(new Uint8Array(Buffer.concat(kept)), { ids: 'id' })).rejects.toThrow(
    'a file with the dictionary of id before its rows, got none',
  );
});

test('the snippets of the docs are those that wrote the fixtures', () => {
  const page = readFileSync(new URL('../../docs/blocks.md', import.meta.url), 'utf8');
  const snippets = [...page.matchAll(/```python\n([^]*?)```/g)].map(([, code]) => code);
  expect(snippets.filter((code) => !code!.includes('pyspark'))).toEqual(fixture.snippets);
});
