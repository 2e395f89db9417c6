import { oneOf } from '../../core/check';

/** How a table is written. */
export type TableFormat = 'markdown' | 'latex' | 'csv' | 'text' | 'html';

/** A cell as text. */
export interface Cell {
  text: string;
  /** The best of its column. */
  isBest?: boolean;
}

/** Names on the left, which are escaped, numbers on the right. */
export interface Table {
  head: readonly string[];
  rows: readonly (readonly Cell[])[];
  /** Columns from the left that hold names. */
  nameColumns: number;
  /** First row of the foot, which LaTeX sets apart. */
  footFrom?: number;
}

/** Line breaks, tabs and other control characters have no place in a cell. */
// eslint-disable-next-line no-control-regex
const oneLine = (text: string) => text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ');

/** Markdown's own signs get a backslash; an underscore only where it could begin or end an emphasis. */
function markdownText(text: string): string {
  return oneLine(text).replace(/[\\|`*<[\]~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&');
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  // After the end of a row these two would be read as its options.
  '[': '{[}',
  '*': '{*}',
};

function latexText(text: string): string {
  return oneLine(text).replace(/[\\~^_&%#${}[*]/g, (sign) => LATEX[sign] ?? `\\${sign}`);
}

/** RFC 4180: quoted where it must be, quotes doubled. */
const csvField = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Spreadsheets run what begins so as a formula; a single quote in front makes it text. */
const csvName = (text: string) => csvField(/^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text);

function aligned(lines: readonly (readonly string[])[], nameColumns: number): string[][] {
  const width = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) =>
    line.map((cell, column) => (column < nameColumns ? cell.padEnd(width[column]!) : cell.padStart(width[column]!))),
  );
}

/** Head and rows, names escaped, the best marked by `bold`. */
function written({ head, rows, nameColumns }: Table, escape: (name: string) => string, bold: (text: string) => string) {
  const cells = rows.map((row) =>
    row.map(({ text, isBest }, column) => {
      const safe = column < nameColumns ? escape(text) : text;
      return isBest ? bold(safe) : safe;
    }),
  );
  return [head.map(escape), ...cells];
}

function markdown(table: Table): string {
  const { nameColumns } = table;
  const [top, ...rows] = aligned(
    written(table, markdownText, (text) => `**${text}**`),
    nameColumns,
  );
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = top!.map((cell, i) =>
    i < nameColumns ? '-'.repeat(cell.length + 2) : `${'-'.repeat(cell.length + 1)}:`,
  );
  return `${[line(top!), `|${rule.join('|')}|`, ...rows.map(line)].join('\n')}\n`;
}

function latex(table: Table): string {
  const { nameColumns, footFrom = 0 } = table;
  const [top, ...rows] = written(table, latexText, (text) => `\\textbf{${text}}`).map(
    (cells) => `${cells.join(' & ')} \\\\`,
  );
  if (footFrom > 0 && footFrom < rows.length) rows.splice(footFrom, 0, '\\midrule');
  const columns = table.head.map((_, column) => (column < nameColumns ? 'l' : 'r')).join('');
  const begin = [`\\begin{tabular}{${columns}}`, '\\toprule', top, '\\midrule'];
  return `${[...begin, ...rows, '\\bottomrule', '\\end{tabular}'].join('\n')}\n`;
}

function csv({ head, rows, nameColumns }: Table): string {
  const lines = [
    head.map(csvName),
    ...rows.map((row) => row.map(({ text }, column) => (column < nameColumns ? csvName(text) : csvField(text)))),
  ];
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}

function text({ head, rows, nameColumns }: Table): string {
  // A star behind the best; a space behind the others of its column keeps the digits in line.
  const stars = head.map((_, column) => rows.some((row) => row[column]!.isBest));
  const marked = rows.map((row) =>
    row.map((cell, column) => `${oneLine(cell.text)}${stars[column] ? (cell.isBest ? '*' : ' ') : ''}`),
  );
  const top = head.map((title, column) => `${oneLine(title)}${stars[column] ? ' ' : ''}`);
  return `${aligned([top, ...marked], nameColumns)
    .map((line) => line.join('  ').trimEnd())
    .join('\n')}\n`;
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const htmlText = (raw: string) => oneLine(raw).replace(/[&<>"']/g, (sign) => HTML[sign]!);

function html({ head, rows, nameColumns, footFrom = rows.length }: Table): string {
  const top = head.map((title) => `<th scope="col">${htmlText(title)}</th>`).join('');
  const lines = rows.map((row, i) => {
    const cells = row.map(({ text, isBest }, column) => {
      const safe = isBest ? `<strong>${htmlText(text)}</strong>` : htmlText(text);
      return column < nameColumns ? `<th scope="row">${safe}</th>` : `<td>${safe}</td>`;
    });
    return `<tr${i >= footFrom ? ' class="foot"' : ''}>${cells.join('')}</tr>`;
  });
  return `<table>\n<thead><tr>${top}</tr></thead>\n<tbody>\n${lines.join('\n')}\n</tbody>\n</table>\n`;
}

const writers = { markdown, latex, csv, text, html };

export const TABLE_FORMAT = oneOf('markdown', 'latex', 'csv', 'text', 'html');

/** A table as text, ending with a line break. */
export function tableText(table: Table, format: TableFormat): string {
  return writers[format](table);
}
