import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  ArgumentError,
  cutPoint,
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  formatCutPoints,
  parseCutPoints,
  type NamedArray,
} from 'tfjs-ood';
import { parseEvaluation } from 'tfjs-ood/metrics';
import { decodeScorer, encodeScorer } from 'tfjs-ood/scorers';
import { parseJson } from '../../src/core/saved/json';

/** Bytes of a file from its header and data, by hand. */
function file(header: string, data: number[] | Uint8Array = [], claimed?: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(claimed ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const U8 = '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
const entry = (dtype: string, shape: unknown, offsets: unknown) =>
  JSON.stringify({ a: { dtype, shape, data_offsets: offsets } });

test('a file written by hand after the specification', () => {
  const header =
    '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[],"data_offsets":[8,9]}}';
  const { tensors, metadata } = decodeSafetensors(file(header, [0, 0, 128, 63, 0, 0, 0, 64, 7]));
  expect(metadata).toEqual({ k: 'v' });
  expect(tensors).toEqual({
    a: { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) },
    b: { dtype: 'U8', shape: [], data: Uint8Array.of(7) },
  });
});

test('what is written, byte by byte', () => {
  const header =
    '{"__metadata__":{"a":"1","b":"2"},"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},' +
    '"y":{"dtype":"I32","shape":[1,1],"data_offsets":[8,12]},"a":{"dtype":"U8","shape":[2],"data_offsets":[12,14]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  expect(padded).not.toBe(header);
  const bytes = encodeSafetensors(
    {
      a: { dtype: 'U8', shape: [2], data: Uint8Array.of(0, 8, 9).subarray(1) },
      y: { dtype: 'I32', shape: [1, 1], data: Int32Array.of(-2) },
      x: { dtype: 'F64', shape: [1], data: Float64Array.of(-1.5) },
    },
    { b: '2', a: '1' },
  );
  expect(bytes).toEqual(file(padded, [0, 0, 0, 0, 0, 0, 0xf8, 0xbf, 0xfe, 0xff, 0xff, 0xff, 8, 9]));
});

test('a Node Buffer in the middle of a larger one gives arrays of their own', () => {
  const data = Float32Array.of(1, 2, 3);
  const whole = Buffer.concat([Buffer.alloc(3), encodeSafetensors({ a: { dtype: 'F32', shape: [3], data } })]);
  const bytes = whole.subarray(3);
  const { a } = decodeSafetensors(bytes).tensors;
  bytes.fill(0);
  expect(a).toEqual({ dtype: 'F32', shape: [3], data });
  expect(a!.data.buffer.byteLength).toBe(12);
});

test('metadata of megabytes, with quotes and escapes', () => {
  const metadata = { log: 'é\\"}{:'.repeat(1e6) };
  expect(decodeSafetensors(encodeSafetensors({}, metadata)).metadata).toEqual(metadata);
});

const arrays: fc.Arbitrary<NamedArray> = fc.oneof(
  fc.float32Array({ maxLength: 12 }).map((data): NamedArray => ({ dtype: 'F32', shape: [data.length], data })),
  fc.float64Array({ maxLength: 12 }).map((data): NamedArray => ({ dtype: 'F64', shape: [1, data.length], data })),
  fc.int32Array({ maxLength: 12 }).map((data): NamedArray => ({ dtype: 'I32', shape: [data.length, 1], data })),
  fc.uint8Array({ maxLength: 12 }).map((data): NamedArray => ({ dtype: 'U8', shape: [data.length], data })),
);
const names = fc.string().filter((name) => name !== '__metadata__' && name !== '__proto__');

test('what is written is read again, and equal input gives equal bytes', () => {
  const metadataArbitrary = fc.dictionary(names, fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(fc.dictionary(names, arrays), metadataArbitrary, (tensors, metadata) => {
      const bytes = encodeSafetensors(tensors, metadata);
      const decoded = decodeSafetensors(bytes);
      expect(Object.fromEntries(Object.entries(decoded.tensors))).toEqual({ ...tensors });
      expect({ ...decoded.metadata }).toEqual({ ...metadata });
      const reversed = Object.fromEntries(Object.entries(tensors).reverse());
      expect(encodeSafetensors(reversed, metadata)).toEqual(bytes);
    }),
  );
});

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['seven bytes', new Uint8Array(7)],
  ['a header past the end', file('{}', [], 1000)],
  [
    'a header of 2^63',
    (() => {
      const b = file('{}');
      b[7] = 0x80;
      return b;
    })(),
  ],
  ['no JSON', file('{')],
  ['an array', file('[]')],
  [
    'bytes that are no UTF-8',
    (() => {
      const b = file('{"__metadata__":{"k":"v"}}');
      b[b.indexOf(0x76)] = 0xff; // the v
      return b;
    })(),
  ],
  [
    'a name twice',
    file(
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      [1],
    ),
  ],
  ['__proto__', file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1])],
  ['an unknown type', file(entry('F8_E4M3', [1], [0, 1]), [1])],
  ['a type that every object has', file(entry('toString', [1], [0, 2]), [1, 2])],
  ['a shape that does not fit', file(entry('F32', [2], [0, 4]), [1, 2, 3, 4])],
  ['a negative side', file(entry('U8', [-1, -1], [0, 1]), [1])],
  ['sides that overflow', file(entry('U8', [2 ** 40, 2 ** 40], [0, 1]), [1])],
  ['data past the end', file(entry('U8', [8], [0, 8]), [1])],
  ['a gap', file(entry('U8', [1], [1, 2]), [1, 2])],
  ['a rest', file(entry('U8', [1], [0, 1]), [1, 2])],
  [
    'an overlap',
    file(
      '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
      [1, 2, 3],
    ),
  ],
  ['a name twice, the second with room before its colon', file(`{"a":${U8},"a"${' '.repeat(40)}:${U8}}`, [1])],
  ['a name twice, once escaped', file(`{"a":${U8},"\\u0061":${U8}}`, [1])],
  ['a field twice', file('{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1])],
  ['metadata twice', file('{"__metadata__":{"k":"1","k":"2"}}')],
  ['__proto__ in the metadata', file('{"__metadata__":{"__proto__":"1"}}')],
  ['a side of minus zero', file('{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}')],
  ['an offset of minus zero', file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[-0,1]}}', [1])],
  ['half a side', file(entry('U8', [0.5, 2], [0, 1]), [1])],
  ['offsets backwards', file(entry('U8', [1], [1, 0]), [1])],
  ['three offsets', file(entry('U8', [1], [0, 1, 1]), [1])],
  ['a byte-order mark', file('\ufeff{}')],
  ['space before the header', file(' {}')],
  ['2000 levels', file(`{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`)],
  ['a million levels', file(`{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`)],
  ['metadata of numbers', file('{"__metadata__":{"k":1}}')],
  ['an entry without offsets', file('{"a":{"dtype":"U8","shape":[1]}}', [1])],
])('refuses %s', (_, bytes) => {
  expect(() => decodeSafetensors(bytes, 'x.safetensors')).toThrow(FormatError);
  expect(() => decodeSafetensors(bytes, 'x.safetensors')).toThrow('decodeSafetensors: x.safetensors must be');
});

