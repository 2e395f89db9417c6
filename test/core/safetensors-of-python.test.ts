import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError } from 'tfjs-ood';
import { fitOutputDetector, loadOutputDetector } from 'tfjs-ood/detector';
import { decodeScorer, energy, nearestNeighbors } from 'tfjs-ood/scorers';

/** A file with one array, by hand. */
function fileOf(dtype: string, shape: number[], data: Uint8Array, name = 'a'): Uint8Array {
  const header = JSON.stringify({ [name]: { dtype, shape, data_offsets: [0, data.length] } });
  const bytes = new Uint8Array(8 + header.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  bytes.set(data, 8 + header.length);
  return bytes;
}
const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const allPatterns = bytesOf(Uint16Array.from({ length: 65_536 }, (_, i) => i));

/** The number of a pattern of sign, exponent and fraction, from the definition. */
function numberOf(pattern: number, exponentBits: number): number {
  const text = pattern.toString(2).padStart(16, '0');
  const [sign, exponent, fraction] = [text[0], text.slice(1, 1 + exponentBits), text.slice(1 + exponentBits)];
  const bias = 2 ** (exponentBits - 1) - 1;
  const share = parseInt(fraction, 2) / 2 ** fraction.length;
  const size = !exponent.includes('0')
    ? share > 0
      ? NaN
      : Infinity
    : exponent.includes('1')
      ? (1 + share) * 2 ** (parseInt(exponent, 2) - bias)
      : share * 2 ** (1 - bias);
  return sign === '1' ? -size : size;
}

describe('halves become float32, all 65,536 of them', () => {
  test.each([
    ['F16', 5],
    ['BF16', 8],
  ])('%s', (dtype, exponentBits) => {
    const { a } = decodeSafetensors(fileOf(dtype, [256, 256], allPatterns)).tensors;
    expect(a).toMatchObject({ dtype: 'F32', shape: [256, 256] });
    const wrong = [...a!.data].findIndex((value, i) => !Object.is(value, numberOf(i, exponentBits)));
    expect(wrong).toBe(-1);
    expect(a!.data).toBeInstanceOf(Float32Array);
  });

  test('as NumPy and PyTorch read them', () => {
    const path = new URL('../fixtures/halves.json', import.meta.url);
    const wanted = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, number | string>>;
    for (const dtype of ['F16', 'BF16']) {
      const { data } = decodeSafetensors(fileOf(dtype, [65_536], allPatterns)).tensors.a!;
      const sums = { nan: 0, positive: 0, negative: 0, bits: 0n };
      const bits = new Uint32Array(data.buffer);
      data.forEach((value, i) => {
        if (Number.isNaN(value)) return void sums.nan++;
        if (value === Infinity) sums.positive++;
        if (value === -Infinity) sums.negative++;
        sums.bits += BigInt(bits[i]!) * BigInt(i + 1); // of every pattern in its place
      });
      expect({ ...sums, bits: String(sums.bits) }).toEqual(wanted[dtype]);
    }
  });
});

describe('integers and booleans', () => {
  test.each<[string, ArrayBufferView, string, number[]]>([
    ['I64', BigInt64Array.of(0n, 9n, -1n, 2n ** 31n - 1n, -(2n ** 31n)), 'I32', [0, 9, -1, 2 ** 31 - 1, -(2 ** 31)]],
    ['BOOL', Uint8Array.of(0, 1, 1), 'U8', [0, 1, 1]],
  ])('%s', (dtype, data, as, values) => {
    const { a } = decodeSafetensors(fileOf(dtype, [values.length], bytesOf(data))).tensors;
    expect(a!.dtype).toBe(as);
    expect([...a!.data]).toEqual(values);
    // Written again it has its new type, and says so.
    expect(decodeSafetensors(encodeSafetensors({ a: a! })).tensors.a).toEqual(a);
  });

  test.each<[string, ArrayBufferView, string]>([
    ['I64', BigInt64Array.of(1n, 2n ** 31n), 'labels within 32 bits, got 2147483648'],
    ['I64', BigInt64Array.of(1n, -(2n ** 31n) - 1n), 'labels within 32 bits, got -2147483649'],
    ['I64', BigInt64Array.of(1n, 2n ** 32n), 'labels within 32 bits, got 4294967296'],
    ['BOOL', Uint8Array.of(1, 2), 'labels of 0 and 1, got 2'],
  ])('%s with a value that has no place is refused', (dtype, data, message) => {
    const bytes = fileOf(dtype, [2], bytesOf(data), 'labels');
    expect(() => decodeSafetensors(bytes, 'x.safetensors')).toThrow(FormatError);
    expect(() => decodeSafetensors(bytes, 'x.safetensors')).toThrow(message);
  });

  test('empty ones, scalars, and every cut refused', () => {
    expect(decodeSafetensors(fileOf('I64', [0, 3], new Uint8Array())).tensors.a!.data).toEqual(new Int32Array());
    expect(decodeSafetensors(fileOf('F16', [], Uint8Array.of(0, 0x3c))).tensors.a!.data).toEqual(Float32Array.of(1));
    const whole = fileOf('I64', [2], bytesOf(BigInt64Array.of(1n, 2n)));
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeSafetensors(whole.subarray(0, length))).toThrow(FormatError);
    }
  });

  test('labels of PyTorch fit a detector', async () => {
    const features = fileOf('F16', [20, 2], bytesOf(Uint16Array.from({ length: 40 }, (_, i) => 0x3c00 + 5 * i)));
    const labels = fileOf('I64', [20], bytesOf(BigInt64Array.from({ length: 20 }, (_, i) => BigInt(i % 2))));
    const { a } = decodeSafetensors(features).tensors;
    const detector = await fitOutputDetector(
      { features: a as never, labels: decodeSafetensors(labels).tensors.a!.data },
      { scorer: nearestNeighbors({ k: 1 }), alpha: 0.3 },
    );
    expect(detector.calibration.count).toBe(4);
    detector.dispose();
  });
});

