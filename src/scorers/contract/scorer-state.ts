import type { NumberRule } from '../../core/check';
import { FormatError } from '../../core/errors';
import { formatOf } from '../../core/format-of';
import { isRecord, type Json, MOST_LEVELS, parseJson } from '../../core/json';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from '../../core/safetensors';
import { writableJson } from '../../core/writable-json';
import type { ScorerState } from './scorer';

const FORMAT = 'tfjs-ood/scorer';
const VERSION = '1';

/**
 * One safetensors file of a fitted scorer: its tensors by their names; kind and options in the metadata.
 *
 * @returns the bytes; equal states give equal bytes
 * @example
 * const bytes = encodeScorer(scorer.state());
 * const again = mahalanobis().restore(decodeScorer(bytes), {});
 */
export function encodeScorer({ kind, options, tensors }: ScorerState): Uint8Array {
  const json = writableJson('encodeScorer', 'state.options', options);
  return encodeSafetensors(tensors, { format: FORMAT, version: VERSION, kind, options: json });
}

/**
 * The state that {@link encodeScorer} wrote.
 *
 * @throws FormatError where the bytes are no safetensors file, or one that holds something else than a scorer
 * @example
 * decodeScorer(bytes).kind; // 'mahalanobis'
 */
export function decodeScorer(bytes: Uint8Array): ScorerState {
  const where = 'decodeScorer';
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { format, version, kind } = metadata;
  if (format !== FORMAT || version !== VERSION || kind === undefined) {
    throw new FormatError(where, 'metadata', `${FORMAT} ${VERSION} with a kind`, formatOf(metadata, FORMAT, VERSION));
  }
  return { kind, options: parseOptions(where, metadata.options), tensors };
}

function parseOptions(where: string, text: string | undefined): Record<string, Json> {
  const expected = `a JSON object of at most ${MOST_LEVELS} levels`;
  try {
    const options = parseJson(text ?? '');
    if (isRecord(options)) return options as Record<string, Json>;
  } catch {
    // said below
  }
  throw new FormatError(where, 'metadata.options', expected, String(text).slice(0, 80));
}

/** Throws unless the state is of this kind, with no tensors but those that the kind knows. */
export function checkKind(where: string, state: ScorerState, kind: string, tensors: readonly string[] = []): void {
  if (state.kind !== kind) {
    throw new FormatError(where, 'state', `a state of '${kind}'`, `'${state.kind}'`);
  }
  const unknown = Object.keys(state.tensors).find((name) => !tensors.includes(name));
  if (unknown === undefined) return;
  const expected = tensors.length === 0 ? 'none' : `only ${tensors.join(', ')}`;
  throw new FormatError(where, 'state.tensors', expected, `also ${unknown}`);
}

/** A tensor of the state, checked; a side of `undefined` may have any length from 1. @throws FormatError */
export function tensorOf<T extends NamedArray['dtype']>(
  where: string,
  state: ScorerState,
  name: string,
  dtype: T,
  shape: readonly (number | undefined)[],
): Extract<NamedArray, { dtype: T }> {
  const array = state.tensors[name];
  const fits =
    array?.dtype === dtype &&
    array.shape.length === shape.length &&
    shape.every((side, i) => (side === undefined ? array.shape[i]! >= 1 : side === array.shape[i]));
  if (!fits) {
    const expected = `${dtype} [${shape.map((side) => side ?? '?').join(', ')}]`;
    const received = array ? `${array.dtype} [${array.shape.join(', ')}]` : 'none';
    throw new FormatError(where, `state.tensors.${name}`, expected, received);
  }
  const bad = array.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new FormatError(where, `state.tensors.${name}`, 'finite numbers', `${array.data[bad]} at index ${bad}`);
  }
  return array as Extract<NamedArray, { dtype: T }>;
}

/** A number among the options, checked. @throws FormatError */
export function numberOf(where: string, state: ScorerState, name: string): number {
  const value = state.options[name];
  if (typeof value === 'number') return value;
  throw new FormatError(where, `state.options.${name}`, 'a number', JSON.stringify(value) ?? 'none');
}

/** One of some words among the options, checked. @throws FormatError */
export function wordOf<W extends string>(where: string, state: ScorerState, name: string, words: readonly W[]): W {
  const value = state.options[name];
  const word = words.find((one) => one === value);
  if (word !== undefined) return word;
  throw new FormatError(where, `state.options.${name}`, `one of ${words.join(', ')}`, JSON.stringify(value) ?? 'none');
}

/** An option of a saved state that keeps its rule. @throws FormatError */
export function savedOption(where: string, state: ScorerState, name: string, { expected, holds }: NumberRule): number {
  const value = numberOf(where, state, name);
  if (holds(value)) return value;
  throw new FormatError(where, `state.options.${name}`, expected, value);
}