test('any change of bytes gives an error or whole arrays', () => {
  const whole = encodeSafetensors(
    {
      w: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      b: { dtype: 'I32', shape: [2], data: Int32Array.of(5, 6) },
    },
    { version: '1' },
  );
  const change = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(change, fc.nat(whole.length), fc.boolean(), (changes, length, cut) => {
      const bytes = whole.slice(0, cut ? length : whole.length);
      for (const [place, value] of changes) if (place < bytes.length) bytes[place] = value;
      try {
        for (const { shape, data } of Object.values(decodeSafetensors(bytes).tensors)) {
          expect(shape.reduce((product, side) => product * side, 1)).toBe(data.length);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: 20_000 },
  );
});

describe('a header of very many small parts is refused before it is parsed', () => {
  const many = (count: number, each: (i: number) => string) => Array.from({ length: count }, (_, i) => each(i)).join();
  const empty = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
  test.each<[string, string]>([
    ['empty arrays', `{${many(100_000, (i) => `"n${i}":${empty}`)}}`],
    ['strings of metadata', `{"__metadata__":{${many(300_000, (i) => `"n${i}":""`)}}}`],
    ['sides', `{"a":{"dtype":"U8","shape":[${many(600_000, () => '0')}],"data_offsets":[0,0]}}`],
    ['levels', `{"a":${'['.repeat(600_000)}${']'.repeat(600_000)}}`],
    ['entries that are none', `{"a":[${many(300_000, () => '{}')}]}`],
  ])('%s', (_, header) => {
    const parse = vi.spyOn(JSON, 'parse');
    const bytes = file(header);
    try {
      expect(() => decodeSafetensors(bytes)).toThrow(FormatError);
      expect(() => decodeSafetensors(bytes)).toThrow('more than 524288 commas, colons and brackets');
      expect(parse).not.toHaveBeenCalled();
    } finally {
      parse.mockRestore();
    }
  });

  test('what is within the limit is read, and what is beyond it is not written', () => {
    // Two parts for each string, colon and comma; of the whole two braces and a colon more, and a comma less.
    const metadata = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i): [string, string] => [`{,"[:\\${i}`, ',:[{"\\']));
    const most = (2 ** 19 - 2) / 2;
    expect(Object.keys(decodeSafetensors(encodeSafetensors({}, metadata(most))).metadata)).toHaveLength(most);
    expect(() => encodeSafetensors({}, metadata(most + 1))).toThrow(
      'names and metadata must be few enough to be read again, got more than 524288 commas, colons and brackets',
    );
    const empty = (i: number): [string, NamedArray] => [
      `n${i}`,
      { dtype: 'U8', shape: [1, 0], data: new Uint8Array() },
    ];
    const arrays = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => empty(i)));
    expect(Object.keys(decodeSafetensors(encodeSafetensors(arrays)).tensors)).toHaveLength(5000);
    const points = Array.from({ length: 45_000 }, (_, i) => cutPoint(`c${i}`, i, { detector: 'knn' }));
    expect(() => formatCutPoints(points)).toThrow('formatCutPoints: cutPoints must be small enough to be read again');
    const own = { kind: 'x', options: { a: Array<number>(600_000).fill(0) }, tensors: {} };
    expect(() => encodeScorer(own)).toThrow('encodeScorer: state.options must be small enough to be read again');
  });

  test('JSON inside of metadata too: options, evaluations, cut-points', () => {
    const lists = `[${many(300_000, () => '[]')}]`;
    expect(() => parseJson(lists)).toThrow('more than 524288 commas, colons and brackets');
    const bytes = encodeSafetensors(
      {},
      { format: 'tfjs-ood/scorer', version: '1', kind: 'x', options: `{"a":${lists}}` },
    );
    expect(() => decodeScorer(bytes)).toThrow(FormatError);
    expect(() => parseCutPoints(lists)).toThrow(FormatError);
    expect(() => parseEvaluation(lists)).toThrow(FormatError);
    const text = JSON.stringify(',:[{"\\'.repeat(500_000));
    expect(parseJson(text)).toBe(JSON.parse(text)); // within a string they are text
    expect(() => parseJson('"' + '\\'.repeat(5))).toThrow(SyntaxError); // never past the end
  });
});

