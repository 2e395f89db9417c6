import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import {
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  formatCutPoints,
  OodError,
  parseCutPoints,
  type CutPoint,
  type NamedArray,
} from 'tfjs-ood';
import { scorerMethods } from 'tfjs-ood/detector';
import { parseEvaluation, type Json } from 'tfjs-ood/metrics';
import { decodeScorer, encodeScorer } from 'tfjs-ood/scorers';
import { readCifar10, readIdx, readPpm, readSvhn } from 'tfjs-ood/datasets';
import { beforeAll, describe, expect, test } from 'vitest';
import { idx, matlabArray, svhnFile } from '../datasets/small-files';
import { fittedStates, fittedHead } from './targets/state-readers';

/** Inputs of each property. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 300);
const refused = async (read: () => unknown) => {
  try {
    await read();
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return true;
  }
};
const side = fc.oneof(fc.nat(6), fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff, 65_536, 46_341));
const bytes = (length: number) => Array.from({ length }, (_, i) => (i * 37) % 256);

describe('files of any shape', () => {
  test('IDX: read as written, whatever the sizes; refused where one byte is missing or too many', async () => {
    const widths = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 };
    const file = fc.record({
      type: fc.constantFrom(8, 9, 11, 12, 13, 14),
      shape: fc.array(fc.nat(5), { minLength: 1, maxLength: 5 }),
      extra: fc.constantFrom(0, 0, -1, 1),
    });
    await fc.assert(
      fc.asyncProperty(file, async ({ type, shape, extra }) => {
        const count = shape.reduce((a, b) => a * b, 1) * widths[type as 8];
        const isWhole = extra === 0 || count + extra < 0;
        const read = () => readIdx(idx(type, shape, bytes(Math.max(0, count + (isWhole ? 0 : extra)))));
        if (!isWhole) {
          expect(await refused(read)).toBe(true);
          return;
        }
        const { data, shape: found } = await read();
        expect(found).toEqual(shape);
        expect(data).toHaveLength(shape.reduce((a, b) => a * b, 1));
      }),
      { numRuns },
    );
  });

  test('IDX: sizes that the bytes do not bear out are refused, however large', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(side, { minLength: 1, maxLength: 8 }), fc.nat(40), async (shape, length) => {
        const count = shape.map(BigInt).reduce((a, b) => a * b, 1n);
        expect(await refused(() => readIdx(idx(8, shape, bytes(length))))).toBe(count !== BigInt(length));
      }),
      { numRuns },
    );
  });

  test('MATLAB: X of other shapes than images, and y of other lengths, are refused', async () => {
    const shape = fc.array(fc.oneof(fc.nat(4), fc.constantFrom(32, 65_536, 0x7fffffff)), {
      minLength: 2,
      maxLength: 5,
    });
    const head = svhnFile().subarray(0, 128);
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(3), async (sides, labels) => {
        const size = Math.min(
          3072,
          sides.reduce((a, b) => a * b, 1),
        );
        const x = matlabArray('X', 9, sides, 2, bytes(size), true);
        const y = matlabArray('y', 9, [labels, 1], 2, new Array<number>(labels).fill(1), true);
        const isImage = sides.join() === '32,32,3,1' || sides.join() === '32,32,3';
        expect(await refused(() => readSvhn(Uint8Array.from([...head, ...x, ...y])))).toBe(!isImage || labels !== 1);
      }),
      {
        numRuns,
        examples: [
          [[32, 32, 3], 1],
          [[32, 32, 3, 1], 1],
          [[32, 32, 3, 1], 2],
        ],
      },
    );
  });

  test('PPM: any width, height and largest value', async () => {
    const number = fc.oneof(fc.nat(9), fc.constantFrom(255, 256, 65_535, 65_536, 999_999, 2 ** 31, 2 ** 53));
    await fc.assert(
      fc.asyncProperty(
        number,
        number,
        fc.constantFrom(255, 255, 1, 65_535),
        fc.nat(80),
        async (width, height, most, length) => {
          const file = Buffer.concat([Buffer.from(`P6\n${width} ${height}\n${most}\n`), Buffer.from(bytes(length))]);
          const fits = width > 0 && height > 0 && most === 255 && 3 * width * height === length;
          expect(await refused(() => readPpm(file))).toBe(!fits);
        },
      ),
      { numRuns, examples: [[2, 3, 255, 18]] },
    );
  });

  test('CIFAR-10: any number of bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(3), fc.constantFrom(-1, 0, 0, 1, 3072), async (count, extra) => {
        const length = Math.max(0, 3073 * count + extra);
        expect(await refused(() => readCifar10(new Uint8Array(length)))).toBe(length === 0 || length % 3073 !== 0);
      }),
      { numRuns },
    );
  });

  test('safetensors: a header of any numbers', async () => {
    const number = fc.oneof(
      fc.integer({ min: -2, max: 12 }),
      fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53, 1e300, 0.5),
      fc.double(),
    );
    const entry = fc.record({
      dtype: fc.constantFrom('F32', 'F64', 'I32', 'U8', 'BF16'),
      shape: fc.array(number, { maxLength: 3 }),
      data_offsets: fc.tuple(number, number),
    });
    await fc.assert(
      fc.asyncProperty(entry, fc.nat(24), async (a, length) => {
        const text = Buffer.from(JSON.stringify({ a }));
        const start = Buffer.alloc(8);
        start.writeBigUInt64LE(BigInt(text.length));
        const width = { F32: 4, F64: 8, I32: 4, U8: 1, BF16: NaN }[a.dtype];
        const { shape, data_offsets } = (JSON.parse(text.toString()) as { a: typeof a }).a; // NaN is null by now
        const isRight =
          shape.every((one) => Number.isSafeInteger(one) && one >= 0) &&
          shape.reduce((x, y) => x * y, 1) * width === length &&
          data_offsets.join() === `0,${length}`;
        expect(await refused(() => decodeSafetensors(Buffer.concat([start, text, Buffer.alloc(length)])))).toBe(
          !isRight,
        );
      }),
      {
        numRuns,
        examples: [
          [{ dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] }, 8],
          [{ dtype: 'U8', shape: [], data_offsets: [0, 1] }, 1],
        ],
      },
    );
  });

  test('cut-points of any numbers come back as they were, or are refused', async () => {
    const cut: fc.Arbitrary<CutPoint> = fc.record({
      name: fc.string({ minLength: 1 }),
      kind: fc.constant('manual' as const),
      threshold: fc.double({ noNaN: true }).map((value) => value + 0),
      count: fc.constant(0),
      belongsTo: fc.record({ detector: fc.string(), model: fc.string() }),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(cut, { selector: ({ name }) => name }), fc.jsonValue(), async (cuts, other) => {
        const text = formatCutPoints(cuts);
        expect(parseCutPoints(text)).toEqual(cuts);
        const changed = JSON.parse(text) as { cutPoints: unknown[] };
        changed.cutPoints.push({ ...cuts[0], name: 'another', threshold: other });
        const isThreshold =
          (typeof other === 'number' || other === 'Infinity' || other === '-Infinity') && cuts.length > 0;
        const isOwn = !cuts.some(({ name }) => name === 'another');
        expect(await refused(() => parseCutPoints(JSON.stringify(changed)))).toBe(!(isThreshold && isOwn));
      }),
      { numRuns },
    );
  });
});

test('JSON of any depth is read as it is, or refused', async () => {
  const nested = fc.tuple(fc.constantFrom('[', '{"a":'), fc.oneof(fc.nat(40), fc.nat(20_000)));
  await fc.assert(
    fc.asyncProperty(
      nested,
      fc.constantFrom('format', 'version', 'about', 'temperature'),
      async ([open, depth], name) => {
        const text = `{"${name}":${open.repeat(depth)}1${(open === '[' ? ']' : '}').repeat(depth)}}`;
        expect(await refused(() => parseEvaluation(text))).toBe(true);
        expect(await refused(() => parseCutPoints(text))).toBe(true);
        const metadata = { format: 'tfjs-ood/scorer', version: '1', kind: 'energy', options: text };
        const read = () => encodeScorer(decodeScorer(encodeSafetensors({}, metadata)));
        expect(await refused(read)).toBe(depth > 32);
      },
    ),
    { numRuns },
  );
});

describe('saved scorers with other numbers in them', () => {
  let states: Awaited<ReturnType<typeof fittedStates>>;
  beforeAll(async () => void (states = await fittedStates()));

  const special = fc.constantFrom(0, -0, 1, -1, 2, 1e-300, 1e300, -1e300, 1e38, NaN, Infinity, 2 ** 31, 0.5);
  const shapes = fc.oneof(fc.constant(undefined), fc.array(fc.nat(5), { maxLength: 3 }));
  const change = fc.record({
    state: fc.nat(),
    tensor: fc.nat(),
    dtype: fc.constantFrom(
      undefined,
      undefined,
      undefined,
      'F32' as const,
      'F64' as const,
      'I32' as const,
      'U8' as const,
    ),
    shape: shapes,
    values: fc.array(fc.tuple(fc.nat(), special), { maxLength: 3 }),
    zero: fc.boolean(),
    option: fc.oneof(fc.constant(undefined), fc.tuple(fc.nat(), fc.oneof(fc.jsonValue(), special))),
  });
  const arrays = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array };

  test('are refused by a FormatError, or score with whole numbers', { timeout: 3_600_000 }, async () => {
    const seen = { scored: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(change, async (chosen) => {
        const state = states[chosen.state % states.length]!;
        const names = Object.keys(state.tensors);
        const tensors: Record<string, NamedArray> = { ...state.tensors };
        const name = names[chosen.tensor % Math.max(1, names.length)];
        if (name !== undefined) {
          const old = tensors[name]!;
          const dtype = chosen.dtype ?? old.dtype;
          const shape = chosen.shape ?? old.shape;
          const length = shape.reduce((a, b) => a * b, 1);
          const data = new arrays[dtype](length);
          if (!chosen.zero) data.forEach((_, i) => (data[i] = old.data[i % Math.max(1, old.data.length)] ?? 0));
          for (const [at, value] of chosen.values) if (length > 0) data[at % length] = value;
          tensors[name] = { dtype, shape, data } as NamedArray;
        }
        const options: Record<string, Json> = { ...state.options };
        const keys = Object.keys(options);
        if (chosen.option && keys.length > 0) options[keys[chosen.option[0] % keys.length]!] = chosen.option[1] as Json;
        const bytes = encodeScorer({ kind: state.kind, options, tensors });
        const before = tf.memory().numTensors;
        let scorer;
        try {
          scorer = scorerMethods[state.kind]!().restore(decodeScorer(bytes), { head: fittedHead });
        } catch (error) {
          expect(error, state.kind).toBeInstanceOf(FormatError);
          expect(tf.memory().numTensors).toBe(before);
          seen.refused++;
          return;
        }
        const row = {
          features: { data: Float32Array.of(1, 2, 3, 0.5), shape: [1, 4] as const },
          logits: { data: Float32Array.of(1, 2, 0), shape: [1, 3] as const },
        };
        try {
          const scores = await scorer.score(row as never);
          expect([...scores].map(Number.isNaN), state.kind).toEqual([false]);
          seen.scored++;
        } catch (error) {
          expect(error, state.kind).toBeInstanceOf(OodError); // rows of another size; numbers past float32
        } finally {
          scorer.dispose();
        }
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 4 * numRuns, seed: Number(process.env.FUZZ_SEED ?? 1) },
    );
    expect(seen.scored).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
  });
});
