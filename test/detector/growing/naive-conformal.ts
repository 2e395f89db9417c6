/** The definition, by loops over all pairs and sorted lists: rows [N][D], distances in the order of the columns. */

export type Naive = readonly { row: readonly number[]; label: string | number }[];

export const lengthOf = (row: readonly number[]): number => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));

/** Rows of length 1; a zero row stays. */
export const scaled = (row: readonly number[]): number[] => {
  const length = lengthOf(row);
  return row.map((x) => (length === 0 ? 0 : x * (1 / length)));
};

export const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0));

/** Distance of one of some rows to its k-th nearest other. */
const strangeness = (rows: readonly (readonly number[])[], own: number, k: number): number =>
  rows.flatMap((row, other) => (other === own ? [] : [distance(rows[own]!, row)])).sort((a, b) => a - b)[k - 1]!;

/** What the order of three squares in a sum can change of a distance, and more. */
const ROUNDING = 1e-12;

/**
 * Score and p-value of a candidate beside known rows. Distances that are equal but for rounding are a tie or none, as
 * their sums were rounded: the p-value is anywhere from `least` to `most`. Those of small whole numbers are exact, so
 * that there is one p-value only.
 */
export function naiveConformal(
  known: readonly (readonly number[])[],
  candidate: readonly number[],
  { k, normalize }: { k: number; normalize: 'length' | 'none' },
): { score: number; pValue: number; least: number; most: number } {
  const all = [...known, candidate].map((row) => (normalize === 'length' ? scaled(row) : [...row]));
  const scores = all.map((_, own) => strangeness(all, own, k));
  const score = scores.at(-1)!;
  const shareFrom = (from: number) => (1 + scores.slice(0, -1).filter((one) => one >= from).length) / all.length;
  const doubt = all.flat().every(Number.isInteger) ? 0 : ROUNDING;
  const [least, most] = [shareFrom(score * (1 + doubt)), shareFrom(score * (1 - doubt))];
  return { score, pValue: shareFrom(score), least, most };
}
