import type { RowId } from './row-ids';

/** Numbers before texts, each by its size; texts by their UTF-16 units. */
export function compareIds(a: RowId, b: RowId): number {
  const [first, second] = [typeof a === 'string', typeof b === 'string'];
  if (first !== second) return first ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
