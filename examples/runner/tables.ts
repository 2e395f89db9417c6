import { evaluationTable } from 'tfjs-ood/metrics';
import { testSets, type Sets } from './experiment';
import { groupsOf, meanAndDeviation, type Paired, type Result } from './results';

/** Names of methods as the tables show them. */
type Titles = Readonly<Record<string, string>>;

const text = (values: readonly number[]): string => {
  const { mean, deviation } = meanAndDeviation(values);
  return deviation === undefined ? mean.toFixed(4) : `${mean.toFixed(4)} ± ${deviation.toFixed(4)}`;
};

/** Markdown, its first `words` columns to the left. */
function table(head: readonly string[], rows: readonly (readonly string[])[], words: number): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map((_, i) => (i < words ? '---' : '---:'))), ...rows.map(line)].join('\n')}\n`;
}

/** The results of each method and scorer, over the seeds. */
function bySeed(results: readonly Result[]): Result[][] {
  const rows = new Map<string, Result[]>();
  for (const result of results) {
    const key = `${result.method}/${result.scorer}`;
    rows.set(key, [...(rows.get(key) ?? []), result]);
  }
  return [...rows.values()];
}

/** A row for each method and scorer: mean and standard deviation over the seeds. */
export function comparisonOf(results: readonly Result[], out: Sets['out'], titles: Titles): string {
  const groups = Object.entries(groupsOf(out));
  const names = out.map(({ name }) => name);
  const shown = [...groups.filter(([, own]) => own.length > 1).map(([group]) => group), ...names];
  /** A set that is alone in its group shows it. */
  const titleOf = (name: string) => {
    const alone = groups.find(([, own]) => own.length === 1 && own[0] === name);
    return `AUROC ${name}${alone ? ` (${alone[0]})` : ''}`;
  };
  const head = ['method', 'scorer', 'seeds', 'accuracy', ...shown.map(titleOf)];
  const rows = bySeed(results).map((own) => {
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
  return table(head, rows, 2);
}

/** The paper's metrics, a row for each method, scorer and set: mean and standard deviation over the seeds. */
export function metricsTable(results: readonly Result[], titles: Titles): string {
  const head = ['method', 'scorer', 'OoD set', 'AUROC', 'AUPR-in', 'AUPR-out', 'FPR at 95 % TPR', 'detection error'];
  const columns = ['auprIn', 'auprOut', 'fprAt95TprInPositive', 'detectionError'] as const;
  const rows = bySeed(results).flatMap((own) => {
    const { method, scorer, evaluation } = own[0]!;
    return Object.keys(evaluation.sets).map((name) => {
      const sets = own.map((result) => result.evaluation.sets[name]!);
      const cells = columns.map((column) => text(sets.map((set) => set[column])));
      return [titles[method] ?? method, scorer, name, text(sets.map(({ auroc }) => auroc.value)), ...cells];
    });
  });
  return table(head, rows, 3);
}

/** One result: every OoD set with the interval of its AUROC, and the groups. */
export function resultTable({ scorer, accuracy, evaluation }: Result, sets: Sets): string {
  const [known] = testSets(sets);
  const { name, images } = known!;
  const named = name === 'known' ? '' : `${name}, `;
  const title = `Known: ${named}${images.shape[0]} test images, accuracy ${accuracy.toFixed(4)} (${scorer})`;
  const columns = ['outCount', 'auroc', 'auprIn', 'auprOut', 'fprAt95TprInPositive', 'detectionError'] as const;
  return `${title}\n\n${evaluationTable(evaluation, { columns, interval: true })}`;
}

/** Paired tests, a row for each of the others and each set. */
export function pairedTable(tests: readonly Paired[], titles: Titles): string {
  const head = ['against', 'scorer', 'set', 'AUROC more', 'ahead (p < 0.05)', 'behind (p < 0.05)'];
  const rows = tests.map(({ method, scorer, set, difference, ahead, behind, seeds }) => [
    titles[method] ?? method,
    scorer,
    set,
    difference.toFixed(4),
    `${ahead} of ${seeds}`,
    `${behind} of ${seeds}`,
  ]);
  return table(head, rows, 3);
}

/** Wall time and CPU time of the trainings. */
export function timesOf(results: readonly Pick<Result, 'method' | 'seed' | 'trainSeconds' | 'cpuSeconds'>[]): string {
  const trainings = [...new Map(results.map((result) => [`${result.method}/${result.seed}`, result])).values()];
  const [wall, cpu] = (['trainSeconds', 'cpuSeconds'] as const).map((key) => {
    const seconds = trainings.map((training) => training[key]).sort((a, b) => a - b);
    const median = seconds[Math.floor(seconds.length / 2)]!;
    return `median ${median.toFixed(0)}, at most ${seconds.at(-1)!.toFixed(0)}`;
  });
  return `Seconds of a training: ${wall}; CPU seconds: ${cpu}.\n`;
}
