import { ANYTHING, check, COUNT, FUNCTION, INTEGER, type Rule } from '../core/check';
import { ArgumentError } from '../core/errors';
import type { Declared, Read } from '../core/read-options';
import type { ScorerMethod } from '../scorers/contract/scorer';
import type { DetectorOptions } from './output-detector';

const SCORER: Rule = {
  expected: 'a method such as mahalanobis()',
  holds: (value: unknown) => typeof (value as ScorerMethod | null)?.fit === 'function',
};
const NAMES: Rule = {
  expected: 'a list of names',
  holds: (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
};

/** The options that every fit of a detector has. */
export const DETECTOR_OPTIONS = {
  scorer: [SCORER],
  alpha: [ANYTHING], // with the cut-points
  cutPoints: [ANYTHING],
  classNames: [NAMES],
  calibrationShare: [ANYTHING, 0.2], // with the rates
  seed: [INTEGER, 1],
  blockSize: [COUNT, 256],
  onProgress: [FUNCTION],
} as const satisfies Declared<DetectorOptions>;

/** Those options as they were read. */
export type ReadDetectorOptions = Read<DetectorOptions, typeof DETECTOR_OPTIONS>;

/** Throws unless there are options with a scorer among them: without one there is no detector. */
export function checkScorer(where: string, options: Partial<DetectorOptions> | undefined): void {
  if (options === undefined || options === null) {
    throw new ArgumentError(where, 'options', '{ scorer, ... }, with a scorer such as nearestNeighbors()', options);
  }
  check(where, 'scorer', options.scorer, SCORER);
}

/** Throws unless the names are as many as the classes, or, where only labels are known, enough for them. */
export function checkClassNames(
  where: string,
  names: readonly string[] | undefined,
  { columns, labels }: { columns?: number | undefined; labels?: ArrayLike<number> | undefined },
): void {
  if (!names) return;
  const refuse = (expected: string) => {
    throw new ArgumentError(where, 'classNames', expected, `${names.length} names`);
  };
  if (columns !== undefined && names.length !== columns) refuse(`${columns} names, one for each column of the logits`);
  let largest = -1;
  for (let i = 0; i < (labels?.length ?? 0); i++) largest = Math.max(largest, labels![i]!);
  if (names.length <= largest) refuse(`a name for every class, of which there is one with index ${largest}`);
}
