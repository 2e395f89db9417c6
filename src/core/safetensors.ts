import { ArgumentError, FormatError, ShapeError } from './errors';
import { checkParts } from './count-parts';
import { parseHeader } from './parse-header';
import { isRecord } from './json';

/** An array with its shape, row by row; `dtype` is the safetensors name of what `data` holds. */
export type NamedArray =
  | { dtype: 'F32'; shape: readonly number[]; data: Float32Array }
  | { dtype: 'F64'; shape: readonly number[]; data: Float64Array }
  | { dtype: 'I32'; shape: readonly number[]; data: Int32Array }
  | { dtype: 'U8'; shape: readonly number[]; data: Uint8Array };

/** The element types that tfjs and our statistics have, by their safetensors names. */
export type Dtype = NamedArray['dtype'];

const TYPES = {
  F32: { bytes: 4, array: Float32Array },
  F64: { bytes: 8, array: Float64Array },
  I32: { bytes: 4, array: Int32Array },
  U8: { bytes: 1, array: Uint8Array },
} as const;

/** The format's own limit on the header, in bytes. */
const LARGEST_HEADER = 100_000_000;
const RESERVED = ['__metadata__', '__proto__'];
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** What the format's readers in other languages take for a length: not -0. */
const isLength = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);

/** Product of a shape, or undefined where it is none or no exact number. */
function elementsOf(shape: readonly unknown[]): number | undefined {
  let count = 1;
  for (const side of shape) {
    if (!isLength(side)) return undefined;
    count *= side;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/** Safetensors are little-endian; on the few big-endian machines elements are turned around. */
function inFileOrder(bytes: Uint8Array, width: number): Uint8Array {
  if (isLittleEndian || width === 1) return bytes;
  const turned = bytes.slice();
  for (let i = 0; i < turned.length; i += width) turned.subarray(i, i + width).reverse();
  return turned;
}

/**
 * Writes named arrays as one safetensors file, which Python's safetensors package opens too.
 *
 * Equal input gives equal bytes: arrays with wider elements first, then by name, so that each is aligned.
 *
 * Format: https://github.com/huggingface/safetensors, "Format": 8 bytes header length, JSON header, data.
 *
 * @param tensors arrays by name
 * @param metadata strings by name
 * @throws ShapeError where a shape and its data do not agree; ArgumentError for the names `__metadata__` and
 *   `__proto__`, for metadata that is no string, and for more arrays than can be read again (half a million commas,
 *   colons and brackets in the header: some 40,000)
 * @example
 * encodeSafetensors({ mean: { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) } }, { version: '1' });
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, NamedArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const where = 'encodeSafetensors';
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const reserved = [...Object.keys(tensors), ...Object.keys(metadata)].find((name) => RESERVED.includes(name));
  if (reserved !== undefined) {
    throw new ArgumentError({ where, what: 'name', expected: 'not a reserved one', received: reserved });
  }
  for (const [name, value] of Object.entries<unknown>(metadata)) {
    if (typeof value === 'string') continue;
    const expected = 'a string, as the format has no others: String(value), or JSON.stringify(value)';
    const received = value === null ? 'null' : typeof value;
    throw new ArgumentError({ where, what: `metadata.${name}`, expected, received });
  }
  for (const [name, { dtype }] of Object.entries(tensors)) {
    if (Object.hasOwn(TYPES, dtype)) continue;
    const expected = `one of ${Object.keys(TYPES).join(', ')}`;
    throw new ArgumentError({ where, what: `tensors.${name}.dtype`, expected, received: String(dtype) });
  }
  const names = Object.keys(tensors).sort(
    (a, b) => TYPES[tensors[b]!.dtype].bytes - TYPES[tensors[a]!.dtype].bytes || byName(a, b),
  );
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) {
    entries.push(['__metadata__', Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => byName(a, b)))]);
  }
  let offset = 0;
  for (const name of names) {
    const { dtype, data } = tensors[name]!;
    const shape = [...tensors[name]!.shape]; // a typed array would be written as an object
    if (!(data instanceof TYPES[dtype].array) || elementsOf(shape) !== data.length) {
      const received = `${data.constructor.name} of ${data.length} with shape [${shape.join(', ')}]`;
      throw new ShapeError({
        where,
        what: `tensors.${name}`,
        expected: `${dtype} data that fill their shape`,
        received,
      });
    }
    entries.push([name, { dtype, shape, data_offsets: [offset, (offset += data.byteLength)] }]);
  }
  const json = JSON.stringify(Object.fromEntries(entries));
  const text = new TextEncoder().encode(json);
  const headerLength = Math.ceil(text.length / 8) * 8; // filled up with spaces
  const refuse = (expected: string, received: string): never => {
    throw new ArgumentError({ where, what: 'names and metadata', expected, received });
  };
  if (headerLength > LARGEST_HEADER) refuse(`at most ${LARGEST_HEADER} bytes`, String(headerLength));
  try {
    checkParts(json);
  } catch (error) {
    refuse('few enough to be read again', (error as Error).message);
  }
  const bytes = new Uint8Array(8 + headerLength + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength).set(text, 8);
  let place = 8 + headerLength;
  for (const name of names) {
    const { dtype, data } = tensors[name]!;
    bytes.set(inFileOrder(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), TYPES[dtype].bytes), place);
    place += data.byteLength;
  }
  return bytes;
}

interface HeaderEntry {
  dtype: Dtype;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * Reads a safetensors file. Everything that the header claims is checked against the bytes there are before anything is
 * allocated: what comes back is complete, or there is an error.
 *
 * @param file name for the error messages
 * @returns copies of the arrays, by name, and the metadata
 * @throws FormatError for anything malformed: lengths, JSON, names, types, shapes, gaps or overlaps; for a header of
 *   more than half a million commas, colons and brackets outside its strings (some 40,000 arrays), before it is parsed
 * @example
 * const { tensors } = decodeSafetensors(bytes, 'detector.safetensors');
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  file = 'bytes',
): { tensors: Record<string, NamedArray>; metadata: Record<string, string> } {
  const refuse = (expected: string, received: string, offset: number): never => {
    throw new FormatError({ where: 'decodeSafetensors', what: file, expected, received }, offset);
  };
  if (bytes.length < 8) refuse('a header length of 8 bytes', `${bytes.length} bytes`, 0);
  const claimed = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (claimed > BigInt(Math.min(LARGEST_HEADER, bytes.length - 8))) {
    refuse(`a header within the ${bytes.length} bytes of the file`, `a header length of ${claimed}`, 0);
  }
  const dataStart = 8 + Number(claimed);
  const header = readHeader(bytes.subarray(8, dataStart), refuse);
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, HeaderEntry> & {
    __metadata__?: Record<string, string>;
  };
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    refuse('__metadata__ of strings', JSON.stringify(metadata).slice(0, 80), 8);
  }

  // In the order of the data: without gaps, overlaps or a rest.
  const checked = Object.entries(entries).map(([name, entry]) => checkEntry(name, entry, refuse));
  checked.sort((a, b) => a.start - b.start || a.end - b.end);
  let place = 0;
  for (const { name, start, end } of checked) {
    if (start !== place) refuse(`${name} to begin at ${place}`, `data_offsets from ${start}`, dataStart + place);
    place = end;
  }
  if (dataStart + place !== bytes.length) {
    refuse(`${place} bytes of data`, `${bytes.length - dataStart}`, Math.min(dataStart + place, bytes.length));
  }
  const tensors = checked.map(({ name, dtype, shape, start, end }): [string, NamedArray] => {
    const { array, bytes: width } = TYPES[dtype];
    // Not `slice`: that of a Node Buffer is a view into a larger buffer.
    const copy = inFileOrder(new Uint8Array(bytes.subarray(dataStart + start, dataStart + end)), width);
    return [name, { dtype, shape, data: new array(copy.buffer as ArrayBuffer) } as NamedArray];
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

type Refuse = (expected: string, received: string, offset: number) => never;

function readHeader(text: Uint8Array, refuse: Refuse): Record<string, unknown> {
  try {
    return parseHeader(text);
  } catch (error) {
    return refuse('a JSON header in UTF-8, each name once', (error as Error).message.slice(0, 80), 8);
  }
}

function checkEntry(name: string, entry: unknown, refuse: Refuse) {
  const shown = () => JSON.stringify(entry).slice(0, 80);
  if (!isRecord(entry)) return refuse(`${name} to have dtype, shape and data_offsets`, shown(), 8);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(TYPES, dtype)) {
    return refuse(`a dtype of ${name} among ${Object.keys(TYPES).join(', ')}`, shown(), 8);
  }
  const count = Array.isArray(shape) ? elementsOf(shape) : undefined;
  if (count === undefined) return refuse(`a shape of ${name} of whole numbers from 0`, shown(), 8);
  const [start, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isLength(start) || !isLength(end)) return refuse(`two data_offsets of ${name}`, shown(), 8);
  const bytes = count * TYPES[dtype as Dtype].bytes;
  if (end - start !== bytes) return refuse(`${bytes} bytes for the shape of ${name}`, shown(), 8);
  return { name, dtype: dtype as Dtype, shape: shape as number[], start, end };
}
