import { ArgumentError, ShapeError } from '../../core/errors';
import { tagOf } from '../../core/shown-value';
import type { BlockIds } from '../stream/block';

/** What is written of a verdict; the parts that a detector gives. */
export interface VerdictRow {
  readonly score: number;
  readonly pValue?: number;
  readonly isOod?: boolean;
  readonly label?: unknown;
}

/** A column of what is written. */
export type WrittenColumn =
  | { name: string; kind: 'id' | 'text'; values: readonly string[] }
  | { name: string; kind: 'id'; values: Int32Array | BigInt64Array | BigUint64Array }
  | { name: string; kind: 'double'; values: Float64Array }
  | { name: string; kind: 'flag'; values: readonly boolean[] }
  | { name: string; kind: 'int'; values: Int32Array };

const isIds = (ids: unknown): ids is BlockIds =>
  ids instanceof Int32Array ||
  ids instanceof BigInt64Array ||
  ids instanceof BigUint64Array ||
  (Array.isArray(ids) && ids.every((id) => typeof id === 'string'));

/** The kind of the label of a row. */
function labelColumn(where: string, labels: readonly unknown[]): WrittenColumn | undefined {
  const [first] = labels;
  if (first === undefined) {
    if (labels.every((label) => label === undefined)) return undefined;
  } else if (labels.every((label) => typeof label === 'string')) {
    return { name: 'label', kind: 'text', values: labels };
  } else if (labels.every((label) => Number.isInteger(label))) {
    return { name: 'label', kind: 'int', values: Int32Array.from(labels as number[]) };
  }
  throw new ArgumentError(where, 'verdicts', 'with labels that all are names, or all class indices, or none', first);
}

/**
 * The columns of some rows: `id`, `score` and, of verdicts, `pValue`, `isOod` and `label`.
 *
 * @throws ShapeError for unequal numbers of ids and verdicts, ArgumentError for what is neither
 */
export function verdictColumns(where: string, ids: unknown, verdicts: unknown): WrittenColumn[] {
  if (!isIds(ids)) {
    const expected = 'text, or an Int32Array, BigInt64Array or BigUint64Array, as blocks have them';
    throw new ArgumentError(where, 'ids', expected, ids);
  }
  const own = { name: 'id', kind: 'id', values: ids } as WrittenColumn;
  const isScores = /^\[object Float(32|64)Array\]$/.test(tagOf(verdicts));
  const isVerdicts =
    Array.isArray(verdicts) && verdicts.every((one) => typeof (one as VerdictRow | null)?.score === 'number');
  if (!isScores && !isVerdicts)
    throw new ArgumentError(where, 'verdicts', 'verdicts, or scores as a Float32Array', verdicts);
  const { length } = verdicts as ArrayLike<unknown>;
  if (length !== ids.length) throw new ShapeError(where, 'verdicts', `${ids.length}, one for each id`, length);
  if (isScores) return [own, { name: 'score', kind: 'double', values: Float64Array.from(verdicts as Float32Array) }];
  const rows = verdicts as readonly VerdictRow[];
  const columns: WrittenColumn[] = [
    own,
    { name: 'score', kind: 'double', values: Float64Array.from(rows, ({ score }) => score) },
  ];
  const all = (name: 'pValue' | 'isOod', type: string) => {
    const count = rows.filter((row) => typeof row[name] === type).length;
    if (count > 0 && count < length)
      throw new ArgumentError(where, 'verdicts', `verdicts of which all have ${name}`, count);
    return count > 0;
  };
  if (all('pValue', 'number')) {
    columns.push({ name: 'pValue', kind: 'double', values: Float64Array.from(rows, ({ pValue }) => pValue!) });
  }
  if (all('isOod', 'boolean')) columns.push({ name: 'isOod', kind: 'flag', values: rows.map(({ isOod }) => isOod!) });
  const labels = labelColumn(
    where,
    rows.map(({ label }) => label),
  );
  if (labels) columns.push(labels);
  return columns;
}

/** What columns hold, to be compared with those of the first rows. */
export const shownColumns = (columns: readonly WrittenColumn[]): string =>
  columns
    .map(({ name, kind, values }) => `${name} ${kind}${kind === 'id' ? ` ${values.constructor.name}` : ''}`)
    .join(', ');
