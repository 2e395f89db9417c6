import { COUNT, oneOf, SHARE, wholeFrom, type Rule } from '../../core/check';
import { FormatError } from '../../core/errors';
import { formatOf } from '../../core/saved/format-of';
import { parseJson } from '../../core/saved/json';
import { readSaved, type SavedFields } from '../../core/saved/read-saved';
import { decodeSafetensors, encodeSafetensors } from '../../core/saved/safetensors';
import { firstWrong, readArrays, writeArrays } from '../../core/saved/saved-arrays';
import { writableJson } from '../../core/saved/writable-json';
import { bankOf, type GrowingBank } from './growing-bank';
import { LABEL, type GrowingLabel } from './growing-labels';

const FORMAT = 'tfjs-ood/growing-detector';
const VERSION = '1';
export const NORMALIZE = ['length', 'none'] as const;
/** Of so many neighbors the distances are kept for each row; far fewer are wanted. */
export const MOST_NEIGHBORS = 100;

/** What a growing detector was made with. */
export interface GrowingSettings {
  k: number;
  votes: number;
  normalize: (typeof NORMALIZE)[number];
  alpha: number;
}

interface SavedMetadata {
  settings: GrowingSettings;
  /** Each label once, in the order in which they came. */
  labels: readonly GrowingLabel[];
}

const isLabels = (value: unknown) =>
  Array.isArray(value) &&
  new Set(value).size === value.length &&
  value.every((label) => LABEL.holds(label) && typeof label === typeof value[0]);

const ANY: Rule = { expected: 'an object', holds: () => true };
const METADATA: SavedFields<SavedMetadata> = {
  settings: [ANY],
  labels: [{ expected: 'names, or whole numbers from 0, once each', holds: isLabels }],
};

const FROM_0 = {
  expected: 'whole numbers from 0',
  wrong: /* @__PURE__ */ firstWrong((value) => value >= 0),
};
const TENSORS = {
  labels: { dtype: 'I32', shape: ['M'], rule: FROM_0, empty: true },
  rows: { dtype: 'F32', shape: ['M', 'D'], empty: true },
  neighbors: { dtype: 'I32', shape: ['M', 'K'], rule: FROM_0, empty: true },
} as const;

/** One safetensors file. Equal rows in the same order give equal bytes, however they came and whatever went. */
export function encodeGrowing(bank: GrowingBank, settings: GrowingSettings): Uint8Array {
  const { rows, labels, neighbors, count, size, k } = bank;
  const kinds = [...new Set(labels)];
  const places = new Map(kinds.map((label, place) => [label, place]));
  const found = Math.min(k, Math.max(count - 1, 0));
  const nearest = new Int32Array(count * found);
  for (let row = 0; row < count; row++) {
    nearest.set(neighbors.subarray(row * k, row * k + found), row * found);
  }
  const arrays = {
    labels: Int32Array.from(labels, (label) => places.get(label)!),
    rows: rows.slice(0, count * size),
    neighbors: nearest,
  };
  return encodeSafetensors(writeArrays(TENSORS, arrays, { M: count, D: size, K: found }), {
    format: FORMAT,
    version: VERSION,
    settings: writableJson('growingDetector', 'settings', settings),
    labels: writableJson('growingDetector', 'labels', kinds),
  });
}

function valueOf(where: string, name: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new FormatError(where, `metadata.${name}`, 'JSON', 'something else');
  }
}

/** What {@link encodeGrowing} wrote. @throws FormatError naming what is not as it should be */
export function decodeGrowing(where: string, bytes: Uint8Array): { bank: GrowingBank; settings: GrowingSettings } {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { format, version, ...texts } = metadata;
  if (format !== FORMAT || version !== VERSION) {
    throw new FormatError(where, 'metadata', `${FORMAT} ${VERSION}`, formatOf(metadata, FORMAT, VERSION));
  }
  const values = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, valueOf(where, name, text)]));
  const { labels: kinds, settings: saved } = readSaved(where, values, METADATA, 'metadata');
  const settings = readSaved<GrowingSettings>(
    where,
    saved,
    { k: [wholeFrom(1, MOST_NEIGHBORS)], votes: [COUNT], normalize: [oneOf(...NORMALIZE)], alpha: [SHARE] },
    'metadata.settings',
  );
  const sizes: Record<string, number> = {};
  const { labels: places, rows, neighbors } = readArrays(where, tensors, TENSORS, 'tensors', sizes);
  const { M: count, D: size, K: found } = sizes as { M: number; D: number; K: number };
  const refuse = (what: string, expected: string, received: unknown): never => {
    throw new FormatError(where, `tensors.${what}`, expected, received);
  };
  if (count > 0 === (size === 0)) refuse('rows', 'rows of at least one column, or [0, 0]', `[${count}, ${size}]`);
  const wanted = Math.min(settings.k, Math.max(count - 1, 0));
  if (found !== wanted) refuse('neighbors', `[${count}, ${wanted}], by k = ${settings.k}`, `[${count}, ${found}]`);
  if (new Set(places).size !== kinds.length || places.some((place) => place >= kinds.length)) {
    refuse(
      'labels',
      `each of the ${kinds.length} labels at some row, and no other`,
      `[${new Set(places).size} labels]`,
    );
  }
  const { k, normalize } = settings;
  neighbors.forEach((row, at) => {
    if (row >= count || row === Math.floor(at / found)) refuse('neighbors', 'other rows', `${row} at index ${at}`);
  });
  const labels = Array.from(places, (place) => kinds[place]!);
  const bank = bankOf({ k, normalized: normalize === 'length', size }, rows, labels, neighbors);
  for (let row = 0; row < count; row++) {
    for (let at = row * k + 1; at < row * k + found; at++) {
      const [before, own] = [bank.squares[at - 1]!, bank.squares[at]!];
      const isNext = before < own || (before === own && bank.neighbors[at - 1]! < bank.neighbors[at]!);
      if (!isNext) refuse('neighbors', 'the nearest first', `another order at row ${row}`);
    }
  }
  return { bank, settings };
}
