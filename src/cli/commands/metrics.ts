import { basename, extname } from 'node:path';
import { Option } from 'commander';
import { CliError, EXIT } from '../cli-error';
import { describedOption } from '../input/described-option';
import { share } from '../input/parse-values';
import { numbersOf, readScoreTable, type ScoreTable } from '../input/read-csv';
import { helpAfter, type AddCommand } from './command-frame';

interface MetricsOptions {
  readonly labels?: string | true;
  readonly oodLabel?: number;
  readonly column?: string;
  readonly higherIsKnown?: boolean;
  readonly confidence: number;
  readonly format: 'text' | 'markdown' | 'csv' | 'latex' | 'html';
  readonly json?: boolean;
}

const SCORE_NAMES = ['score', 'scores', 'ood_score'];
const LABEL_NAMES = ['label', 'labels', 'is_ood', 'ood', 'y'];

const finite = (text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new CliError('--ood-label: must be a number', EXIT.wrongUsage);
};

/** `runs/svhn.csv` -> `svhn` */
const nameOf = (path: string): string => basename(path, extname(path));

/** Scores of one file with a label for each: OoD are those below 0, or of the label that is named. */
function byLabels(table: ScoreTable, scores: readonly number[], { labels, oodLabel }: MetricsOptions) {
  const name = typeof labels === 'string' ? labels : undefined;
  const all = numbersOf(table, { option: '--labels', name, usual: LABEL_NAMES });
  const isOod = (label: number) => (oodLabel === undefined ? label < 0 : label === oodLabel);
  const rule = oodLabel === undefined ? 'below 0 (or give --ood-label)' : String(oodLabel);
  const part = (ood: boolean) => scores.filter((_, i) => isOod(all[i]!) === ood);
  const [known, out] = [part(false), part(true)];
  if (out.length === 0) throw new CliError(`${table.path}: no label is ${rule}, so no score is of OoD`);
  if (known.length === 0) throw new CliError(`${table.path}: every label is ${rule}, so no score is of the known`);
  return { in: known, out: { [nameOf(table.path)]: out } };
}

/** Scores of a file of the known, and of one for each set of OoD. */
async function byFiles(paths: readonly string[], scoresOf: (table: ScoreTable) => number[]) {
  const [known, ...others] = paths;
  if (known === undefined || others.length === 0) {
    const way = 'a file with scores of the known and one of OoD, or --labels with one file that has both';
    throw new CliError(`the scores: give ${way}`, EXIT.wrongUsage);
  }
  const out: Record<string, number[]> = {};
  for (const path of others) {
    const name = nameOf(path);
    if (Object.hasOwn(out, name))
      throw new CliError(`the scores: two files are named ${name}; sets are named after them`);
    out[name] = scoresOf(await readScoreTable(path));
  }
  return { in: scoresOf(await readScoreTable(known)), out };
}

/** `metrics`: the usual numbers of scores, of whatever made them. */
export const addMetrics: AddCommand = (program, run) => {
  program
    .command('metrics')
    .description(
      'AUROC, AUPR, FPR95 of scores in CSV files, from Python or anywhere; higher = more out of distribution.',
    )
    .argument('<files...>', 'scores of the known, then a file for each OoD set; with --labels one file')
    .addOption(describedOption('--column <name>', 'column of the scores', { default: 'score, or the only one' }))
    .option('--labels [column]', 'one file with labels; OoD are those below 0 (default column: label)')
    .option('--ood-label <number>', 'OoD are those of this label, as 1', finite)
    .option('--higher-is-known', 'scores are confidences: each is negated')
    .option('--confidence <share>', "of AUROC's interval", share, 0.95)
    .addOption(
      new Option('--format <format>', 'of the table')
        .choices(['text', 'markdown', 'csv', 'latex', 'html'])
        .default('text'),
    )
    .option('--json', 'all numbers as JSON on stdout')
    .addHelpText(
      'after',
      helpAfter(
        'metrics known.csv svhn.csv noise.csv',
        'evaluate({ in, out }), evaluationTable(result) of tfjs-ood/metrics',
      ),
    )
    .action((paths: string[], options: MetricsOptions) =>
      run(async (session) => {
        if (options.labels === undefined && options.oodLabel !== undefined)
          throw new CliError('--ood-label: belongs to --labels, which is not given', EXIT.wrongUsage);
        const sign = options.higherIsKnown ? -1 : 1;
        const scoresOf = (table: ScoreTable) =>
          numbersOf(table, { option: '--column', name: options.column, usual: SCORE_NAMES }).map(
            (score) => sign * score,
          );
        if (options.labels !== undefined && paths.length !== 1)
          throw new CliError(`--labels: is for one file, and ${paths.length} are given`, EXIT.wrongUsage);
        const { evaluate, evaluationTable } = await import('tfjs-ood/metrics');
        let scores: Awaited<ReturnType<typeof byFiles>>;
        if (options.labels === undefined) scores = await byFiles(paths, scoresOf);
        else {
          const table = await readScoreTable(paths[0]!);
          scores = byLabels(table, scoresOf(table), options);
        }
        const result = evaluate(scores, { confidence: options.confidence });
        const { format } = options;
        if (options.json) session.print(JSON.stringify(result, null, 2));
        else session.print(evaluationTable(result, { format, interval: true }).trimEnd());
        return EXIT.ok;
      }),
    );
};
