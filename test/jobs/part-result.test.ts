import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from 'tfjs-ood';
import {
  decodePart,
  encodePart,
  joinFailed,
  MOST_NAMED,
  oneFailed,
  sumCounts,
  type PartResult,
} from '../../src/jobs/tree/part-result';

const count = fc.nat(2 ** 31);
const results = fc.record({
  summary: fc.record({
    run: fc.string(),
    phase: fc.string(),
    from: count,
    to: count,
    of: count,
    rows: count,
    failed: fc.record({
      count,
      first: fc.array(fc.record({ shard: fc.string({ unit: 'binary' }), error: fc.string() }), { maxLength: 3 }),
    }),
    counts: fc.dictionary(fc.string(), count, { maxKeys: 3, noNullPrototype: true }),
  }),
  bytes: fc.uint8Array({ maxLength: 40 }),
}) satisfies fc.Arbitrary<PartResult>;

test('a part is what was put away', () => {
  fc.assert(
    fc.property(results, (part) => {
      const { summary, bytes } = decodePart('f', 'key', encodePart(part));
      expect(summary).toEqual(part.summary);
      expect([...bytes]).toEqual([...part.bytes]);
    }),
  );
});

test('a damaged part is another part, or an error that names its key', () => {
  fc.assert(
    fc.property(results, fc.nat(), fc.nat(255), fc.boolean(), (part, place, byte, isCut) => {
      const file = encodePart(part);
      const at = place % file.length;
      const damaged = isCut ? file.slice(0, at) : Uint8Array.from(file, (value, i) => (i === at ? byte : value));
      try {
        decodePart('f', 'key', damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        expect((error as Error).message).toMatch(/^f: key/);
      }
    }),
    { numRuns: 500 },
  );
  for (const file of [new Uint8Array(), Uint8Array.of(1, 2), Uint8Array.of(255, 255, 255, 255, 1)]) {
    expect(() => decodePart('f', 'key', file)).toThrow(FormatError);
  }
});

test('failed shards are counted, and the first are named, each in few letters', () => {
  const all = Array.from({ length: 50 }, (_, i) => oneFailed(`${i}`, 'x'.repeat(5000)));
  const joined = joinFailed([joinFailed(all.slice(0, 5)), joinFailed(all.slice(5, 30)), joinFailed(all.slice(30))]);
  expect(joined.count).toBe(50);
  expect(joined.first.map(({ shard }) => shard)).toEqual(Array.from({ length: MOST_NAMED }, (_, i) => `${i}`));
  expect(JSON.stringify(joined).length).toBeLessThan(8000);
  expect(sumCounts([{ a: 1, b: 2 }, {}, { a: 3 }])).toEqual({ a: 4, b: 2 });
});
