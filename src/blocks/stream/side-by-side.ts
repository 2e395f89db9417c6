import type { NumberColumn } from './shard-columns';

/** Rows of columns that are turned at a time, and columns: they stay in the cache that is nearest to the processor. */
const ROWS = 1024;
const COLUMNS = 8;

/** Writes the columns of a tile, each `ROWS` after the one before, side by side. */
function turn(tile: Float32Array, columns: number, out: Float32Array, at: number, stride: number, rows: number): void {
  if (columns === COLUMNS) {
    for (let row = 0, to = at; row < rows; row++, to += stride) {
      out[to] = tile[row]!;
      out[to + 1] = tile[row + ROWS]!;
      out[to + 2] = tile[row + 2 * ROWS]!;
      out[to + 3] = tile[row + 3 * ROWS]!;
      out[to + 4] = tile[row + 4 * ROWS]!;
      out[to + 5] = tile[row + 5 * ROWS]!;
      out[to + 6] = tile[row + 6 * ROWS]!;
      out[to + 7] = tile[row + 7 * ROWS]!;
    }
    return;
  }
  for (let column = 0; column < columns; column++) {
    for (let row = 0, to = at + column, from = column * ROWS; row < rows; row++, to += stride)
      out[to] = tile[from + row]!;
  }
}

/** Columns side by side as one; rows are ready where all have them. */
export function sideBySide(columns: readonly NumberColumn[]): NumberColumn {
  if (columns.length === 1) return columns[0]!;
  const tile = new Float32Array(ROWS * COLUMNS);

  /** Copies some rows of all columns. Flat ones are had one after the other, and then turned. */
  function copyRows(out: Float32Array, at: number, stride: number, rows: number): void {
    let held = 0;
    let to = at;
    for (const column of columns) {
      const { width } = column;
      if (width === 1) {
        column.copyTo(tile, held * ROWS, 1, rows);
        held++;
      }
      if (held > 0 && (held === COLUMNS || width !== 1)) {
        turn(tile, held, out, to, stride, rows);
        to += held;
        held = 0;
      }
      if (width === 1) continue;
      column.copyTo(out, to, stride, rows);
      to += width;
    }
    turn(tile, held, out, to, stride, rows);
  }

  return {
    get width() {
      return columns.reduce((sum, { width }) => sum + width, 0);
    },
    async ready() {
      let least = Infinity;
      for (const column of columns) least = Math.min(least, await column.ready());
      return least;
    },
    copyTo(out, at, stride, rows) {
      for (let done = 0; done < rows; done += ROWS)
        copyRows(out, at + done * stride, stride, Math.min(ROWS, rows - done));
    },
  };
}
