import fc from 'fast-check';
import { snappyUncompress } from 'hyparquet/src/snappy.js';
import { describe, expect, test } from 'vitest';
import type { Hyparquet } from '../../src/blocks/parquet/hyparquet';
import { numberValues } from '../../src/blocks/parquet/number-values';
import { snappyInto } from '../../src/blocks/parquet/snappy';
import { numberCopier } from '../../src/blocks/stream/number-copier';
import { numberFormat, type NumberFormatName } from '../../src/blocks/stream/number-formats';
import type { NumberColumn } from '../../src/blocks/stream/shard-columns';
import { sideBySide } from '../../src/blocks/stream/side-by-side';

const FORMATS: readonly NumberFormatName[] = [
  'float16',
  'bfloat16',
  'float32',
  'float64',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
];

/** What a number of a view becomes as float32, through DataView alone. */
function naive(name: NumberFormatName, view: DataView, at: number, isLittle: boolean): number {
  if (name === 'int64') return Math.fround(Number(view.getBigInt64(at, isLittle)));
  if (name === 'uint64') return Math.fround(Number(view.getBigUint64(at, isLittle)));
  return Math.fround(numberFormat(name, isLittle).read(view, at));
}

test.each(FORMATS)('%s: any bits, from any byte, to rows with others between them', (name) => {
  const { bytes: size } = numberFormat(name);
  const shape = fc.record({
    rows: fc.integer({ min: 1, max: 40 }),
    width: fc.integer({ min: 1, max: 12 }),
    gap: fc.integer({ min: 0, max: 3 }),
    from: fc.integer({ min: 0, max: 9 }),
    isLittle: fc.boolean(),
  });
  fc.assert(
    fc.property(shape, fc.infiniteStream(fc.nat(255)), ({ rows, width, gap, from, isLittle }, byte) => {
      const bytes = Uint8Array.from({ length: from + rows * width * size + 3 }, () => byte.next().value as number);
      const stride = width + gap;
      const out = new Float32Array(2 + rows * stride).fill(7);
      const wanted = out.slice();
      const view = new DataView(bytes.buffer);
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < width; i++)
          wanted[2 + row * stride + i] = naive(name, view, from + (row * width + i) * size, isLittle);
      }
      numberCopier(name, isLittle)(bytes, from, { out, at: 2, stride, width, rows });
      expect(out).toEqual(wanted);
    }),
  );
});

test('whole numbers of 64 bits are rounded as a BigInt is, and long runs come in parts', () => {
  const values = BigInt64Array.from({ length: 5000 }, (_, i) => (BigInt(i) - 2500n) * 3689348814741911n + 1n);
  const out = new Float32Array(values.length);
  numberCopier('int64')(new Uint8Array(values.buffer), 0, { out, at: 0, stride: 5000, width: 5000, rows: 1 });
  expect(out).toEqual(Float32Array.from(values, Number));
});

test('columns of any widths side by side, in any parts', () => {
  const widths = fc.array(fc.constantFrom(1, 1, 1, 1, 1, 1, 2, 5), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(widths, fc.array(fc.integer({ min: 1, max: 2100 }), { maxLength: 3 }), (all, parts) => {
      let place = 0;
      const columns = all.map((width): NumberColumn => {
        const first = (place += width) - width;
        let row = 0;
        return {
          width,
          ready: () => Promise.resolve(10_000),
          copyTo(out, at, stride, rows) {
            for (let r = 0; r < rows; r++, row++)
              for (let i = 0; i < width; i++) out[at + r * stride + i] = 100 * row + first + i;
          },
        };
      });
      const both = sideBySide(columns);
      expect(both.width).toBe(place);
      let row = 0;
      for (const rows of parts) {
        const stride = place + 1;
        const out = new Float32Array(rows * stride + 1).fill(-1);
        both.copyTo(out, 1, stride, rows);
        const wanted = Float32Array.from(out, (_, at) => {
          const [r, i] = [Math.floor((at - 1) / stride), (at - 1) % stride];
          return at === 0 || i === place ? -1 : 100 * (row + r) + i;
        });
        expect(out).toEqual(wanted);
        row += rows;
      }
    }),
    { numRuns: 40, examples: [[Array.from({ length: 19 }, () => 1), [1500, 7]]] },
  );
});

