import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byteWindow } from '../../src/blocks/bytes/byte-window';
import { Room } from '../../src/blocks/bytes/room';
import { shardOf } from '../../src/blocks/bytes/shard';
import { ListLengths } from '../../src/blocks/parquet/levels';
import { RunCursor } from '../../src/blocks/parquet/run-cursor';
import { ranges } from './block-files';

test('a window gives the bytes of the shard, whatever its size and whatever is asked', async () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => (i * 37) & 255);
  const step = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), fc.boolean());
  const steps = fc.array(step, { maxLength: 12 });
  const sources = {
    bytes,
    ranges: ranges(bytes, 'ranges'),
    readInto: { ...ranges(bytes, 'into'), readInto: (into: Uint8Array, from: number) => filled(into, from) },
  };
  const filled = (into: Uint8Array, from: number) => {
    into.set(bytes.subarray(from, from + into.length));
    return Promise.resolve(into.length);
  };
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 0, max: 90 }),
      steps,
      fc.constantFrom(...Object.values(sources)),
      async (size, start, all, source) => {
        const [room, beside] = [new Room(), new Room()];
        room.atLeast(70).fill(255); // what another part left there
        const window = byteWindow(shardOf('test', 'shard', source), start, 190, size, room);
        let at = start;
        for (const [ask, skip, isTaken] of all) {
          if (ask > 190 - at) {
            await expect(window.peek(ask)).rejects.toMatchObject({ name: 'FormatError' });
            await expect(window.take(ask, beside)).rejects.toMatchObject({ name: 'FormatError' });
            return;
          }
          if (isTaken) {
            const taken = await window.take(ask, beside);
            expect([...taken]).toEqual([...bytes.subarray(at, (at += ask))]);
            if (ask > size) expect(room.size).toBeLessThanOrEqual(Math.max(70, size));
            continue;
          }
          const got = await window.peek(ask);
          expect([...got.subarray(0, ask)]).toEqual([...bytes.subarray(at, at + ask)]);
          const gone = Math.min(skip, ask);
          window.skip(gone);
          at += gone;
          expect([window.at, window.left]).toEqual([at, 190 - at]);
        }
      },
    ),
  );
});

/** Numbers as bits, lowest first, in groups of eight. */
function packed(values: number[], width: number): number[] {
  const bits = values.flatMap((value) => Array.from({ length: width }, (_, i) => Math.floor(value / 2 ** i) % 2));
  const groups = Math.ceil(values.length / 8);
  const bytes = Array.from({ length: groups * width }, (_, at) =>
    Array.from({ length: 8 }, (_, i) => (bits[8 * at + i] ?? 0) * 2 ** i).reduce((a, b) => a + b, 0),
  );
  return [2 * groups + 1, ...bytes];
}

test('runs of packed bits and of one value, of every width', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 31 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
      fc.nat(),
      (width, given, one) => {
        const values = given.map((value) => value % 2 ** width);
        while (values.length % 8) values.push(0);
        const same = one % 2 ** width;
        const run = Array.from({ length: (width + 7) >> 3 }, (_, i) => Math.floor(same / 256 ** i) % 256);
        const cursor = new RunCursor(Uint8Array.from([...packed(values, width), 2 * 5, ...run]), width);
        const out = new Int32Array(values.length + 5);
        cursor.fill(out, out.length);
        expect([...out]).toEqual([...values, same, same, same, same, same]);
        expect(() => cursor.fill(out, 1)).toThrow('runs that end early');
      },
    ),
  );
});

test('lists of one length that go on over pages, in groups of bits or in runs', () => {
  const levels = (values: number[]) => ({ bytes: Uint8Array.from(packed(values, 1)), most: 1 });
  const all = new ListLengths();
  all.add(levels([0, 1, 1, 0]), 4);
  expect([all.width, all.rows, all.open]).toEqual([3, 1, 1]);
  all.add(levels([1, 1]), 2);
  all.finish();
  expect([all.rows, all.open]).toEqual([2, 0]);
  const ones = new ListLengths();
  ones.add({ bytes: Uint8Array.of(2 * 7, 0), most: 1 }, 7);
  expect([ones.rows, ones.open]).toEqual([6, 1]);
  ones.add({ bytes: Uint8Array.of(2 * 3, 0), most: 1 }, 3);
  ones.finish();
  expect([ones.width, ones.rows]).toEqual([1, 10]);
  expect(() => ones.add(levels([1]), 1)).toThrow('before it begins');
});
