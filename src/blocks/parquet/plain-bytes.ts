import type { ParquetType } from 'hyparquet';
import type { StoredValues } from './chunk-pages';
import type { ColumnKind } from './column-kind';
import type { Hyparquet } from './hyparquet';

/** Differences of a few bits stand for many values, which all are made at once: no page of a real file has more. */
const MOST_DELTAS = 2 ** 22;

/** Values that lie one after the other, each with as many bytes; or each in bytes of its own. */
export type PlainBytes = { bytes: Uint8Array; list?: undefined } | { list: readonly Uint8Array[]; bytes?: undefined };

function unsplit(bytes: Uint8Array, count: number, size: number): Uint8Array {
  if (bytes.length < count * size) throw new Error('values that end early');
  const joined = new Uint8Array(count * size);
  for (let b = 0; b < size; b++) {
    for (let i = 0, from = b * count; i < count; i++) joined[i * size + b] = bytes[from + i]!;
  }
  return joined;
}

/** Bytes with their lengths before them. */
function prefixed(bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (4 * count > bytes.length) throw new Error('values that end early');
  const list: Uint8Array[] = [];
  for (let i = 0, at = 0; i < count; i++) {
    const length = view.getUint32(at, true);
    at += 4;
    if (length > bytes.length - at) throw new Error('values that end early');
    list.push(bytes.subarray(at, at + length));
    at += length;
  }
  return list;
}

/** Values of a page that has no dictionary, as if they were stored plainly. @throws Error for what is damaged */
export function plainBytes(
  { count, encoding, bytes }: StoredValues,
  { size }: ColumnKind,
  type: ParquetType | undefined,
  hyparquet: Hyparquet,
): PlainBytes {
  if (encoding === 'PLAIN') {
    if (size === undefined) return { list: prefixed(bytes, count) };
    if (bytes.length < count * size) throw new Error('values that end early');
    return { bytes: bytes.subarray(0, count * size) };
  }
  if (encoding === 'BYTE_STREAM_SPLIT' && size !== undefined) return { bytes: unsplit(bytes, count, size) };
  if (count > MOST_DELTAS) throw new Error(`a page of ${count} values, more than ${MOST_DELTAS}`);
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  if (encoding === 'DELTA_BINARY_PACKED' && (type === 'INT32' || type === 'INT64')) {
    const values = type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count);
    hyparquet.deltaBinaryUnpack(reader, count, values);
    return { bytes: new Uint8Array(values.buffer) };
  }
  const list = new Array<Uint8Array>(count);
  if (encoding === 'DELTA_LENGTH_BYTE_ARRAY') hyparquet.deltaLengthByteArray(reader, count, list);
  else if (encoding === 'DELTA_BYTE_ARRAY') hyparquet.deltaByteArray(reader, count, list);
  else throw new Error(`the encoding ${encoding}`);
  return { list };
}