test('metadata that is no string is not written: nothing could read it', () => {
  for (const value of [3, true, null, undefined, { a: '1' }, ['1'], new String('x')]) {
    const wrong = { epoch: value } as unknown as Record<string, string>;
    expect(() => encodeSafetensors({}, wrong)).toThrow(ArgumentError);
    expect(() => encodeSafetensors({}, wrong)).toThrow('metadata.epoch must be a string, as the format has no others');
  }
  const shape = Int32Array.of(2) as unknown as number[];
  const data = Uint8Array.of(1, 2);
  expect(decodeSafetensors(encodeSafetensors({ a: { dtype: 'U8', shape, data } })).tensors.a).toEqual({
    dtype: 'U8',
    shape: [2],
    data,
  });
});

test('bad input', () => {
  expect(() => encodeSafetensors({ a: { dtype: 'F32', shape: [3], data: Float32Array.of(1) } })).toThrow(
    'tensors.a must be',
  );
  expect(() => encodeSafetensors({ __metadata__: { dtype: 'U8', shape: [0], data: new Uint8Array() } })).toThrow(
    'reserved',
  );
  const one = { dtype: 'U8', shape: [1], data: Uint8Array.of(1) } as const;
  expect(() => encodeSafetensors({ ['__proto__']: one })).toThrow('name must be not a reserved one, got __proto__');
  expect(() => encodeSafetensors({}, { ['__proto__']: 'x' })).toThrow('name must be not a reserved one, got __proto__');
  expect(() => encodeSafetensors({ a: { ...one, dtype: 'U16' as 'U8' } })).toThrow(
    'tensors.a.dtype must be one of F32, F64, I32, U8, got U16',
  );
  expect(() => encodeSafetensors({ a: { ...one, data: Float32Array.of(1) as never } })).toThrow('Float32Array of 1');
});
