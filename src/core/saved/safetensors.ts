import { check, RECORD } from '../check';
import { ArgumentError, FormatError, ShapeError } from '../errors';
import { checkParts } from './count-parts';
import { parseHeader } from './parse-header';
import { isRecord } from './json';
import { tagOf } from '../shown-value';
import { READ, TYPES, type Dtype, type NamedArray } from './safetensors-types';

export type { Dtype, NamedArray } from './safetensors-types';

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
  check(where, 'tensors', tensors, RECORD);
  check(where, 'metadata', metadata, RECORD);
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const reserved = [...Object.keys(tensors), ...Object.keys(metadata)].find((name) => RESERVED.includes(name));
  if (reserved !== undefined) {
    throw new ArgumentError(where, 'name', 'not a reserved one', reserved);
  }
  for (const [name, value] of Object.entries<unknown>(metadata)) {
    if (typeof value === 'string') continue;
    const expected = 'a string, as the format has no others: String(value), or JSON.stringify(value)';
    throw new ArgumentError(where, `metadata.${name}`, expected, value === null ? 'null' : typeof value);
  }
  for (const [name, { dtype }] of Object.entries(tensors)) {
    if (Object.hasOwn(TYPES, dtype)) continue;
    throw new ArgumentError(where, `tensors.${name}.dtype`, `one of ${Object.keys(TYPES).join(', ')}`, dtype);
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
      throw new ShapeError(where, `tensors.${name}`, `${dtype} data that fill their shape`, received);
    }
    entries.push([name, { dtype, shape, data_offsets: [offset, (offset += data.byteLength)] }]);
  }
  const json = JSON.stringify(Object.fromEntries(entries));
  const text = new TextEncoder().encode(json);
  const headerLength = Math.ceil(text.length / 8) * 8; // filled up with spaces
  const refuse = (expected: string, received: string): never => {
    throw new ArgumentError(where, 'names and metadata', expected, received);
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
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** What a safetensors file holds. */
export interface DecodedSafetensors {
  tensors: Record<string, NamedArray>;
  metadata: Record<string, string>;
}

/** Bytes that have to be waited for: a Blob or File, or a Response. */
export interface LateBytes {
  arrayBuffer(): Promise<ArrayBuffer>;
  /** Of a Response: whether the server gave the file. */
  readonly ok?: boolean;
  readonly status?: number;
}

/**
 * Reads a safetensors file. Everything that the header claims is checked against the bytes there are before anything is
 * allocated: what comes back is complete, or there is an error.
 *
 * F32, F64, I32 and U8 come as they are. What Python writes besides becomes one of these, every value as it was: F16
 * and BF16 F32; I64 (PyTorch's type of labels) I32; BOOL U8. An I64 that has no place in 32 bits is an
 * error that names the array: nothing is rounded. Written again, such an array has its new type.
 *
 * @param bytes a Uint8Array or ArrayBuffer; or a Blob or Response, and then a promise comes back
 * @param file name for the error messages
 * @returns copies of the arrays, by name, and the metadata
 * @throws FormatError for anything malformed: lengths, JSON, names, types, shapes, gaps or overlaps; for what is
 *   another kind of file (a page, a pointer of Git LFS, an archive); for a Response that is an error; for a header of
 *   more than half a million commas, colons and brackets outside its strings (some 40,000 arrays), before it is parsed.
 *   ArgumentError for what holds no bytes
 * @example
 * const { tensors } = decodeSafetensors(bytes, 'detector.safetensors');
 * const late = await decodeSafetensors(new Blob([bytes.slice()])); // or await fetch(...)
 */
export function decodeSafetensors(bytes: Uint8Array | ArrayBuffer, file?: string): DecodedSafetensors;
export function decodeSafetensors(bytes: LateBytes, file?: string): Promise<DecodedSafetensors>;
export function decodeSafetensors(
  bytes: Uint8Array | ArrayBuffer | LateBytes,
  file = 'bytes',
): DecodedSafetensors | Promise<DecodedSafetensors> {
  // By its tag: it may come of another realm, as a frame is.
  const kind = tagOf(bytes).slice(8, -1);
  if (kind === 'Uint8Array') return decodeBytes(bytes as Uint8Array, file);
  if (/ArrayBuffer$/.test(kind)) return decodeBytes(new Uint8Array(bytes as ArrayBuffer), file);
  if (typeof (bytes as LateBytes | undefined)?.arrayBuffer === 'function') return decodeLate(bytes as LateBytes, file);
  throw new ArgumentError(WHERE, 'bytes', 'a Uint8Array, ArrayBuffer, Blob or Response (awaited)', kind);
}

const WHERE = 'decodeSafetensors';
const A_FILE = 'a safetensors file';

async function decodeLate(late: LateBytes, file: string): Promise<DecodedSafetensors> {
  if (late.ok !== false) return decodeBytes(new Uint8Array(await late.arrayBuffer()), file);
  throw new FormatError(WHERE, file, A_FILE, `status ${late.status}`);
}

function decodeBytes(bytes: Uint8Array, file: string): DecodedSafetensors {
  const refuse = (expected: string, received: string, offset: number): never => {
    throw new FormatError(WHERE, file, expected, received, offset);
  };
  const other = notSafetensors(bytes);
  if (other) refuse(A_FILE, other, 0);
  if (bytes.length < 8) refuse('a header length of 8 bytes', `${bytes.length} bytes`, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const claimed = view.getBigUint64(0, true);
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
    const { as, read, bytes: width } = READ[dtype]!;
    if (!as || !read) {
      // Not `slice`: that of a Node Buffer is a view into a larger buffer.
      const copy = inFileOrder(new Uint8Array(bytes.subarray(dataStart + start, dataStart + end)), width);
      return [name, { dtype, shape, data: new TYPES[dtype as Dtype].array(copy.buffer as ArrayBuffer) } as NamedArray];
    }
    const data = new TYPES[as].array((end - start) / width);
    for (let i = 0; i < data.length; i++) {
      const at = dataStart + start + i * width;
      const value = (data[i] = read(view, at));
      if (as === 'F32' || value === value) continue;
      const isBool = as === 'U8';
      refuse(
        `${name} ${isBool ? 'of 0 and 1' : 'within 32 bits'}`,
        String(isBool ? bytes[at] : view.getBigInt64(at, true)),
        at,
      );
    }
    return [name, { dtype: as, shape, data } as NamedArray];
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
  if (typeof dtype !== 'string' || !Object.hasOwn(READ, dtype)) {
    return refuse(`a dtype of ${name} among ${Object.keys(READ).join(', ')}`, shown(), 8);
  }
  const count = Array.isArray(shape) ? elementsOf(shape) : undefined;
  if (count === undefined) return refuse(`a shape of ${name} of whole numbers from 0`, shown(), 8);
  const [start, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isLength(start) || !isLength(end)) return refuse(`two data_offsets of ${name}`, shown(), 8);
  const bytes = count * READ[dtype]!.bytes;
  if (end - start !== bytes) return refuse(`${bytes} bytes for the shape of ${name}`, shown(), 8);
  return { name, dtype, shape: shape as number[], start, end };
}

/** Beginnings of what people have in the place of a safetensors file. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^\s*</, 'an HTML page'],
  [/^version https/, 'a pointer of Git LFS (git lfs pull)'],
  [/^PK/, 'a ZIP archive, as of torch.save'],
];

/** What the bytes are, where they are plainly no safetensors file. */
function notSafetensors(bytes: Uint8Array): string | undefined {
  // A header length below 2^32: that of a header of 60 bytes begins as a page does.
  if (bytes.length > 7 && bytes.subarray(4, 8).every((byte) => byte === 0)) return undefined;
  const start = new TextDecoder().decode(bytes.subarray(0, 64)); // leaves a byte-order mark out
  return OTHERS.find(([pattern]) => pattern.test(start))?.[1];
}
