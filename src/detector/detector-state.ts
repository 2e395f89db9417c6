import { ANY_SHARE, COUNT, SHARE, type Rule } from '../core/check';
import { FormatError } from '../core/errors';
import type { ScorerState } from '../scorers/contract/scorer';
import { formatOf } from '../core/saved/format-of';
import { isRecord, MOST_LEVELS, parseJson, type Json } from '../core/saved/json';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from '../core/saved/safetensors';
import type { Declared } from '../core/read-options';
import { readSaved } from '../core/saved/read-saved';
import { firstWrong, readArrays, writeArrays, type NumbersRule } from '../core/saved/saved-arrays';
import { writableJson } from '../core/saved/writable-json';
import type { OutputWidths } from './given-outputs';

const FORMAT = 'tfjs-ood/detector';
const VERSION = '1';
const SCORER = 'scorer.';

/** Everything that makes a detector, without the model. */
export interface DetectorState {
  scorer: ScorerState;
  /** In-distribution scores that fitted nothing [N], ascending. */
  calibration: Float64Array;
  /** Class indices of which no image was drawn for the fit, ascending. */
  classesWithoutRow: readonly number[];
  /** Share of the images that are alone in their class. */
  missingMass: number;
  /** False-alarm rate of each named cut-point; `'default'` is the one that counts where none is named. */
  cutPoints: Readonly<Record<string, number>>;
  classNames: readonly string[] | undefined;
  /** How wide the logits and features of the fit were; empty in files of before this was kept. */
  widths: OutputWidths;
  /** What belongs to the model: fingerprint, names of layers. */
  about: Readonly<Record<string, Json>>;
}

/** What stands in the metadata beside format, version and kind. */
interface SavedMetadata extends Omit<DetectorState, 'scorer' | 'calibration' | 'classNames'> {
  classNames: readonly string[] | null;
  options: ScorerState['options'];
}

/**
 * One safetensors file: tensors `scorer.<name>` and `calibration`; the rest in the metadata. Equal states give equal
 * bytes.
 */
export function encodeDetector(state: DetectorState): Uint8Array {
  const { scorer, calibration, classesWithoutRow, missingMass, cutPoints, classNames, widths, about } = state;
  const tensors: Record<string, NamedArray> = writeArrays(TENSORS, { calibration });
  for (const [name, tensor] of Object.entries(scorer.tensors)) tensors[SCORER + name] = tensor;
  const json = {
    classesWithoutRow,
    missingMass,
    cutPoints,
    classNames: classNames ?? null,
    widths,
    about,
    options: scorer.options,
  };
  const texts = Object.entries(json).map(([name, value]): [string, string] => [
    name,
    writableJson('detector', name, value),
  ]);
  return encodeSafetensors(tensors, {
    format: FORMAT,
    version: VERSION,
    kind: scorer.kind,
    ...Object.fromEntries(texts),
  });
}

const OBJECT: Rule = { expected: `an object of at most ${MOST_LEVELS} levels`, holds: isRecord };
const isClasses = (value: unknown) =>
  Array.isArray(value) && value.every((label, i) => Number.isSafeInteger(label) && label > (value[i - 1] ?? -1));
const isWidths = (value: unknown) =>
  isRecord(value) &&
  Object.entries(value).every(([name, width]) => ['features', 'logits'].includes(name) && COUNT.holds(width as number));
const isRates = (value: unknown) =>
  isRecord(value) &&
  Object.values(value).every((rate) => SHARE.holds(rate as number)) &&
  Object.hasOwn(value, 'default');
const isNames = (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === 'string');

const METADATA: Declared<SavedMetadata> = {
  classesWithoutRow: [{ expected: 'ascending class indices', holds: isClasses }],
  missingMass: [ANY_SHARE],
  cutPoints: [{ expected: 'rates between 0 and 1 by name, with one named default', holds: isRates }],
  classNames: [{ expected: 'a list of names, or null', holds: (value: unknown) => value === null || isNames(value) }],
  widths: [{ expected: 'whole numbers from 1 named features or logits', holds: isWidths }, {}],
  about: [OBJECT],
  options: [OBJECT],
};

const ASCENDING: NumbersRule = {
  expected: 'ascending',
  wrong: /* @__PURE__ */ firstWrong((score, at, scores) => at === 0 || score >= scores[at - 1]!),
};
const TENSORS = { calibration: { dtype: 'F64', shape: ['N'], rule: ASCENDING } } as const;

/** A value of the metadata; what is no JSON, or too deep, stays the text that it is, which no rule takes. */
function valueOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** The state that {@link encodeDetector} wrote. @throws FormatError naming what is not as it should be */
export function decodeDetector(where: string, bytes: Uint8Array): DetectorState {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { format, version, kind, ...texts } = metadata;
  if (format !== FORMAT || version !== VERSION) {
    throw new FormatError(where, 'metadata', `${FORMAT} ${VERSION}`, formatOf(metadata, FORMAT, VERSION));
  }
  if (!kind) throw new FormatError(where, 'metadata.kind', 'the kind of the scorer', kind ?? 'none');
  const values = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, valueOf(text)]));
  const { classNames, options, ...rest } = readSaved(where, values, METADATA, 'metadata');
  const columns = rest.widths.logits;
  if (classNames && columns !== undefined && classNames.length !== columns) {
    throw new FormatError(where, 'metadata.classNames', `${columns} names, one for each column`, classNames);
  }
  const isOfScorer = ([name]: [string, unknown]) => name.startsWith(SCORER);
  const own = Object.entries(tensors).filter(isOfScorer);
  const others = Object.entries(tensors).filter((entry) => !isOfScorer(entry));
  const { calibration } = readArrays(where, Object.fromEntries(others), TENSORS, 'tensors');
  return {
    ...rest,
    scorer: {
      kind,
      options,
      tensors: Object.fromEntries(own.map(([name, tensor]) => [name.slice(SCORER.length), tensor])),
    },
    calibration,
    classNames: classNames ?? undefined,
  };
}
