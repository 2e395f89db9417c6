import type { Rule } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { nearestName } from '../../core/nearest-name';
import { tagOf } from '../../core/shown-value';
import type { Shard } from '../bytes/shard';
import type { BlockColumns, BlockPart, WideColumn } from './block';

const PARTS = ['features', 'logits', 'labels', 'ids'] as const;

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(isText) && new Set(value).size === value.length;
const isPattern = (value: unknown): boolean => tagOf(value) === '[object RegExp]';

/** A rule for `columns`; what is wrong with one of them {@link checkBlockColumns} says. */
export const COLUMNS: Rule = {
  expected: 'an object that names columns, such as { features: "embedding" }',
  holds: (value: unknown) => tagOf(value) === '[object Object]',
};

/** Throws for a part that there is not, and for what names no column. */
export function checkBlockColumns(where: string, columns: BlockColumns): void {
  const names = Object.keys(columns);
  const stranger = names.find((name) => !PARTS.includes(name as BlockPart));
  if (stranger !== undefined) {
    const near = nearestName(stranger, [...PARTS]);
    throw new ArgumentError(where, 'columns', `without ${stranger} (${near}?)`, columns);
  }
  for (const part of PARTS) {
    const given: unknown = columns[part];
    if (given === undefined) continue;
    if (isText(given)) continue;
    const isWide = part === 'features' || part === 'logits';
    if (isWide && (isNames(given) || isPattern(given))) continue;
    const expected = isWide
      ? 'the name of a column, a list of names of which no two are the same, or a pattern (RegExp)'
      : 'the name of a column';
    throw new ArgumentError(where, `columns.${part}`, expected, given);
  }
  if (PARTS.every((part) => columns[part] === undefined)) {
    throw new ArgumentError(where, 'columns', 'an object with features, logits, labels or ids', columns);
  }
}

/** The columns of each part of a block, as the first shard has them. */
export type ColumnNames = Readonly<Partial<Record<BlockPart, readonly string[]>>>;

/**
 * The columns by their names: of a pattern those of the first shard.
 *
 * @throws ArgumentError naming those that there are, and the nearest
 */
export function columnNames(
  shard: Shard,
  columns: BlockColumns,
  present: readonly string[],
  known: ColumnNames | undefined,
): ColumnNames {
  const found: Partial<Record<BlockPart, readonly string[]>> = {};
  for (const part of PARTS) {
    const given = columns[part];
    if (given === undefined) continue;
    const names = known?.[part] ?? matching(given, present);
    if (names.length === 0) throw missing(shard, part, `of which one fits ${String(given)}`, present, 'none');
    for (const name of names) {
      if (present.includes(name)) continue;
      const near = nearestName(name, [...present]);
      throw missing(shard, part, near === undefined ? 'that there is' : `that there is ('${near}'?)`, present, name);
    }
    found[part] = names;
  }
  return found;
}

const MOST_SHOWN = 20;

function missing(shard: Shard, part: BlockPart, which: string, present: readonly string[], received: string) {
  const more = present.length - MOST_SHOWN;
  const list = present.slice(0, MOST_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const expected = `a column of ${shard.name} ${which}; it has ${list || 'none'}`;
  return new ArgumentError(shard.where, `columns.${part}`, expected, received);
}

function matching(given: WideColumn, present: readonly string[]): readonly string[] {
  if (typeof given === 'string') return [given];
  // A pattern with the flag g goes on where it ended before
  if (isPattern(given)) return present.filter((name) => new RegExp(given as RegExp).test(name));
  return given as readonly string[];
}
