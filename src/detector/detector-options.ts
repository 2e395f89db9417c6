import {
  ANYTHING,
  COUNT,
  FLAG,
  FUNCTION,
  INTEGER,
  oneOf,
  required,
  SHARE,
  SIGNAL,
  wholeFrom,
  type Rule,
} from '../core/check';
import { ArgumentError } from '../core/errors';
import type { Declared, Read } from '../core/read-options';
import type { LogitMeaning, ScorerMethod } from '../scorers/contract/scorer';
import type { CalibrationMethod } from './calibration/calibration-info';
import { LABEL_SETS, type LabelSetOptions } from './calibration/label-sets';

/** Options of `fitOutputDetector` and of `fitDetector`. */
export interface DetectorOptions {
  /** How to score, e.g. `mahalanobis()`. */
  scorer: ScorerMethod;
  /**
   * False-alarm rate, default 0.05: on average (over the draw of the calibration images) at most this share of known
   * images is called OoD, where new images come as those did; a single calibration lies around it. It takes
   * 1 / alpha - 1 calibration images. It is a rate for each image: at 0.05 some alarm comes in up to 64 % of runs of
   * 20 known images. Take a lower one, or confirm by a second image.
   */
  alpha?: number;
  /**
   * More cut-points, false-alarm rates by name. One named `default` is `alpha` by another name: give one of the two.
   */
  cutPoints?: Readonly<Record<string, number>>;
  /**
   * Names of the classes, by class index. Where labels are names and these are left out, they are the distinct labels
   * in the order of their code points; needed where that is not the order of the model's outputs. Written out, they
   * are the type of a verdict's label.
   */
  classNames?: readonly string[];
  /** Share of the images that fits nothing and calibrates, drawn of all of them whatever their class; default 0.2. */
  calibrationShare?: number;
  /**
   * `'held-out'`: images that fitted nothing calibrate. `'cross'`: the images are drawn into folds, each of which is
   * scored by a scorer fitted on the others; all of them calibrate, K scorers are kept, and twice alpha (and a little)
   * is guaranteed where about alpha comes. Left out, held-out images calibrate where they are enough for every rate,
   * and folds otherwise.
   */
  calibration?: CalibrationMethod;
  /** How many folds there are; default 5. */
  folds?: number;
  /**
   * In (0, 1), for held-out images: with this confidence the rate of this very detector is at most alpha; left out, it
   * is on average over calibrations. 59 calibration images for 0.05 with confidence 0.95, in place of 19.
   */
  confidence?: number;
  /**
   * Verdicts have the `probability` of their label and a `labelSet`, from a share of the images (`{ share: 0.2 }`) that
   * does nothing else; needs labels and logits.
   */
  labelSets?: boolean | LabelSetOptions;
  /**
   * Whether a detector is fine that can call nothing OoD at its rate, since too few images calibrate; its p-values stay
   * right. Default false: an error says how many images it takes.
   */
  acceptNoAlarm?: boolean;
  /** Which images those are; default 1. */
  seed?: number;
  /** Images at a time; default 256, of images of a model by their size: at most 64. */
  blockSize?: number;
  /** Called after each block: images done of all; of a stream nobody knows how many there are. */
  onProgress?: (done: number, total: number | undefined) => void;
  /** Gives it up: the call rejects with its reason, and holds nothing. */
  signal?: AbortSignal;
}

const SCORER: Rule = {
  expected: 'a method such as mahalanobis()',
  holds: (value: unknown) => typeof (value as ScorerMethod | null)?.fit === 'function',
};
export const NAMES: Rule = {
  expected: 'a list of names',
  holds: (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
};

const METHOD_OF_CALIBRATION = /* @__PURE__ */ oneOf('held-out', 'cross');
const FOLDS = /* @__PURE__ */ wholeFrom(2);

/** The options that every fit of a detector has. */
export const DETECTOR_OPTIONS = {
  scorer: [required(SCORER)],
  alpha: [ANYTHING], // with the cut-points
  cutPoints: [ANYTHING],
  classNames: [NAMES],
  calibrationShare: [SHARE, 0.2],
  calibration: [METHOD_OF_CALIBRATION],
  folds: [FOLDS, 5],
  confidence: [SHARE],
  labelSets: [LABEL_SETS],
  acceptNoAlarm: [FLAG, false],
  seed: [INTEGER, 1],
  blockSize: [COUNT, 256],
  onProgress: [FUNCTION],
  signal: [SIGNAL],
} as const satisfies Declared<DetectorOptions>;

/** Those options as they were read. */
export type ReadDetectorOptions = Read<DetectorOptions, typeof DETECTOR_OPTIONS>;

/** Throws unless the names are as many as the classes, or, where only labels are known, enough for them. */
export function checkClassNames(
  where: string,
  names: readonly string[] | undefined,
  { columns, labels }: { columns?: number | undefined; labels?: ArrayLike<number> | undefined },
): void {
  if (!names) return;
  const largest = Array.from(labels ?? []).reduce((most, label) => Math.max(most, label), -1);
  const expected =
    columns === undefined
      ? `a name for every class, of which there is one with index ${largest}`
      : `${columns} names, one for each column of the logits`;
  const fits = columns === undefined ? names.length > largest : names.length === columns;
  if (!fits) throw new ArgumentError(where, 'classNames', expected, `${names.length} names`);
}

/** Throws unless names that were found among labels are as many as the columns of the logits, each of which is one. */
export function checkFoundNames(where: string, found: readonly string[], meaning: LogitMeaning, columns: number): void {
  if (meaning === 'tags') {
    throw new ArgumentError(where, 'labels', 'class indices, or left out, as the logits are tags', 'names');
  }
  if (found.length === columns) return;
  const expected = `${columns} names, one for each column of the logits, in their order`;
  const some = `${found.slice(0, 3).join(', ')}${found.length > 3 ? ', ...' : ''}`;
  throw new ArgumentError(where, 'classNames', expected, `none, and labels that name ${found.length}: ${some}`);
}
