import { ArgumentError } from '../errors';
import { seededRandom } from '../random';

/**
 * Rows to fit on and rows to calibrate on, disjoint: of each class its share, chosen and ordered by the seed.
 *
 * @throws ArgumentError where a side would be empty
 */
export function holdOut(where: string, labels: ArrayLike<number>, share: number, seed: number) {
  const random = seededRandom(seed);
  const byClass = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const own = byClass.get(labels[row]!);
    if (own) own.push(row);
    else byClass.set(labels[row]!, [row]);
  }
  const [fit, calibration]: [number[], number[]] = [[], []];
  for (const [, rows] of [...byClass].sort(([a], [b]) => a - b)) {
    const shuffled = shuffle(rows, random);
    // What the classes before were short of by rounding, this one gives.
    const wanted = Math.round(share * (fit.length + calibration.length + rows.length)) - calibration.length;
    const held = Math.max(0, Math.min(rows.length - 1, wanted));
    shuffled.forEach((row, i) => (i < held ? calibration : fit).push(row));
  }
  if (calibration.length === 0) {
    const expected = 'enough that a share of them can be held out for calibration';
    throw new ArgumentError({ where, what: 'rows', expected, received: `${labels.length} rows` });
  }
  return { fit: Int32Array.from(shuffle(fit, random)), calibration: Int32Array.from(calibration) };
}

/** Fisher-Yates. */
function shuffle<T>(values: readonly T[], random: ReturnType<typeof seededRandom>): T[] {
  const all = [...values];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}
