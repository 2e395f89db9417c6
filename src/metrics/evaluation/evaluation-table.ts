import { check, type Rule } from '../../core/check';
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

/** A column of {@link evaluationTable}: a metric, or what an OoD set is. */
export type EvaluationColumn = keyof EvaluationMetrics | 'outCount' | 'prevalence';

/** Options of {@link evaluationTable}. */
export interface EvaluationTableOptions extends NumberStyle {
  /** `'markdown'` by default. */
  format?: TableFormat;
  /** From left to right; by default the number of OoD samples and every metric. */
  columns?: readonly EvaluationColumn[];
}

const TITLES: Readonly<Record<EvaluationColumn, string>> = {
  outCount: 'OoD',
  prevalence: 'share of OoD',
  auroc: 'AUROC',
  auprIn: 'AUPR-in',
  auprOut: 'AUPR-out',
  fprAt95TprInPositive: 'FPR at 95 % TPR (in positive)',
  fprAt95TprOutPositive: 'FPR at 95 % TPR (OoD positive)',
  detectionError: 'detection error',
};

const COLUMNS: Rule = {
  expected: `names among ${Object.keys(TITLES).join(', ')}`,
  holds: (value: unknown) => Array.isArray(value) && value.every((name) => Object.hasOwn(TITLES, name as string)),
};

const OPTIONS = {
  ...NUMBER_STYLE,
  format: [TABLE_FORMAT, 'markdown'],
  columns: [COLUMNS, ['outCount', ...METRICS]],
} as const satisfies Declared<EvaluationTableOptions>;

type Row = [name: string, kind: 'set' | 'group', from: SetEvaluation | GroupEvaluation];

/** What a person reads. */
function readable(
  rows: readonly Row[],
  columns: readonly EvaluationColumn[],
  write: (fraction: number) => string,
  interval: boolean,
) {
  const cell = ([, , from]: Row, column: EvaluationColumn): string => {
    if (column !== 'outCount' && column !== 'prevalence') return metricText(from, column, write, interval);
    if (!('outCount' in from)) return '';
    return column === 'outCount' ? String(from.outCount) : write(from.prevalence);
  };
  return {
    head: ['OoD set', ...columns.map((column) => TITLES[column])],
    rows: rows.map((row): Cell[] =>
      [row[1] === 'set' ? row[0] : `${row[0]} (mean)`, ...columns.map((column) => cell(row, column))].map((text) => ({
        text,
      })),
    ),
    nameColumns: 1,
    footFrom: rows.filter(([, kind]) => kind === 'set').length,
  };
}

/** What a program reads: names of the result's parts, numbers as they are, the interval in columns of its own. */
function precise(rows: readonly Row[], columns: readonly EvaluationColumn[], interval: boolean) {
  const names = columns.flatMap((column) =>
    column === 'auroc' && interval ? ['auroc', 'aurocLower', 'aurocUpper'] : [column],
  );
  const values = (from: SetEvaluation | GroupEvaluation): Partial<Record<string, number>> => ({
    ...metricsOf(from),
    ...('outCount' in from && {
      outCount: from.outCount,
      prevalence: from.prevalence,
      aurocLower: from.auroc.lower,
      aurocUpper: from.auroc.upper,
    }),
  });
  return {
    head: ['name', 'kind', ...names],
    rows: rows.map(([name, kind, from]): Cell[] => {
      const numbers = values(from);
      return [name, kind, ...names.map((column) => String(numbers[column] ?? ''))].map((text) => ({ text }));
    }),
    nameColumns: 2,
  };
}

/**
 * The numbers of one detector as a table: a row for each OoD set, below them one for each group's macro means.
 *
 * Markdown and text are aligned, LaTeX needs the package booktabs, HTML is a `<table>`; names are escaped. CSV (RFC
 * 4180) has the names of the result's properties, fractions at full precision, and a single quote before a name that
 * begins with `=`, `+`, `-`, `@`, a tab or a line break: spreadsheets would run it as a formula.
 *
 * @param result of `evaluate`
 * @param options `format`, `columns`, `digits`, `percent`, `interval`
 * @throws ArgumentError for an unknown format or column, or an impossible number of digits
 * @example
 * const result = evaluate({ in: [0.1, 0.4, 0.2], out: { svhn: [0.35, 0.8] } });
 * evaluationTable(result, { format: 'text', columns: ['auroc'], digits: 3 }); // 'OoD set  AUROC\nsvhn     0.833\n'
 */
export function evaluationTable(result: Evaluation, options?: EvaluationTableOptions): string {
  const { format, columns, interval, ...style } = readOptions('evaluationTable', options, OPTIONS);
  check('evaluationTable', 'result', result, EVALUATION);
  const rows: Row[] = [
    ...Object.entries(result.sets).map(([name, set]): Row => [name, 'set', set]),
    ...Object.entries(result.groups).map(([name, group]): Row => [name, 'group', group]),
  ];
  const table =
    format === 'csv' ? precise(rows, columns, interval) : readable(rows, columns, numberWriter(style), interval);
  return tableText(table, format);
}
