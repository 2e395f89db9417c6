import { ANY_SHARE, COUNT, FLAG, INTEGER, oneOf, POSITIVE, SHARE, type Rule } from '../core/check';
import { FormatError } from '../core/errors';
import type { ScorerState } from '../scorers/contract/scorer';
import { formatOf } from '../core/saved/format-of';
import { isRecord, MOST_LEVELS, parseJson, type Json } from '../core/saved/json';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from '../core/saved/safetensors';
import type { Declared } from '../core/read-options';
import { readSaved } from '../core/saved/read-saved';
import { firstWrong, readArrays, writeArrays, type NumbersRule, type SavedArrays } from '../core/saved/saved-arrays';
import { writableJson } from '../core/saved/writable-json';
import type { CalibrationMethod } from './calibration/calibration-info';
import type { LabelSets } from './calibration/label-sets';
import type { SetCalibration } from '../thresholds/probabilities/calibrate-sets';
import type { OutputWidths } from './given-outputs';

const FORMAT = 'tfjs-ood/detector';
const VERSION = '1';
const SCORER = 'scorer';
const CALIBRATION = 'calibration';

/** Everything that makes a detector, without the model. */
export interface DetectorState {
  /** The scorer; or that of each fold. */
  scorers: readonly ScorerState[];
  /** `'cross'`: each fold has a calibration of its own, for the scorer that did not see it. */
  method: CalibrationMethod;
  /** In-distribution scores that fitted nothing [N], ascending; of folds those of each, for its scorer. */
  calibrations: readonly Float64Array[];
  /** Class indices of which no image was drawn for the fit, ascending. */
  classesWithoutRow: readonly number[];
  /** Share of the images that are alone in their class. */
  missingMass: number;
  /** False-alarm rate of each named cut-point; `'default'` is the one that counts where none is named. */
  cutPoints: Readonly<Record<string, number>>;
  /** With it the rates hold for this calibration; undefined: on average. */
  confidence: number | undefined;
  /** What makes probabilities and label sets of logits, where that was asked for. */
  labelSets: LabelSets | undefined;
  /** Whether it may have rates at which nothing is called OoD. */
  acceptNoAlarm: boolean;
  classNames: readonly string[] | undefined;
  /** How wide the logits and features of the fit were; empty in files of before this was kept. */
  widths: OutputWidths;
  /** What belongs to the model: fingerprint, names of layers. */
  about: Readonly<Record<string, Json>>;
}

type Options = ScorerState['options'];

/** Label sets but their scores, which are an array. */
type SavedSets = Pick<LabelSets, 'temperature' | 'alpha'> & Omit<SetCalibration, 'scores'>;

const SETS = 'labelSets';

/** What stands in the metadata beside format, version and kind. */
interface SavedMetadata extends Omit<
  DetectorState,
  'scorers' | 'calibrations' | 'classNames' | 'confidence' | 'labelSets'
> {
  classNames: readonly string[] | null;
  confidence: number | null;
  labelSets: SavedSets | null;
  /** Those of the scorer, or of each. */
  options: Options | readonly Options[];
}

/** Names of the parts of each fold; of the first, as those of the only one. */
const scorerPrefix = (fold: number): string => `${SCORER}${fold || ''}.`;
const calibrationName = (fold: number): string => `${CALIBRATION}${fold || ''}`;

/**
 * One safetensors file: tensors `scorer.<name>` and `calibration`, of further folds `scorer1.<name>` and
 * `calibration1`; the rest in the metadata. Equal states give equal bytes.
 */
