import type { ScorerComparison, ScorerFigures } from './comparison';

const withLimits = (value: number, lower: number, upper: number): string =>
  `${value.toFixed(3)} [${lower.toFixed(3)}, ${upper.toFixed(3)}]`;

/** As many digits as tell something: of milliseconds three, of bytes KiB. */
const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));

/** Lines of equal columns, names on the left and numbers on the right. */
function aligned(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const padded = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!);
  return lines.map((line) => `${line.map(padded).join('  ').trimEnd()}\n`).join('');
}

/** A comparison as a table of plain text, with what else is to be read. */
export function comparisonText(result: Omit<ScorerComparison, 'text'>): string {
  const { scorers, sets, best, leftOut, warnings } = result;
  const auroc = ({ auroc: value, aurocLower, aurocUpper }: ScorerFigures) => withLimits(value, aurocLower, aurocUpper);
  const fpr = ({ fprAt95TprInPositive: value, fprLower, fprUpper }: ScorerFigures) =>
    withLimits(value, fprLower, fprUpper);
  const tied = new Set([best.name, ...best.against.filter(({ isTied }) => isTied).map(({ name }) => name)]);
  // One set is the mean of itself.
  const ofSets = sets.length > 1 ? sets.map(({ name }) => name) : [];
  const rows = scorers.map((one) => [
    one.name,
    `${auroc(one)}${tied.has(one.name) ? '*' : ' '}`,
    fpr(one),
    ...ofSets.map((name) => one.sets[name]!.auroc.toFixed(3)),
    short(one.fitMs),
    short(1000 * one.scoreMsPerRow),
    short(one.stateBytes / 1024),
  ]);
  const head = ['scorer', 'AUROC ', 'FPR95 (known positive)', ...ofSets, 'fit, ms', 'score, ms per 1,000', 'KiB'];
  return [
    aligned([head, ...rows]),
    `* the best and what so few images do not tell from it: ${best.said}.\n`,
    ...sets.map(
      ({ name, about, count, isProxy }) => `${name}${isProxy ? ' (stand-in)' : ''}: ${count} rows, ${about}.\n`,
    ),
    // An error of a scorer begins with its name
    ...leftOut.map(({ name, reason }) => `left out: ${reason.startsWith(`${name}: `) ? '' : `${name}: `}${reason}.\n`),
    ...warnings.map((warning) => `${warning}\n`),
  ].join('');
}
