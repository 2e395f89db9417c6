import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError, NotFiniteError } from 'tfjs-ood';
import { auroc, ScoreAccumulator } from 'tfjs-ood/metrics';

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });

function accumulatorOf(...blocks: ArrayLike<number>[]): ScoreAccumulator {
  const accumulator = new ScoreAccumulator();
  for (const block of blocks) accumulator.add(block);
  return accumulator;
}

test('holds what came, in order, whatever the blocks', () => {
  fc.assert(
    fc.property(fc.array(fc.array(finite, { maxLength: 9 }), { maxLength: 9 }), fc.boolean(), (blocks, isTyped) => {
      const accumulator = accumulatorOf(...blocks.map((block) => (isTyped ? Float32Array.from(block) : block)));
      expect(accumulator.scores()).toEqual(Float32Array.from(blocks.flat()));
      expect(accumulator.count).toBe(blocks.flat().length);
    }),
    { numRuns: 2000 },
  );
});

test('over the edges of chunks', () => {
  for (const sizes of [[1023, 1, 1], [1024, 1024, 5], [5000], [1, 2_500_000, 7]]) {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const all = Float32Array.from({ length: total }, (_, i) => i);
    const accumulator = new ScoreAccumulator();
    let start = 0;
    for (const size of sizes) accumulator.add(all.subarray(start, (start += size)));
    expect(accumulator.count).toBe(total);
    expect(Buffer.compare(Buffer.from(accumulator.scores().buffer), Buffer.from(all.buffer))).toBe(0);
  }
});

test('merging appends, in the order of merging; sorted it is one pass', () => {
  const block = fc.tuple(fc.array(finite, { maxLength: 8 }), fc.integer({ min: 0, max: 2 }));
  fc.assert(
    fc.property(fc.array(block, { maxLength: 8 }), (blocks) => {
      const shards = [0, 1, 2].map(() => new ScoreAccumulator());
      for (const [values, shard] of blocks) shards[shard]!.add(values);
      const all = new ScoreAccumulator();
      for (const shard of shards) all.merge(shard);
      const once = accumulatorOf(blocks.flatMap(([values]) => values));
      expect(all.scores()).toEqual(Float32Array.from(shards.flatMap((shard) => [...shard.scores()])));
      expect(all.scores().sort()).toEqual(once.scores().sort());
    }),
    { numRuns: 2000 },
  );
});

test('merging with itself, at any fill', () => {
  for (const count of [0, 1, 1023, 1024, 3000]) {
    const values = Float32Array.from({ length: count }, (_, i) => i);
    const accumulator = accumulatorOf(values);
    accumulator.merge(accumulator);
    expect(accumulator.scores()).toEqual(Float32Array.from([...values, ...values]));
  }
});

test('what is given and what comes back are copies', () => {
  const given = Float32Array.of(1, 2);
  const accumulator = accumulatorOf(given);
  given[0] = 9;
  accumulator.scores()[1] = 9;
  expect([...accumulator.scores()]).toEqual([1, 2]);
});

test('float64 is rounded to the nearest float32, ties to even', () => {
  const values = [0.1, 1 + 2 ** -24, 1 + 3 * 2 ** -24, -1e-46, 16777217];
  expect([...accumulatorOf(values).scores()]).toEqual(values.map(Math.fround));
  expect(auroc(accumulatorOf([1]).scores(), accumulatorOf([1 + 2 ** -24]).scores())).toBe(0.5); // a tie now
});

test('state through a safetensors file and back, and on from there', () => {
  fc.assert(
    fc.property(fc.array(finite, { maxLength: 30 }), fc.array(finite, { maxLength: 30 }), (first, more) => {
      const accumulator = accumulatorOf(first);
      const again = ScoreAccumulator.from(decodeSafetensors(encodeSafetensors(accumulator.state())).tensors);
      expect(again.scores()).toEqual(accumulator.scores());
      again.add(more);
      expect(again.scores()).toEqual(Float32Array.from([...first, ...more]));
    }),
  );
  const of = (array: object) => () => ScoreAccumulator.from({ scores: array as never });
  expect(() => ScoreAccumulator.from({})).toThrow('ScoreAccumulator.from: state.scores must be F32 [N], got none');
  expect(of({ dtype: 'F64', shape: [1], data: Float64Array.of(1) })).toThrow(FormatError);
  expect(of({ dtype: 'F32', shape: [1, 1], data: Float32Array.of(1) })).toThrow(FormatError);
  expect(of({ dtype: 'F32', shape: [2], data: Float32Array.of(1) })).toThrow(FormatError);
  expect(of({ dtype: 'F32', shape: [1], data: Float32Array.of(NaN) })).toThrow(FormatError);
});

describe('bad input', () => {
  test('a refused block changes nothing', () => {
    const accumulator = accumulatorOf([1, 2]);
    expect(() => accumulator.add([3, NaN])).toThrow(
      'ScoreAccumulator.add: scores must be finite scores, got NaN at index 1',
    );
    expect(() => accumulator.add(Float32Array.of(-Infinity))).toThrow(NotFiniteError);
    expect(() => accumulator.add([1, 3.5e38])).toThrow(
      'scores must be within the range of float32, got 3.5e+38 at index 1',
    );
    expect(() => accumulator.add(Promise.resolve([1]) as never)).toThrow(ArgumentError);
    expect(() => accumulator.merge([1] as never)).toThrow(ArgumentError);
    expect([...accumulator.scores()]).toEqual([1, 2]);
    accumulator.add([]);
    expect(accumulator.count).toBe(2);
  });
});
