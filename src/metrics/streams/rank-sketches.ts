import { ArgumentError } from '../../core/errors';
import type { RankedScores } from '../cumulative-counts';
import { ScoreSketch } from './score-sketch';

/** {@link rankSketches} on behalf of `where`. */
export function rankedCounts(where: string, inSketch: ScoreSketch, outSketch: ScoreSketch): RankedScores {
  for (const [what, sketch] of Object.entries({ inSketch, outSketch })) {
    if (!(sketch instanceof ScoreSketch)) throw new ArgumentError(where, what, 'a ScoreSketch', sketch);
  }
  if (inSketch.bits !== outSketch.bits) {
    throw new ArgumentError(where, 'outSketch', `of ${inSketch.bits} bits, as inSketch`, `one of ${outSketch.bits}`);
  }
  for (const [what, { count }] of Object.entries({ inSketch, outSketch })) {
    if (count > 0) continue;
    throw new ArgumentError(where, what, 'one that has scores', 'an empty one');
  }
  const [a, b] = [inSketch.buckets(), outSketch.buckets()];
  const thresholds = Float64Array.from(new Set([...a.highest, ...b.highest])).sort();
  const cumulative = ({ highest, counts }: { highest: Float64Array; counts: Float64Array }) => {
    let [k, sum] = [0, 0];
    return thresholds.map((threshold) => (highest[k] === threshold ? (sum += counts[k++]!) : sum));
  };
  return {
    inCount: inSketch.count,
    outCount: outSketch.count,
    thresholds,
    inAtOrBelow: cumulative(a),
    outAtOrBelow: cumulative(b),
  };
}

/**
 * Two sketches as ranked scores, which every metric takes for two lists: scores in one bucket are ties, thresholds the
 * upper edges of buckets.
 *
 * The counts at these thresholds are exact; what lies between them is not known. {@link sketchMetrics} bounds what that
 * does.
 *
 * @param inSketch of in-distribution scores
 * @param outSketch of OoD scores, with as many bits
 * @throws ArgumentError for an empty sketch, or two of different bits
 * @example
 * const [inside, outside] = [new ScoreSketch(), new ScoreSketch()];
 * inside.add([0.1, 0.4]);
 * outside.add([0.35, 0.8]);
 * trapezoidAupr(rankSketches(inside, outside)); // as of the scores themselves
 */
export function rankSketches(inSketch: ScoreSketch, outSketch: ScoreSketch): RankedScores {
  return rankedCounts('rankSketches', inSketch, outSketch);
}
