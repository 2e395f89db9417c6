import { COUNT, FUNCTION, INTEGER, RECORD, SHARE, SIGNAL, type Rule } from '../../core/check';
import type { ScorerMethod } from '../../scorers/contract/scorer';
import { ArgumentError } from '../../core/errors';
import { METHOD } from '../scorer-kinds';

/** Options of `compareScorers` and of `compareOutputScorers`. */
export interface CompareOptions {
  /** Methods by a name of yours, beside all others: `{ 'kNN, k = 5': nearestNeighbors({ k: 5 }) }`. */
  scorers?: Readonly<Record<string, ScorerMethod>>;
  /** Compare these alone, by name; by default every scorer that the model allows. */
  only?: readonly string[];
  /**
   * Whether a class that is left out, and images that are made, stand for the unknown; by default where there are no
   * strange images. `true` beside strange ones: both.
   */
  proxies?: boolean;
  /** At most so many classes are left out in turn, drawn by the seed; default 10. */
  maxClasses?: number;
  /** Share of the known images that fits nothing and is scored, drawn of all of them; default 0.3. */
  heldOutShare?: number;
  /** Of intervals and of the test, default 0.95. */
  confidence?: number;
  /** Of the draws; default 1. */
  seed?: number;
  /** Names of the classes, by class index, where labels are names and not in the order of their code points. */
  classNames?: readonly string[];
  /** Called after each block that went through the model: rows done of all. */
  onProgress?: (done: number, total: number) => void;
  /** Gives it up: the call rejects with its reason, and holds nothing. */
  signal?: AbortSignal;
}

const isNames = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === 'string');

/** What each option may be, with its default. */
export const compareOptions = () => {
  const names: Rule = { expected: 'a list of names', holds: isNames };
  const flag: Rule = { expected: 'true or false', holds: (value: unknown) => typeof value === 'boolean' };
  return {
    scorers: [RECORD, {} as Readonly<Record<string, ScorerMethod>>],
    only: [
      {
        expected: 'a list of at least one name',
        holds: (value: unknown) => isNames(value) && (value as []).length > 0,
      },
    ],
    proxies: [flag],
    maxClasses: [COUNT, 10],
    heldOutShare: [SHARE, 0.3],
    confidence: [SHARE, 0.95],
    seed: [INTEGER, 1],
    classNames: [names],
    onProgress: [FUNCTION],
    signal: [SIGNAL],
  } as const;
};

/** Throws unless each of the caller's scorers is a method. */
export function checkMethods(where: string, scorers: Readonly<Record<string, unknown>>): void {
  for (const [name, method] of Object.entries(scorers)) {
    if (METHOD.holds(method as never)) continue;
    throw new ArgumentError(where, `scorers['${name}']`, METHOD.expected, method);
  }
}
