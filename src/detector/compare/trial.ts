import type { KnownBlock } from '../known/known-rows';
import type { Head } from '../../scorers/contract/scorer';

/** Rows that are scored, and which of all rows each one is. */
export interface TrialRows {
  rows: KnownBlock;
  ids: Int32Array;
}

/** Known rows against unknown ones, with what fits the scorers for it. */
export interface Trial {
  fit: KnownBlock;
  head: Head | undefined;
  inside: TrialRows;
  outside: TrialRows;
  /** What is missing in the fit, for errors: `'without class 3'`. */
  missing?: string;
}

/** What stands for the unknown: one trial, or one for each class that was left out. */
export interface Unknown {
  name: string;
  isProxy: boolean;
  about: string;
  trials: readonly Trial[];
}

/** What a scorer said in a trial, and which share of a mean that is. */
export interface ScoredTrial {
  inRows: Int32Array;
  outRows: Int32Array;
  inScores: Float32Array;
  outScores: Float32Array;
  weight: number;
}

/** The same trials, each counting the same. */
export const evenly = (trials: readonly ScoredTrial[]): ScoredTrial[] =>
  trials.map((trial) => ({ ...trial, weight: 1 / trials.length }));
