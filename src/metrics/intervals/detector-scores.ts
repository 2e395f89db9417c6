import { check, OBJECT } from '../../core/check';
import { ShapeError } from '../../core/errors';
import { checkScores, type Scores } from '../../core/scores';

/** Scores of one detector, as {@link bootstrapDifference} and {@link compareAurocs} take them. */
export interface DetectorScores {
  /** In-distribution scores [N], higher = more out of distribution. */
  inScores: Scores;
  /** OoD scores [M]. */
  outScores: Scores;
}

/** Throws unless both are scores, of equally many samples. */
export function checkSameSamples(where: string, first: DetectorScores, second: DetectorScores): void {
  check(where, 'first', first, OBJECT);
  check(where, 'second', second, OBJECT);
  for (const side of ['inScores', 'outScores'] as const) {
    checkScores(where, `first.${side}`, first[side]);
    checkScores(where, `second.${side}`, second[side]);
    const [expected, received] = [first[side].length, second[side].length];
    if (expected === received) continue;
    throw new ShapeError(where, `second.${side}`, `${expected} scores, of the same samples`, received);
  }
}
