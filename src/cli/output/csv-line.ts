/** Spreadsheets run what begins so as a formula. */
const isFormula = (text: string) => /^[=+\-@\t\r\n]/.test(text);

/** A line of CSV (RFC 4180); numbers are given as numbers, words may come from names of files. */
export function csvLine(cells: readonly (string | number | boolean | undefined)[]): string {
  const written = cells.map((cell) => {
    if (typeof cell !== 'string') return String(cell ?? '');
    const text = isFormula(cell) ? `'${cell}` : cell;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return written.join(',');
}
