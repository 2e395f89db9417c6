import { compareAurocs, evaluate, type Evaluation } from 'tfjs-ood/metrics';
import type { Sets } from './experiment';
import type { ScoredSets } from './scores';

/** One trained network with one scorer. */
export interface Result {
  method: string;
  scorer: string;
  seed: number;
  trainSeconds: number;
  accuracy: number;
  evaluation: Evaluation;
}

/** Names of the groups, in the order of the table. */
export const GROUPS = ['seen novelty', 'unseen novelty', 'unseen anomaly'] as const;
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
  about: Pick<Result, 'method' | 'seed' | 'trainSeconds'>,
): Result {
  const groups = groupsOf(out) as Record<string, string[]>;
  const { scorer, accuracy } = scored;
  const evaluation = evaluate(
    { in: scored.known, out: scored.out },
    { groups, accuracy, name: `${about.method}, ${scorer}` },
  );
  return { ...about, scorer, accuracy, evaluation };
}

/** Mean and standard deviation (n - 1); of one number the deviation is unknown. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number | undefined } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, deviation: undefined };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

const text = (values: readonly number[]): string => {
  const { mean, deviation } = meanAndDeviation(values);
  return deviation === undefined ? mean.toFixed(4) : `${mean.toFixed(4)} ± ${deviation.toFixed(4)}`;
};

/** A row for each method and scorer: mean and standard deviation over the seeds. */
export function comparisonOf(
  results: readonly Result[],
  out: Sets['out'],
  titles: Readonly<Record<string, string>>,
): string {
  const groups = Object.entries(groupsOf(out));
  const names = out.map(({ name }) => name);
  const shown = [...groups.filter(([, own]) => own.length > 1).map(([group]) => group), ...names];
  const head = ['method', 'scorer', 'seeds', 'accuracy', ...shown.map((name) => `AUROC ${name}`)];
  const rows = new Map<string, Result[]>();
  for (const result of results) {
    const key = `${result.method}/${result.scorer}`;
    rows.set(key, [...(rows.get(key) ?? []), result]);
  }
  const lines = [...rows.values()].map((own) => {
    const aurocOf = ({ evaluation }: Result, name: string) =>
      evaluation.sets[name]?.auroc.value ?? evaluation.groups[name]!.auroc;
    const { method, scorer } = own[0]!;
    return [
      titles[method] ?? method,
      scorer,
      String(own.length),
      text(own.map(({ accuracy }) => accuracy)),
      ...shown.map((name) => text(own.map((result) => aurocOf(result, name)))),
    ];
  });
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[row(head), row(head.map((_, i) => (i < 2 ? '---' : '---:'))), ...lines.map(row)].join('\n')}\n`;
}

/** Scores of the first method's scorer against each other one's on the same images, seed by seed. */
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

/** Paired DeLong tests of `first` against all others, on each of the sets. */
export function pairedTests(all: readonly SeedScores[], first: string, sets: readonly string[]): Paired[] {
  const reference = new Map(all.filter(({ method }) => method === first).map((one) => [one.seed, one.scored]));
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

export function pairedTable(tests: readonly Paired[], titles: Readonly<Record<string, string>>): string {
  const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const lines = tests.map(({ method, scorer, set, difference, ahead, behind, seeds }) =>
    row([
      titles[method] ?? method,
      scorer,
      set,
      difference.toFixed(4),
      `${ahead} of ${seeds}`,
      `${behind} of ${seeds}`,
    ]),
  );
  const head = ['against', 'scorer', 'set', 'AUROC more', 'ahead (p < 0.05)', 'behind (p < 0.05)'];
  return `${[row(head), row(['---', '---', '---', '---:', '---:', '---:']), ...lines].join('\n')}\n`;
}
