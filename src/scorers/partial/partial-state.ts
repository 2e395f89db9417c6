import { COUNT, INDEX, INTEGER, OBJECT, SHARE_OR_NONE, TEXT } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { formatOf } from '../../core/saved/format-of';
import { isRecord, parseJson, type Json } from '../../core/saved/json';
import { readSaved, type SavedFields } from '../../core/saved/read-saved';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from '../../core/saved/safetensors';
import { writableJson } from '../../core/saved/writable-json';
import type { Widths } from '../contract/read-numbers';
import { checkPrefixes } from './named-arrays';
import { areShards, type SavedShards } from './seen-rows';

const FORMAT = 'tfjs-ood/partial-fit';
const VERSION = '1';

/** What a partial fit is of, beside its arrays. */
export interface PartialAbout {
  /** Of the method, all that decide. */
  options: Json;
  /** Digest of the model's head; empty where none is needed. */
  head: string;
  calibrationShare: number;
  seed: number;
  count: number;
  heldOut: number;
  widths: Widths;
  shards: SavedShards;
}

/** A partial fit as plain data. */
export interface PartialState {
  kind: string;
  about: PartialAbout;
  /** Those of the accumulator with `sums.` before their names, those of the rows that were seen with `seen.`. */
  tensors: Record<string, NamedArray>;
}

const WIDTHS: SavedFields<Widths> = { features: [COUNT, undefined], logits: [COUNT, undefined] };
const ABOUT: SavedFields<PartialAbout> = {
  options: [OBJECT],
  head: [TEXT],
  calibrationShare: [SHARE_OR_NONE],
  seed: [INTEGER],
  count: [INDEX],
  heldOut: [INDEX],
  widths: [OBJECT],
  shards: [{ expected: 'shards with their rows', holds: (value: unknown) => areShards(value) }],
};

export const encodePartial = (where: string, { kind, about, tensors }: PartialState): Uint8Array =>
  encodeSafetensors(tensors, { format: FORMAT, version: VERSION, kind, about: writableJson(where, 'shards', about) });

/** What {@link encodePartial} wrote; errors call the bytes `name`. @throws FormatError */
export function decodePartial(where: string, bytes: Uint8Array, name: string): PartialState {
  const { tensors, metadata } = decodeSafetensors(bytes, name);
  const { format, version, kind, about, ...others } = metadata;
  if (format !== FORMAT || version !== VERSION || !kind || Object.keys(others).length > 0) {
    const expected = `${FORMAT} ${VERSION} with a kind`;
    throw new FormatError(where, `metadata of ${name}`, expected, formatOf(metadata, FORMAT, VERSION));
  }
  checkPrefixes(where, `tensors of ${name}`, tensors, ['sums.', 'sample.', 'seen.']);
  const path = `metadata.about of ${name}`;
  let json: unknown;
  try {
    json = parseJson(about ?? '');
  } catch {
    throw new FormatError(where, path, 'JSON', String(about).slice(0, 80));
  }
  const read = readSaved<PartialAbout>(where, json, ABOUT, path);
  readSaved<Widths>(where, read.widths, WIDTHS, `${path}.widths`);
  const rows = read.shards.named.reduce((sum, [, own]) => sum + own, read.shards.unnamed);
  if (rows !== read.count + read.heldOut) {
    throw new FormatError(where, `${path}.shards`, `${read.count + read.heldOut} rows in all`, rows);
  }
  return { kind, about: read, tensors };
}

/** What of the options decides what is gathered or found: all that are data, but for how many rows go at once. */
export const decidingOptions = (options: object): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]: [string, unknown]) =>
      name === 'blockSize' || !isData(value) ? [] : [[name, asJson(value)]],
    ),
  );

/** Words and numbers, and lists and plain objects of them; not what has functions, such as the maker of an index. */
function isData(value: unknown): boolean {
  if (['string', 'number', 'boolean', 'bigint'].includes(typeof value)) return true;
  if (value === null || ArrayBuffer.isView(value)) return true;
  if (Array.isArray(value)) return value.every(isData);
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isData);
}

/** As it comes back from bytes; of a list of numbers, whatever its type, the numbers. */
const asJson = (value: unknown): Json =>
  JSON.parse(
    JSON.stringify(value, (_, inner: unknown) =>
      ArrayBuffer.isView(inner) ? Array.from(inner as Float32Array) : typeof inner === 'bigint' ? `${inner}n` : inner,
    ),
  ) as Json;

/** Throws for the first of both that differs. */
export function checkSame(where: string, what: string, mine: unknown, theirs: unknown, path = ''): void {
  if (isRecord(mine) && isRecord(theirs)) {
    for (const name of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
      checkSame(where, what, mine[name], theirs[name], path ? `${path}.${name}` : name);
    }
    return;
  }
  if (JSON.stringify(mine) === JSON.stringify(theirs)) return;
  throw new ArgumentError(where, what, `one with ${path} ${shownPart(mine)}`, shownPart(theirs));
}

const shownPart = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
