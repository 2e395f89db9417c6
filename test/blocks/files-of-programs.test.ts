import { npyBlocks } from 'tfjs-ood/blocks';
import { describe, expect, test } from 'vitest';
import { bytesOf, fixture, gathered, optionsOf, ranges, readerOf } from './block-files';

const { files, npy, refusedNpy, labels } = fixture;

describe.each(Object.entries(files))('%s', (name, file) => {
  test.each([undefined, 1, 2, 5, 100])('reads as its program says, %s rows a block', async (blockRows) => {
    const read = readerOf(name);
    const all = await gathered(read(bytesOf(file.bytes), optionsOf(file, blockRows ? { blockRows } : {})));
    expect(all.features).toEqual(file.features);
    expect([...all.widths]).toEqual([file.width]);
    expect(all.labels).toEqual(file.labels);
    expect(all.ids).toEqual(file.ids ?? []);
    const count = file.labels.length;
    const most = Math.min(blockRows ?? count, count);
    expect(all.rows.slice(0, -1).every((rows) => rows === most)).toBe(true);
    expect(all.places).toEqual(Array.from({ length: Math.ceil(count / most) }, (_, i) => `0:${i * most}`));
  });

  test('three shards are one stream, of Blobs, ranges and buffers alike', async () => {
    const bytes = bytesOf(file.bytes);
    const shards = [new Blob([bytes]), ranges(bytes, 'a'), bytes.buffer];
    const all = await gathered(readerOf(name)(shards, optionsOf(file, { blockRows: 8 })));
    expect(all.features).toEqual([...file.features, ...file.features, ...file.features]);
    expect(all.places).toEqual(['0:0', '0:8', '1:0', '1:8', '2:0', '2:8']);
  });

  test('wherever it is cut short, that is an error which names the shard', async () => {
    const bytes = bytesOf(file.bytes);
    const whole = await gathered(readerOf(name)(bytes, optionsOf(file)));
    const step = Math.max(1, Math.floor(bytes.length / 60));
    for (let length = 0; length < bytes.length; length += step) {
      const cut = ranges(bytes.slice(0, length), 'cut');
      const read = await gathered(readerOf(name)(cut, optionsOf(file))).catch((error: Error) => error);
      if (!(read instanceof Error)) {
        // Nobody can see it of a CSV file that ends after a number, or in the zeros that fill the end of a stream
        expect(name, `${length} of ${bytes.length}`).toMatch(/^csv|^arrow stream/);
        const sure = name.startsWith('csv') ? Math.max(0, read.features.length - file.width) : whole.features.length;
        expect(read.features.slice(0, sure)).toEqual(whole.features.slice(0, sure));
        continue;
      }
      expect(read).toMatchObject({ name: expect.stringMatching(/^(FormatError|ArgumentError)$/) as string });
      expect(read.message).toContain('shards (cut)');
    }
  });
});

describe.each(Object.entries(npy))('npy of %s', (_, { bytes, numbers }) => {
  test('reads as NumPy says', async () => {
    const file = bytesOf(bytes);
    const label = bytesOf(npy['big-endian int64']!.bytes);
    const all = await gathered(npyBlocks({ features: file }, { blockRows: 4 }));
    expect(all.features).toEqual(numbers);
    expect(all.rows).toEqual([4, 4, 3]);
    const two = await gathered(
      npyBlocks([
        { features: file, logits: label },
        { features: file, logits: label },
      ]),
    );
    expect(two.features).toEqual([...numbers, ...numbers]);
    expect(two.logits).toEqual([...npy['big-endian int64']!.numbers, ...npy['big-endian int64']!.numbers]);
  });
});

test.each([
  ['Fortran order', /its rows one after the other in features \(np.ascontiguousarray makes one\), got Fortran order/],
  ['objects', /an array of objects \(a pickle is never run/],
  ['complex', /elements '<c8'/],
  ['three sides', /\[N, D\] in features, got \[11, 3, 1\]/],
])('npy: %s is refused', async (name, message) => {
  await expect(gathered(npyBlocks({ features: bytesOf(refusedNpy[name]!) }))).rejects.toThrow(message);
});

test('the fixture has labels of all classes, so that mixed-up ones show', () => {
  expect(new Set(labels).size).toBeGreaterThan(2);
});