export function encodeDetector(state: DetectorState): Uint8Array {
  const { scorers, calibrations, classNames, confidence, labelSets, ...rest } = state;
  const named = Object.fromEntries(calibrations.map((scores, fold) => [calibrationName(fold), scores]));
  const { scores, ...sets } = labelSets?.sets ?? {};
  const tensors: Record<string, NamedArray> = writeArrays(
    calibrationArrays(calibrations.length, scores !== undefined),
    {
      ...named,
      ...(scores && { [SETS]: scores }),
    },
  );
  for (const [fold, scorer] of scorers.entries()) {
    for (const [name, tensor] of Object.entries(scorer.tensors)) tensors[scorerPrefix(fold) + name] = tensor;
  }
  const options = scorers.map((scorer) => scorer.options);
  const saved = labelSets && { temperature: labelSets.temperature, alpha: labelSets.alpha, ...sets };
  const json = {
    ...rest,
    classNames: classNames ?? null,
    confidence: confidence ?? null,
    labelSets: saved ?? null,
    options: options.length === 1 ? options[0] : options,
  };
  const texts = Object.entries(json).map(([name, value]): [string, string] => [
    name,
    writableJson('detector', name, value),
  ]);
  return encodeSafetensors(tensors, {
    format: FORMAT,
    version: VERSION,
    kind: scorers[0]!.kind,
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
const isOptions = (value: unknown) =>
  isRecord(value) || (Array.isArray(value) && value.length > 1 && value.every(isRecord));
const isNames = (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === 'string');

const METADATA: Declared<SavedMetadata> = {
  classesWithoutRow: [{ expected: 'ascending class indices', holds: isClasses }],
  missingMass: [ANY_SHARE],
  cutPoints: [{ expected: 'rates between 0 and 1 by name, with one named default', holds: isRates }],
  classNames: [{ expected: 'a list of names, or null', holds: (value: unknown) => value === null || isNames(value) }],
  widths: [{ expected: 'whole numbers from 1 named features or logits', holds: isWidths }, {}],
  about: [OBJECT],
  options: [{ expected: `${OBJECT.expected}, or a list of them`, holds: isOptions }],
  method: [/* @__PURE__ */ oneOf('held-out', 'cross')],
  acceptNoAlarm: [FLAG],
  confidence: [
    { expected: 'a share between 0 and 1, or null', holds: (value) => value === null || SHARE.holds(value) },
  ],
  labelSets: [{ expected: 'an object, or null', holds: (value: unknown) => value === null || isRecord(value) }],
};

const SAVED_SETS: Declared<SavedSets> = {
  temperature: [POSITIVE],
  alpha: [SHARE],
  method: [/* @__PURE__ */ oneOf('lac', 'aps')],
  seed: [INTEGER],
  classes: [COUNT],
};

const ASCENDING: NumbersRule = {
  expected: 'ascending',
  wrong: /* @__PURE__ */ firstWrong((score, at, scores) => at === 0 || score >= scores[at - 1]!),
};

/** The arrays of the calibration; each has a length of its own. */
const calibrationArrays = (count: number, hasSets: boolean): SavedArrays => ({
  ...Object.fromEntries(
    Array.from({ length: count }, (_, fold) => [
      calibrationName(fold),
      { dtype: 'F64', shape: [`N${fold || ''}`], rule: ASCENDING },
    ]),
  ),
  ...(hasSets && { [SETS]: { dtype: 'F64', shape: ['L'], rule: ASCENDING } as const }),
});

/** A value of the metadata; what is no JSON, or too deep, stays the text that it is, which no rule takes. */
function valueOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** The label sets of a file, with the scores of their calibration. @throws FormatError */
function readSets(where: string, saved: unknown, scores: Float64Array, columns: number | undefined): LabelSets {
  const { temperature, alpha, ...sets } = readSaved<SavedSets>(where, saved, SAVED_SETS, 'metadata.labelSets');
  if (columns !== undefined && sets.classes !== columns) {
    throw new FormatError(where, 'metadata.labelSets.classes', `${columns}, as the logits have columns`, sets.classes);
  }
  return { temperature, alpha, sets: { ...sets, scores } };
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
  const { classNames, options, confidence, labelSets, ...rest } = readSaved(where, values, METADATA, 'metadata');
  const columns = rest.widths.logits;
  if (classNames && columns !== undefined && classNames.length !== columns) {
    throw new FormatError(where, 'metadata.classNames', `${columns} names, one for each column`, classNames);
  }
  const all = [options].flat() as readonly Options[];
  const foldOf = (name: string) => all.findIndex((_, fold) => name.startsWith(scorerPrefix(fold)));
  const own = all.map((): Record<string, NamedArray> => ({}));
  const others: Record<string, NamedArray> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const fold = foldOf(name);
    if (fold < 0) others[name] = tensor;
    else own[fold]![name.slice(scorerPrefix(fold).length)] = tensor;
  }
  const lists = rest.method === 'cross' ? all.length : 1; // folds that were calibrated anew have one list of scores
  const scores = readArrays(where, others, calibrationArrays(lists, labelSets !== null), 'tensors');
  return {
    ...rest,
    scorers: all.map((ownOptions, fold) => ({ kind, options: ownOptions, tensors: own[fold]! })),
    calibrations: Array.from({ length: lists }, (_, fold) => scores[calibrationName(fold)] as Float64Array),
    classNames: classNames ?? undefined,
    confidence: confidence ?? undefined,
    labelSets: labelSets ? readSets(where, labelSets, scores[SETS] as Float64Array, columns) : undefined,
  };
}
