import { ArgumentError } from '../../core/errors';
import { oneOf, SHARE, type Rule, FLAG } from '../../core/check';
import { isRecord } from '../../core/saved/json';
import { readOptions, type Declared } from '../../core/read-options';
import type { Rows } from '../../scorers/contract/rows';
import { allowedAlarms, countAllowing } from '../../thresholds/allowed-alarms';
import { calibrateSets, type SetCalibration } from '../../thresholds/probabilities/calibrate-sets';
import { classProbabilities } from '../../thresholds/probabilities/class-probabilities';
import { fitTemperature } from '../../thresholds/probabilities/fit-temperature';
import type { SetMethod } from '../../thresholds/probabilities/label-scores';
import { predictionSets } from '../../thresholds/probabilities/prediction-sets';

/** How verdicts get probabilities and label sets. */
export interface LabelSetOptions {
  /** Share of known images whose set may be without their class; default 0.05. */
  alpha?: number;
  /** `'lac'`, the smallest sets, or `'aps'`; default `'lac'`. */
  method?: SetMethod;
  /**
   * Share of the images that serves this alone, default 0.2: they neither fit the scorer nor calibrate the verdict. One
   * half fits the temperature, the other calibrates the sets.
   */
  share?: number;
}

/** What makes probabilities and sets of logits. */
export interface LabelSets {
  readonly temperature: number;
  readonly alpha: number;
  readonly sets: SetCalibration;
}

/** What is said of the classes of one row. */
export interface LabelSet {
  /** Of the most likely class, at the temperature that was fitted. */
  probability: number;
  /** Class indices, the most probable first; may be empty. */
  classes: readonly number[];
}

export const LABEL_SETS: Rule = {
  expected: 'true, or { alpha, method, share }',
  holds: (value: unknown) => FLAG.holds(value as never) || isRecord(value),
};

/** The option with its defaults; undefined where there is none. @throws ArgumentError */
export function labelSetOptions(
  where: string,
  given: boolean | LabelSetOptions | undefined,
): Required<LabelSetOptions> | undefined {
  if (given === undefined || given === false) return undefined;
  const declared = {
    alpha: [SHARE, 0.05],
    method: [oneOf('lac', 'aps'), 'lac'],
    share: [SHARE, 0.2],
  } as const satisfies Declared<LabelSetOptions>;
  return readOptions(`${where}: labelSets`, given === true ? {} : given, declared);
}

const half = ({ data, shape: [count, columns] }: Rows, from: number, to: number) => ({
  data: data.subarray(from * columns, to * columns),
  shape: [Math.min(to, count) - from, columns] as const,
});

/**
 * Temperature and set calibration of rows that serve nothing else: the first half of them, and the other.
 *
 * @throws ArgumentError where they are too few for the level of the sets
 */
export function fitLabelSets(
  where: string,
  logits: Rows,
  labels: Int32Array,
  { alpha, method }: Required<LabelSetOptions>,
  seed: number,
): LabelSets {
  const count = logits.shape[0];
  const middle = Math.floor(count / 2);
  if (middle < 1 || allowedAlarms(count - middle, alpha) < 1) {
    const expected =
      `enough for sets at alpha ${alpha}, which take ${countAllowing(1, alpha)} images (half of the share; ` +
      `give more images, or a larger share or alpha)`;
    throw new ArgumentError(where, 'labelSets.share', expected, `${count - middle} images`);
  }
  const { temperature, warning } = fitTemperature(half(logits, 0, middle), labels.subarray(0, middle));
  if (warning) console.warn(`tfjs-ood: ${where}: labelSets: ${warning}`);
  const probabilities = classProbabilities(half(logits, middle, count), { temperature });
  return { temperature, alpha, sets: calibrateSets(probabilities, labels.subarray(middle), { method, seed }) };
}

/** Probability and set of each row. */
export function labelSetsOf({ temperature, alpha, sets }: LabelSets, logits: Rows): LabelSet[] {
  const probabilities = classProbabilities(logits, { temperature });
  const columns = logits.shape[1];
  return predictionSets(sets, probabilities, { alpha }).sets.map(({ classes }, row) => ({
    probability: probabilities.data.subarray(row * columns, (row + 1) * columns).reduce((a, b) => Math.max(a, b)),
    classes,
  }));
}
