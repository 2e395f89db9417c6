import { FormatError } from '../core/errors';
import type { ScorerState } from '../scorers/contract/scorer';
import { formatOf } from '../core/format-of';
import { isRecord, MOST_LEVELS, parseJson, type Json } from '../core/json';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from '../core/safetensors';
import type { OutputWidths } from './given-outputs';
import { writableJson } from '../core/writable-json';

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

/**
 * One safetensors file: tensors `scorer.<name>` and `calibration`; the rest in the metadata. Equal states give equal
 * bytes.
 */
export function encodeDetector(state: DetectorState): Uint8Array {
  const { scorer, calibration, classesWithoutRow, missingMass, cutPoints, classNames, widths, about } = state;
  const tensors: Record<string, NamedArray> = {
    calibration: { dtype: 'F64', shape: [calibration.length], data: calibration },
  };
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

const WIDTHS = 'whole numbers from 1 named features or logits';
const isWidths = (value: unknown): boolean =>
  isRecord(value) &&
  Object.entries(value).every(
    ([name, width]) => ['features', 'logits'].includes(name) && Number.isSafeInteger(width) && (width as number) > 0,
  );

/** The state that {@link encodeDetector} wrote. @throws FormatError naming what is not as it should be */
export function decodeDetector(where: string, bytes: Uint8Array): DetectorState {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const refuse = (what: string, expected: string, received: unknown): never => {
    throw new FormatError(where, what, expected, String(received).slice(0, 80));
  };
  const { format, version, kind } = metadata;
  if (format !== FORMAT || version !== VERSION || kind === undefined) {
    refuse('metadata', `${FORMAT} ${VERSION} with a kind`, formatOf(metadata, FORMAT, VERSION));
  }
  const read = (name: string, expected: string, fits: (value: unknown) => boolean): Json => {
    let value: unknown;
    try {
      value = parseJson(metadata[name] ?? '');
    } catch {
      // said below
    }
    return fits(value) ? (value as Json) : refuse(`metadata.${name}`, expected, metadata[name]);
  };
  const isRate = (value: unknown) => typeof value === 'number' && value > 0 && value < 1;
  const isNames = (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === 'string');
  const cutPoints = read(
    'cutPoints',
    'rates between 0 and 1 by name, with one named default',
    (value) => isRecord(value) && Object.values(value).every(isRate) && Object.hasOwn(value, 'default'),
  );
  const classNames = read('classNames', 'a list of names, or null', (value) => value === null || isNames(value));
  const isClasses = (value: unknown) =>
    Array.isArray(value) && value.every((label, i) => Number.isSafeInteger(label) && label > (value[i - 1] ?? -1));
  const classesWithoutRow = read('classesWithoutRow', 'ascending class indices', isClasses);
  const isShare = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1;
  const missingMass = read('missingMass', 'a share from 0 to 1', isShare);
  const calibration = tensors.calibration;
  if (calibration?.dtype !== 'F64' || calibration.shape.length !== 1 || calibration.data.length === 0) {
    return refuse(
      'calibration',
      'F64 [N], N from 1',
      calibration ? `${calibration.dtype} [${calibration.shape.join()}]` : 'none',
    );
  }
  const wrong = calibration.data.findIndex((score, i, all) => !Number.isFinite(score) || score < all[i - 1]!);
  if (wrong >= 0) refuse('calibration', 'finite and ascending', `${calibration.data[wrong]} at index ${wrong}`);
  const unknown = Object.keys(tensors).find((name) => name !== 'calibration' && !name.startsWith(SCORER));
  if (unknown !== undefined) refuse('tensors', `calibration and ${SCORER}... only`, `also ${unknown}`);
  const object = `an object of at most ${MOST_LEVELS} levels`;
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(SCORER));
  return {
    scorer: {
      kind: kind!,
      options: read('options', object, isRecord) as Record<string, Json>,
      tensors: Object.fromEntries(own.map(([name, tensor]) => [name.slice(SCORER.length), tensor])),
    },
    calibration: Float64Array.from(calibration.data),
    classesWithoutRow: classesWithoutRow as number[],
    missingMass: missingMass as number,
    cutPoints: cutPoints as Record<string, number>,
    classNames: (classNames as string[] | null) ?? undefined,
    widths: metadata.widths === undefined ? {} : (read('widths', WIDTHS, isWidths) as OutputWidths),
    about: read('about', object, isRecord) as Record<string, Json>,
  };
}