describe('where the bytes come from', () => {
  const bytes = encodeSafetensors({ a: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) } }, { k: 'v' });
  const wanted = decodeSafetensors(bytes);
  const buffer = bytes.slice().buffer;

  test('an ArrayBuffer at once, a Blob and a Response by a promise', async () => {
    expect(wanted.tensors.a!.data).toEqual(Uint8Array.of(1, 2, 3));
    expect(decodeSafetensors(buffer)).toEqual(wanted);
    expect(await decodeSafetensors(new Blob([buffer]))).toEqual(wanted);
    expect(await decodeSafetensors(new Response(buffer))).toEqual(wanted);
  });

  test('what is damaged rejects with the name', async () => {
    const cut = decodeSafetensors(new Blob([buffer.slice(0, 20)]), 'mine.safetensors');
    await expect(cut).rejects.toThrow(FormatError);
    await expect(cut).rejects.toThrow('mine.safetensors');
    const missing = decodeSafetensors(new Response('not found', { status: 404 }), 'far.safetensors');
    await expect(missing).rejects.toThrow(FormatError);
    await expect(missing).rejects.toThrow('far.safetensors must be a safetensors file, got status 404');
  });

  test.each<[string, unknown, string]>([
    ['a promise', Promise.resolve(bytes), 'Response (awaited), got Promise'],
    ['text', 'text', 'got String'],
    ['nothing', undefined, 'got Undefined'],
    ['null', null, 'got Null'],
    ['another view', Float32Array.of(1), 'got Float32Array'],
    ['a list', [1, 2], 'got Array'],
  ])('%s is an error that names the type', (_, value, message) => {
    expect(() => decodeSafetensors(value as Uint8Array)).toThrow(ArgumentError);
    expect(() => decodeSafetensors(value as Uint8Array)).toThrow(
      'bytes must be a Uint8Array, ArrayBuffer, Blob or Response',
    );
    expect(() => decodeSafetensors(value as Uint8Array)).toThrow(message);
  });
});

describe('what is no safetensors file is called so', () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
  test.each([
    ['<!DOCTYPE html><html><body>404</body></html>', 'an HTML page'],
    ['\n  <html>', 'an HTML page'],
    ['\ufeff<?xml version="1.0"?><Error/>', 'an HTML page'],
    ['<p>', 'an HTML page'],
    [pointer, 'a pointer of Git LFS (git lfs pull)'],
    ['PK\x03\x04\x14\0\0\0archive/data.pkl', 'a ZIP archive, as of torch.save'],
  ])('%j', (text, message) => {
    const bytes = new TextEncoder().encode(text);
    expect(() => decodeSafetensors(bytes, 'x')).toThrow(FormatError);
    expect(() => decodeSafetensors(bytes, 'x')).toThrow(`x must be a safetensors file, got ${message}`);
    expect(() => decodeScorer(bytes)).toThrow(message);
    expect(() => loadOutputDetector(bytes)).toThrow(message);
  });

  test('a header as long as the code of < or { is a header', () => {
    for (const length of [0x3c, 0x7b, 0x20]) {
      const header = '{"__metadata__":{"k":"v"}}'.padEnd(length);
      const bytes = new TextEncoder().encode(`${String.fromCharCode(length)}\0\0\0\0\0\0\0${header}`);
      expect(decodeSafetensors(bytes).metadata).toEqual({ k: 'v' });
    }
  });
});

test('another version of a file of ours is named', async () => {
  const detector = await fitOutputDetector(
    {
      logits: { data: Float32Array.from({ length: 60 }, (_, i) => i % 7), shape: [20, 3] },
      labels: new Array(20).fill(0),
    },
    { scorer: energy(), alpha: 0.3 },
  );
  const { tensors, metadata } = decodeSafetensors(detector.toBytes());
  detector.dispose();
  const newer = encodeSafetensors(tensors, { ...metadata, version: '7' });
  expect(() => loadOutputDetector(newer)).toThrow(FormatError);
  expect(() => loadOutputDetector(newer)).toThrow(
    'metadata must be tfjs-ood/detector 1, got tfjs-ood/detector 7, of another version of tfjs-ood',
  );
  expect(() => decodeScorer(encodeSafetensors({}, { format: 'tfjs-ood/scorer', version: '7', kind: 'x' }))).toThrow(
    'metadata must be tfjs-ood/scorer 1 with a kind, got tfjs-ood/scorer 7, of another version of tfjs-ood',
  );
  const unversioned = { ...metadata };
  delete unversioned.version;
  expect(() => loadOutputDetector(encodeSafetensors(tensors, unversioned))).toThrow(
    'tfjs-ood/detector without a version',
  );
  expect(() => loadOutputDetector(encodeSafetensors({}, { format: 'tfjs-ood/scorer', version: '1' }))).toThrow(
    'got tfjs-ood/scorer 1',
  );
  expect(() => loadOutputDetector(encodeSafetensors({}))).toThrow('got no format');
});
