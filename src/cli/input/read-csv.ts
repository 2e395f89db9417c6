import { readFile } from 'node:fs/promises';
import { CliError } from '../cli-error';
import { checkFile } from './paths';

/** The cells of CSV text (RFC 4180): quotes, and lines ended by LF or CR LF. Empty lines are none. */
export function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let [row, cell, isQuoted]: [string[], string, boolean] = [[], '', false];
  const endCell = () => {
    row.push(cell);
    cell = '';
  };
  const endRow = () => {
    endCell();
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  const plain = text.replace(/^\ufeff/, '');
  for (let i = 0; i < plain.length; i++) {
    const letter = plain[i]!;
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (plain[i + 1] === '"') cell += plain[++i]!;
      else isQuoted = false;
    } else if (letter === '"' && cell === '') isQuoted = true;
    else if (letter === ',') endCell();
    else if (letter === '\n') endRow();
    else if (letter !== '\r') cell += letter;
  }
  endRow();
  return rows;
}

const isNumber = (cell: string | undefined): boolean =>
  cell !== undefined && cell.trim() !== '' && Number.isFinite(Number(cell));

/** A file of scores: columns by name, or without a title line by their places from 1. */
export interface ScoreTable {
  readonly path: string;
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Of the file, of the first row. */
  readonly firstLine: number;
}

/** Reads CSV, or one number a line, as NumPy's savetxt writes it. */
export async function readScoreTable(path: string): Promise<ScoreTable> {
  await checkFile('the scores', path);
  const rows = csvRows(await readFile(path, 'utf8'));
  if (rows.length === 0) throw new CliError(`${path}: has no lines`);
  const hasTitles = !rows[0]!.every(isNumber);
  const titles = hasTitles ? rows[0]!.map((title) => title.trim()) : rows[0]!.map((_, i) => String(i + 1));
  const own = hasTitles ? rows.slice(1) : rows;
  if (own.length === 0) throw new CliError(`${path}: has a line of titles (${titles.join(', ')}) and no other`);
  return { path, titles, rows: own, firstLine: hasTitles ? 2 : 1 };
}

/** The numbers of a column. `option` chooses it; where it is left out, the usual names, or the only column. */
export function numbersOf(
  { path, titles, rows, firstLine }: ScoreTable,
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
  return rows.map((row, i) => {
    if (isNumber(row[at])) return Number(row[at]);
    const found = row[at] === undefined ? 'nothing' : `'${row[at]}'`;
    throw new CliError(`${path}, line ${firstLine + i}: column ${titles[at]} must be a finite number, got ${found}`);
  });
}
