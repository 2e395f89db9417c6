/** A cell of a table: its words, and how they are styled once they are as wide as the column. */
export interface TextCell {
  readonly text: string;
  readonly style?: ((text: string) => string) | undefined;
}

/** How a column stands. */
export interface TextColumn {
  readonly title: string;
  readonly width: number;
  readonly isNumber?: boolean;
}

/** A line of a table, two spaces between columns, without spaces at its end. */
export function tableLine(columns: readonly TextColumn[], cells: readonly TextCell[]): string {
  const parts = columns.map(({ width, isNumber }, i) => {
    const { text, style } = cells[i]!;
    const isLast = i === columns.length - 1;
    const padded = isNumber ? text.padStart(width) : isLast ? text : text.padEnd(width);
    return style ? padded.replace(text, () => style(text)) : padded;
  });
  return parts.join('  ').trimEnd();
}

/** The line above all others. */
export const titleLine = (columns: readonly TextColumn[], style: (text: string) => string): string =>
  tableLine(
    columns,
    columns.map(({ title }) => ({ text: title, style })),
  );
