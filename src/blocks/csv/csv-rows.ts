/** A field of a row, and whether it stood in quotes. */
export type CsvRow = readonly string[];

/** What is no CSV, where. */
export class CsvError extends Error {
  constructor(
    readonly row: number,
    readonly expected: string,
    readonly received: string,
  ) {
    super(`${received} at row ${row}`);
  }
}

/** Characters of a row, so that an open quote does not take the whole file for a field. */
const LONGEST_ROW = 2 ** 24;

/**
 * Splits text into rows of fields by RFC 4180, part by part: quoted fields hold delimiters, line ends and doubled
 * quotes. Line ends are LF or CRLF; empty lines are left out, and a byte order mark is dropped.
 */
export class CsvRows {
  #rest = '';
  #isStart = true;
  /** Rows so far, without the header. */
  #rows = -1;
  #searched = 0;

  constructor(private readonly delimiter: string) {}

  /** The rows that end in what came so far. @throws CsvError naming the row */
  add(text: string, isLast: boolean): CsvRow[] {
    let all = this.#rest + text;
    if (this.#isStart && all.length > 0) {
      this.#isStart = false;
      if (all.startsWith('\ufeff')) all = all.slice(1);
    }
    const rows: CsvRow[] = [];
    let at = 0;
    for (;;) {
      const end = this.#rowEnd(all, at, isLast);
      if (end === undefined) break;
      const line = all.slice(at, end > at && all[end - 1] === '\r' ? end - 1 : end);
      at = end + 1;
      if (line === '') continue;
      rows.push(this.#fields(line));
      this.#rows++;
    }
    this.#rest = isLast ? '' : all.slice(at);
    if (this.#rest.length > LONGEST_ROW) {
      throw new CsvError(this.#rows, `rows of at most ${LONGEST_ROW} characters`, 'a longer one (is a quote open?)');
    }
    return rows;
  }

  /** Where the row ends that begins at a place; undefined where it does not yet. */
  #rowEnd(all: string, start: number, isLast: boolean): number | undefined {
    if (start >= all.length) return undefined;
    let from = start + this.#searched;
    this.#searched = 0;
    for (;;) {
      const end = all.indexOf('\n', from);
      const stop = end < 0 ? all.length : end;
      // A line end within quotes is one after an odd number of them
      if (isEven(all, start, stop)) {
        if (end >= 0) return end;
        return isLast ? all.length : undefined;
      }
      if (end < 0) {
        if (isLast) throw new CsvError(this.#rows, 'quotes that are closed', 'an open one');
        return undefined;
      }
      from = end + 1;
    }
  }

  #fields(line: string): string[] {
    if (!line.includes('"')) return line.split(this.delimiter);
    const fields: string[] = [];
    const wrong = () =>
      new CsvError(this.#rows, 'fields that are quoted as a whole, with quotes in them doubled', line.slice(0, 60));
    for (let at = 0; ;) {
      if (line[at] !== '"') {
        const end = line.indexOf(this.delimiter, at);
        const field = line.slice(at, end < 0 ? line.length : end);
        if (field.includes('"')) throw wrong();
        fields.push(field);
        if (end < 0) return fields;
        at = end + 1;
        continue;
      }
      let field = '';
      for (at++; ; at++) {
        const quote = line.indexOf('"', at);
        if (quote < 0) throw wrong();
        field += line.slice(at, quote);
        at = quote + 1;
        if (line[at] !== '"') break;
        field += '"';
      }
      fields.push(field);
      if (at >= line.length) return fields;
      if (line[at] !== this.delimiter) throw wrong();
      at++;
    }
  }
}

/** Whether there is an even number of quotes in a part. */
function isEven(text: string, start: number, end: number): boolean {
  let even = true;
  for (let at = text.indexOf('"', start); at >= 0 && at < end; at = text.indexOf('"', at + 1)) even = !even;
  return even;
}
