import { exactly, OBJECT } from '../../core/check';
import { FormatError } from '../../core/errors';
import { formatOf } from '../../core/saved/format-of';
import { isRecord, type Json, MOST_LEVELS, parseJson } from '../../core/saved/json';
import { decodeSafetensors, encodeSafetensors } from '../../core/saved/safetensors';
import { readSaved } from '../../core/saved/read-saved';
import { writableJson } from '../../core/saved/writable-json';
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

/** A state of this kind, and nothing else. @throws FormatError saying which it is of */
export const readScorerState = (where: string, state: ScorerState, kind: string): ScorerState =>
  readSaved<ScorerState>(where, state, { kind: [exactly(kind)], options: [OBJECT], tensors: [OBJECT] }, 'state');
