import { readFile } from 'node:fs/promises';
import { CliError } from '../cli-error';
import { checkFile } from './paths';

/** The cells of a row, and the line of the file where it begins. */
export interface ScoreRow {
  readonly cells: readonly string[];
  readonly line: number;
}

/**
 * Rows of CSV text (RFC 4180): quotes, and lines ended by LF or CR LF. Empty lines are none.
 *
 * `csvBlocks` of tfjs-ood/blocks is no parser for it: that wants a line of titles and the names of columns before it
 * opens a file, and makes float32 of numbers, which ties scores that differ.
 */
export function csvRows(text: string): ScoreRow[] {
  const rows: ScoreRow[] = [];
  let [cells, cell, quotedAt]: [string[], string, number] = [[], '', 0];
  let [line, beganAt] = [1, 1];
  const endCell = () => {
    cells.push(cell);
    cell = '';
  };
  const endRow = () => {
    endCell();
    if (cells.length > 1 || cells[0] !== '') rows.push({ cells, line: beganAt });
    cells = [];
  };
  const plain = text.replace(/^\ufeff/, '');
  for (let i = 0; i < plain.length; i++) {
    const letter = plain[i]!;
    if (letter === '\n') line++;
    if (quotedAt > 0) {
      if (letter !== '"') cell += letter;
      else if (plain[i + 1] === '"') cell += plain[++i]!;
      else quotedAt = 0;
    } else if (letter === '"' && cell === '') quotedAt = line;
    else if (letter === ',') endCell();
    else if (letter === '\n') {
      endRow();
      beganAt = line;
    } else if (letter !== '\r') cell += letter;
  }
  if (quotedAt > 0) throw new CliError(`line ${quotedAt}: a quote that opens there is never closed`);
  endRow();
  return rows;
}

const isNumber = (cell: string): boolean => cell.trim() !== '' && Number.isFinite(Number(cell));

/** A file of scores: columns by name, or without a title line by their places from 1. */
export interface ScoreTable {
  readonly path: string;
  readonly titles: readonly string[];
  readonly rows: readonly ScoreRow[];
}

/** Reads CSV, or one number a line, as NumPy's savetxt writes it. */
export async function readScoreTable(path: string): Promise<ScoreTable> {
  await checkFile('the scores', path);
  let rows: ScoreRow[];
  try {
    rows = csvRows(await readFile(path, 'utf8'));
  } catch (error) {
    throw error instanceof CliError ? new CliError(`${path}, ${error.message}`) : error;
  }
  const [first] = rows;
  if (!first) throw new CliError(`${path}: has no lines`);
  const hasTitles = !first.cells.every(isNumber);
  const titles = first.cells.map((title, i) => (hasTitles ? title.trim() : String(i + 1)));
  const own = hasTitles ? rows.slice(1) : rows;
  if (own.length === 0) throw new CliError(`${path}: has a line of titles (${titles.join(', ')}) and no other`);
  const odd = own.find(({ cells }) => cells.length !== titles.length);
  if (odd) {
    const way = 'numbers have a decimal point, and what holds a comma stands in quotes';
    throw new CliError(
      `${path}, line ${odd.line}: must have ${titles.length} cells as the first line, got ${odd.cells.length} (${way})`,
    );
  }
  return { path, titles, rows: own };
}

/** The numbers of a column. `option` chooses it; where it is left out, the usual names, or the only column. */
export function numbersOf(
  { path, titles, rows }: ScoreTable,
  { option, name, usual }: { option: string; name: string | undefined; usual: readonly string[] },
): number[] {
  const wanted =
    name ??
    titles.find((title) => usual.includes(title.toLowerCase())) ??
    (titles.length === 1 ? titles[0] : undefined);
  const at = wanted === undefined ? -1 : titles.indexOf(wanted);
  if (at < 0) {
    const asked = wanted === undefined ? `has no column ${usual[0]}` : `has no column ${wanted}`;
    throw new CliError(`${path}: ${asked}; there are ${titles.join(', ')} (${option} chooses)`);
  }
  return rows.map(({ cells, line }) => {
    const cell = cells[at]!;
    if (isNumber(cell)) return Number(cell);
    const way = titles.length === 1 && /\d\s*[;\t ]\s*[-\d]/.test(cell) ? ' (commas stand between cells)' : '';
    throw new CliError(`${path}, line ${line}: column ${titles[at]} must be a finite number, got '${cell}'${way}`);
  });
}
