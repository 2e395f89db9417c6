import { check, FLAG, oneOf, type Rule } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { readOptions, type Declared } from '../../core/read-options';
import {
  EVALUATION,
  METRICS,
  metricsOf,
  type Evaluation,
  type EvaluationMetrics,
  type GroupEvaluation,
  type SetEvaluation,
} from './evaluation';
import { metricText, NUMBER_STYLE, numberWriter, type NumberStyle } from './number-style';
import { TABLE_FORMAT, tableText, type Cell, type TableFormat } from './table-text';

/** A detector and its numbers. */
export interface NamedEvaluation {
  name: string;
  result: Evaluation;
}

/** Options of {@link comparisonTable}. */
export interface ComparisonTableOptions extends NumberStyle {
  /** `'auroc'` by default. */
  metric?: keyof EvaluationMetrics;
  /** `'markdown'` by default. */
  format?: TableFormat;
  /** Marks the best of each column, and all that look the same: bold, in text by a star; CSV marks nothing. */
  best?: boolean;
}

const OPTIONS = {
  ...NUMBER_STYLE,
  metric: [oneOf(...METRICS), 'auroc'],
  format: [TABLE_FORMAT, 'markdown'],
  best: [FLAG, false],
} as const satisfies Declared<ComparisonTableOptions>;

const where = 'comparisonTable';
const HIGHER_IS_BETTER: readonly string[] = ['auroc', 'auprIn', 'auprOut'];

const ENTRIES: Rule = {
  expected: 'a list of { name, result }, each result what evaluate() returns',
  holds: (value: unknown) =>
    Array.isArray(value) && value.every((one: NamedEvaluation | undefined) => EVALUATION.holds(one?.result as never)),
};

interface Column {
  title: string;
  of: (result: Evaluation) => SetEvaluation | GroupEvaluation | undefined;
}

/** Every set, then every group, in the order in which they first come. */
function columnsOf(entries: readonly NamedEvaluation[]): Column[] {
  const names = (part: 'sets' | 'groups') => [...new Set(entries.flatMap(({ result }) => Object.keys(result[part])))];
  const own = <T>(record: Record<string, T>, name: string) => (Object.hasOwn(record, name) ? record[name] : undefined);
  return [
    ...names('sets').map((name) => ({ title: name, of: ({ sets }: Evaluation) => own(sets, name) })),
    ...names('groups').map((name) => ({ title: `${name} (mean)`, of: ({ groups }: Evaluation) => own(groups, name) })),
  ];
}

/** Means over different sets must not stand in one column. */
function checkGroups(entries: readonly NamedEvaluation[]): void {
  const first = new Map<string, string>();
  for (const { name, result } of entries) {
    for (const [group, { sets }] of Object.entries(result.groups)) {
      const members = [...sets].sort().join(', ');
      const expected = first.get(group) ?? members;
      first.set(group, expected);
      if (members === expected) continue;
      throw new ArgumentError(where, `groups.${group} of ${name}`, `of the same sets (${expected})`, members);
    }
  }
}

/** Marks what reads as the best value does: digits that are not shown decide nothing. */
function markBest(
  cells: readonly Cell[],
  values: readonly (number | undefined)[],
  metric: string,
  write: (x: number) => string,
) {
  const there = values.filter((value) => value !== undefined);
  if (there.length === 0) return cells;
  const best = HIGHER_IS_BETTER.includes(metric) ? Math.max(...there) : Math.min(...there);
  return cells.map((cell, i) => ({ ...cell, isBest: values[i] !== undefined && write(values[i]) === write(best) }));
}

/**
 * Detectors side by side: a row for each, a column for each OoD set and each group's macro mean.
 *
 * Formats as in {@link evaluationTable}. A set that a detector has no numbers for is `-`, in CSV empty.
 *
 * @param entries detectors by name, with the results of `evaluate`
 * @param options `metric`, `format`, `best`, `digits`, `percent`, `interval`
 * @throws ArgumentError for no detector, an unknown metric or format, or a group that is not of the same sets
 *   everywhere
 * @example
 * const result = evaluate({ in: [0.1, 0.4, 0.2], out: { svhn: [0.35, 0.8] } });
 * comparisonTable([{ name: 'msp', result }], { format: 'text', digits: 3 }); // 'detector   svhn\nmsp       0.833\n'
 */
export function comparisonTable(entries: readonly NamedEvaluation[], options?: ComparisonTableOptions): string {
  const { metric, format, best, interval, ...style } = readOptions(where, options, OPTIONS);
  const write = numberWriter(style);
  check(where, 'entries', entries, ENTRIES);
  if (entries.length === 0) {
    throw new ArgumentError(where, 'entries', 'at least one detector', 'none');
  }
  checkGroups(entries);
  const columns = columnsOf(entries).map(({ title, of }) => {
    const found = entries.map(({ result }) => of(result));
    const values = found.map((from) => from && metricsOf(from)[metric]);
    if (format === 'csv') return { title, cells: values.map((value): Cell => ({ text: String(value ?? '') })) };
    const cells = found.map((from): Cell => ({ text: from ? metricText(from, metric, write, interval) : '-' }));
    return { title, cells: best ? markBest(cells, values, metric, write) : cells };
  });
  return tableText(
    {
      head: ['detector', ...columns.map(({ title }) => title)],
      rows: entries.map(({ name }, i) => [{ text: name }, ...columns.map(({ cells }) => cells[i]!)]),
      nameColumns: 1,
    },
    format,
  );
}
