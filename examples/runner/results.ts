import { compareAurocs, evaluate, gridMetrics, odinStyleMetrics, type Evaluation } from 'tfjs-ood/metrics';
import type { Sets } from './experiment';
import { CLASS_MEAN, type ScoredSets } from './scores';

/** One trained network with one scorer. */
export interface Result {
  method: string;
  scorer: string;
  seed: number;
  trainSeconds: number;
  /** Of all threads: what other programs of the machine do changes it less than `trainSeconds`. */
  cpuSeconds: number;
  accuracy: number;
  /** Every OoD set, and the groups. */
  evaluation: Evaluation;
  /**
   * Per OoD set the two metric sets of the authors' code, for comparison with the paper; they are of distances, so only
   * of these.
   */
  authors: Record<string, { odinStyle: ReturnType<typeof odinStyleMetrics>; grid: ReturnType<typeof gridMetrics> }>;
}

/** Names of the groups, in the order of the table. */
export const GROUPS = ['seen novelty', 'unseen novelty', 'seen anomaly', 'unseen anomaly'] as const;
export type Group = (typeof GROUPS)[number];

/** Which sets belong to which group; empty groups are left out. */
export function groupsOf(out: Sets['out']): Partial<Record<Group, string[]>> {
  const groups = GROUPS.map((group) => {
    const own = out.filter(({ kind, seen }) => `${seen ? 'seen' : 'unseen'} ${kind}` === group);
    return [group, own.map(({ name }) => name)] as const;
  });
  return Object.fromEntries(groups.filter(([, names]) => names.length > 0));
}

/** The numbers of a scorer's scores. */
export function resultOf(
  scored: ScoredSets,
  out: Sets['out'],
  about: Pick<Result, 'method' | 'seed' | 'trainSeconds' | 'cpuSeconds'>,
): Result {
  const groups = groupsOf(out) as Record<string, string[]>;
  const { scorer, accuracy } = scored;
  const evaluation = evaluate(
    { in: scored.known, out: scored.out },
    { groups, accuracy, name: `${about.method}, ${scorer}` },
  );
  const authors = Object.entries(scorer === CLASS_MEAN ? scored.out : {}).map(([name, scores]) => {
    const [odinStyle, grid] = [odinStyleMetrics(scored.known, scores), gridMetrics(scored.known, scores)];
    return [name, { odinStyle, grid }] as const;
  });
  return { ...about, scorer, accuracy, evaluation, authors: Object.fromEntries(authors) };
}

/** Mean and standard deviation (n - 1); of one number the deviation is unknown. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number | undefined } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, deviation: undefined };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** Scores of the first method's first scorer against each other one's on the same images, seed by seed. */
export interface Paired {
  method: string;
  scorer: string;
  set: string;
  /** AUROC of the first less AUROC of the other: mean over the seeds. */
  difference: number;
  /** Seeds in which the first, or the other, is ahead with p < 0.05 (DeLong, paired by images). */
  ahead: number;
  behind: number;
  seeds: number;
}

export interface SeedScores {
  method: string;
  seed: number;
  scored: ScoredSets;
}

/** Paired DeLong tests of the first scorer of `first` against all other methods', on each of the sets. */
export function pairedTests(all: readonly SeedScores[], first: string, sets: readonly string[]): Paired[] {
  const reference = new Map<number, ScoredSets>();
  for (const { method, seed, scored } of all) {
    if (method === first && !reference.has(seed)) reference.set(seed, scored);
  }
  const tests = new Map<string, Paired>();
  for (const { method, seed, scored } of all) {
    const own = reference.get(seed);
    if (method === first || !own) continue;
    for (const set of sets) {
      const { difference, pValue } = compareAurocs(
        { inScores: own.known, outScores: own.out[set]! },
        { inScores: scored.known, outScores: scored.out[set]! },
      );
      const key = `${method}/${scored.scorer}/${set}`;
      const test = tests.get(key) ?? {
        method,
        scorer: scored.scorer,
        set,
        difference: 0,
        ahead: 0,
        behind: 0,
        seeds: 0,
      };
      test.difference = (test.difference * test.seeds + difference) / (test.seeds + 1);
      test.seeds++;
      if (pValue < 0.05) {
        if (difference > 0) test.ahead++;
        else test.behind++;
      }
      tests.set(key, test);
    }
  }
  return [...tests.values()];
}
