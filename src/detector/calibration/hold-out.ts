import { ArgumentError } from '../../core/errors';
import { seededRandom } from '../../core/random';

/** Throws: so many rows leave none to fit on, or none to calibrate on. */
export function refuseTooFew(where: string, count: number): never {
  const expected = 'enough that a share of them can be held out for calibration';
  throw new ArgumentError(where, 'rows', expected, `${count} rows`);
}

/**
 * Of rows that come one by one, and nobody knows how many: which of some parts the next one is of, each with its share;
 * the last part has the rest. Each is drawn by itself, whatever its class, so that calibration rows and new ones are
 * exchangeable.
 */
export function rowDraw(shares: readonly number[], seed: number): () => number {
  const random = seededRandom(seed);
  return () => {
    let rest = random.uniform();
    const part = shares.findIndex((share) => (rest -= share) < 0);
    return part < 0 ? shares.length : part;
  };
}

/** How many of `count` rows calibrate. */
export const heldCount = (count: number, share: number): number =>
  // As in decimals: 0.29 of 50 rows are 14.5, and not the 14.499999999999998 of floating point.
  Math.min(count - 1, Math.round(Number((share * count).toPrecision(12))));

/**
 * Rows to fit on and rows to calibrate on, disjoint: a uniform draw of all `count`, chosen and ordered by the seed. It
 * does not look at the labels. Were a row of each class kept for the fit, rare classes would calibrate less often than
 * they come: the calibration rows and new ones would not be exchangeable, which is all that the false-alarm rate stands
 * on.
 *
 * @throws ArgumentError where a side would be empty
 */
export function holdOut(where: string, count: number, share: number, seed: number) {
  const random = seededRandom(seed);
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1); // Fisher-Yates
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  const held = heldCount(count, share);
  if (held < 1) refuseTooFew(where, count);
  return { fit: rows.slice(held), calibration: rows.slice(0, held) };
}