test.each([1, 3])('numbers of a dictionary with %i in each value, and numbers that it has not', (each) => {
  const numbers = Float32Array.from({ length: 2 * each }, (_, i) => i + 0.5);
  const kind = { format: 'float32' as const, size: 4 * each, isPacked: each > 1 };
  const valuesOf = (count: number, bytes: readonly number[]) =>
    numberValues(
      { count, encoding: 'RLE_DICTIONARY', bytes: Uint8Array.from(bytes) },
      kind,
      'FLOAT',
      { numbers, each, values: 2 },
      {} as Hyparquet,
    );
  // Runs of 6000 of the first value and of as many of the second
  const read = valuesOf(12_000, [1, 0xe0, 0x5d, 0, 0xe0, 0x5d, 1]);
  expect(read.count).toBe(12_000 * each);
  const [stride, rows] = [each + 1, 12_000];
  const out = new Float32Array(rows * stride);
  read.copy({ out, at: 0, stride, width: each, rows: 100 });
  read.copy({ out, at: 100 * stride, stride: each, width: each, rows: 5000 });
  read.copy({ out, at: 6000 * stride, stride, width: each, rows: 6000 });
  const row = (at: number) => [...out.subarray(at, at + each)];
  const [first, second] = [[...numbers.subarray(0, each)], [...numbers.subarray(each)]];
  for (const at of [0, 99 * stride, 100 * stride, 100 * stride + 4999 * each, 6000 * stride, 6899 * stride])
    expect(row(at)).toEqual(first);
  for (const at of [6900 * stride, 11_999 * stride]) expect(row(at)).toEqual(second);
  const into = { out, at: 0, stride: each, width: each, rows: 3 };
  expect(() => valuesOf(3, [2, 6, 2]).copy(into)).toThrow('a value 2 of a dictionary of 2');
  expect(() => valuesOf(3, [32, 6, 255, 255, 255, 255]).copy(into)).toThrow('a value 4294967295 of a dictionary of 2');
});

describe('Snappy', () => {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
  const little = (value: number, size: number) =>
    Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);

  /** A stream of elements, each with its length said in any of the ways that there are, and what it stands for. */
  const stream = fc
    .array(
      fc.record({
        isLiteral: fc.boolean(),
        count: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 250, max: 300 })),
        back: fc.nat(),
        way: fc.nat(3),
        seed: fc.nat(255),
      }),
      { maxLength: 20 },
    )
    .map((elements) => {
      const whole: number[] = [];
      const body: number[] = [];
      for (const { isLiteral, count, back, way, seed } of elements) {
        if (isLiteral || whole.length === 0) {
          const bytes = Array.from({ length: count }, (_, i) => (seed + i * i) % 256);
          const size = Math.max(way, count > 256 ? 2 : count > 60 ? 1 : 0);
          body.push(size === 0 ? (count - 1) << 2 : (59 + size) << 2, ...little(count - 1, size), ...bytes);
          whole.push(...bytes);
          continue;
        }
        const offset = 1 + (back % whole.length);
        const length = 1 + (count % 64);
        if (way === 1 && offset < 2048 && length >= 4 && length <= 11)
          body.push(1 | ((length - 4) << 2) | ((offset >> 8) << 5), offset & 255);
        else if (way < 2) body.push(2 | ((length - 1) << 2), ...little(offset, 2));
        else body.push(3 | ((length - 1) << 2), ...little(offset, 4));
        for (let i = 0; i < length; i++) whole.push(whole[whole.length - offset]!);
      }
      return { whole, packed: [...varint(whole.length), ...body] };
    });

  test('any elements become what they stand for', () => {
    fc.assert(
      fc.property(stream, ({ whole, packed }) => {
        const out = new Uint8Array(whole.length).fill(9);
        snappyInto(Uint8Array.from(packed), out);
        expect([...out]).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  test("damaged ones are errors, or what hyparquet's reader makes of them too", () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(), isCut: fc.boolean() });
    fc.assert(
      fc.property(stream, change, ({ whole, packed }, { at, byte, cut, isCut }) => {
        const damaged = Uint8Array.from(packed);
        damaged[at % damaged.length] = byte;
        const given = isCut ? damaged.subarray(0, cut % (damaged.length + 1)) : damaged;
        const room = new Uint8Array(whole.length + 100).fill(9);
        const out = room.subarray(50, 50 + whole.length);
        let error: unknown;
        try {
          snappyInto(given, out);
        } catch (reason) {
          error = reason;
        }
        expect([...room.subarray(0, 50), ...room.subarray(50 + whole.length)].every((one) => one === 9)).toBe(true);
        if (error !== undefined) {
          expect((error as Error).message).toMatch(/^compressed bytes /);
          return;
        }
        const other = new Uint8Array(whole.length);
        try {
          snappyUncompress(given, other);
        } catch (reason) {
          // It wants bytes after a short literal whose length is said the long way
          expect((reason as Error).message).toContain('snappy error literal pos + 3');
          return;
        }
        expect([...out]).toEqual([...other]);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['nothing', [], 4, /that end early/],
    ['another length', [5, 0, 1], 4, /of 5, where the page says 4/],
    ['a length without an end', [255, 255, 255, 255, 255, 1], 4, /that end early/],
    ['a literal beyond the end', [4, 12, 1, 2], 4, /that end early/],
    ['more than it says', [2, 12, 1, 2, 3, 4], 2, /that end early/],
    ['a copy of more than it says', [2, 0, 1, 1, 1], 2, /that end early/],
    ['less than it says', [4, 4, 1, 2], 4, /that end early/],
    ['a copy from before the beginning', [5, 0, 1, 1, 2], 5, /that go back 2 of 1/],
    ['a copy from itself', [5, 0, 1, 1, 0], 5, /that go back 0 of 1/],
    ['a copy from 2^31 and more', [5, 0, 1, 15, 1, 0, 0, 255], 5, /that go back 4278190081 of 1/],
  ])('%s', (_, packed, size, message) => {
    expect(() => snappyInto(Uint8Array.from(packed), new Uint8Array(size))).toThrow(message);
  });
});
