import type { Pause } from '../../core/pauses';
import { seededRandom } from '../../core/random';
import { clopperPearson } from '../../thresholds/clopper-pearson';
import type { ScoredTrial } from './trial';

const TPR = 0.95;
const RESAMPLES = 400;

/** How often each row was drawn, for each of some draws of as many rows of each stratum as there are. */
export async function drawnCounts(strata: Int32Array, seed: number, pause: Pause): Promise<Uint16Array[]> {
  const random = seededRandom(seed, 61);
  const members = new Map<number, number[]>();
  strata.forEach((stratum, row) => {
    if (!members.has(stratum)) members.set(stratum, []);
    members.get(stratum)!.push(row);
  });
  const draws: Uint16Array[] = [];
  while (draws.length < RESAMPLES) {
    await pause();
    const counts = new Uint16Array(strata.length);
    for (const rows of members.values()) {
      for (let i = 0; i < rows.length; i++) counts[rows[random.integer(rows.length)]!]!++;
    }
    draws.push(counts);
  }
  return draws;
}

/** Rows in the order of their scores. */
function sorted(rows: Int32Array, scores: Float32Array) {
  const order = Int32Array.from(rows.keys()).sort((a, b) => scores[a]! - scores[b]!);
  return { rows: order.map((at) => rows[at]!), scores: Float32Array.from(order, (at) => scores[at]!) };
}

/** The share of unknown rows that pass where 95 % of known rows do, if each row counts as often as is said. */
function fprOf({ inRows, outRows, inScores, outScores }: ScoredTrial) {
  const [known, unknown] = [sorted(inRows, inScores), sorted(outRows, outScores)];
  return (counts?: Uint16Array): { passed: number; of: number } => {
    const countOf = (row: number) => (counts ? counts[row]! : 1);
    const all = known.rows.reduce((sum, row) => sum + countOf(row), 0);
    let at = 0;
    for (let seen = 0; at < known.rows.length; at++) if ((seen += countOf(known.rows[at]!)) / all >= TPR) break;
    const threshold = known.scores[Math.min(at, known.rows.length - 1)]!;
    let [passed, of] = [0, 0];
    unknown.rows.forEach((row, i) => {
      of += countOf(row);
      if (unknown.scores[i]! <= threshold) passed += countOf(row);
    });
    return { passed, of };
  };
}

/**
 * Mean FPR at 95 % TPR over trials, known rows positive, by their weights. The interval is the wider one of two at each
 * end: of the bootstrap's percentiles, which know that the threshold comes of some known rows, and of Clopper and
 * Pearson for all unknown rows, which know that none of ten that passed are not none at all.
 */
export async function meanFpr(
  trials: readonly ScoredTrial[],
  draws: readonly Uint16Array[],
  confidence: number,
  pause: Pause,
) {
  const each: ReturnType<typeof fprOf>[] = [];
  for (const trial of trials) {
    await pause();
    each.push(fprOf(trial));
  }
  const meanOf = (counts?: Uint16Array) =>
    each.reduce((sum, one, t) => {
      const { passed, of } = one(counts);
      return sum + (trials[t]!.weight * passed) / of;
    }, 0);
  const value = meanOf();
  const drawn = new Float64Array(draws.length);
  for (const [at, counts] of draws.entries()) {
    await pause();
    drawn[at] = meanOf(counts);
  }
  drawn.sort();
  const tail = (1 - confidence) / 2;
  const unknown = new Set(trials.flatMap(({ outRows }) => Array.from(outRows))).size;
  const [lower, upper] = clopperPearson(Math.round(value * unknown), unknown, confidence);
  return {
    value,
    lower: Math.min(value, lower, drawn[Math.floor(tail * drawn.length)]!),
    upper: Math.max(value, upper, drawn[Math.ceil((1 - tail) * drawn.length) - 1]!),
  };
}
