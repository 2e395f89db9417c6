import { ArgumentError } from '../core/errors';
import { readOptions, type Declared, type Read } from '../core/read-options';
import type { Scores } from '../core/scores';
import { cumulativeCounts, type RankedScores } from './cumulative-counts';

/** What a metric with options is called with. */
export type MetricArguments<Options> =
  | [inScores: Scores, outScores: Scores, options?: Options | undefined]
  | [ranked: RankedScores, options?: Options | undefined];

/** Recognized by its arrays, so that one from a worker, or of another copy of this package, is one too. */
function isRanked(value: unknown): value is RankedScores {
  const { thresholds, inAtOrBelow, outAtOrBelow } = (value ?? {}) as Partial<RankedScores>;
  return ArrayBuffer.isView(thresholds) && ArrayBuffer.isView(inAtOrBelow) && ArrayBuffer.isView(outAtOrBelow);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (isRanked(value)) return 'ranked scores';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return value !== null && 'length' in value ? 'an array' : 'an object';
}

/**
 * Two lists of scores, ranked, or what is ranked already.
 *
 * @throws ArgumentError for one list alone, or ranked scores beside a list; NotFiniteError naming the first NaN or
 *   infinite score
 */
export function rankedFrom(where: string, first: Scores | RankedScores, second?: Scores): RankedScores {
  // A number is the index of `rankedOnes.map(auroc)`.
  const isAlone = second === undefined || typeof second === 'number';
  if (isRanked(first) && isAlone) return first;
  if (!isRanked(first) && !isRanked(second) && !isAlone) return cumulativeCounts(where, first, second);
  const expected = 'inScores and outScores, or only what rankScores(inScores, outScores) gives';
  throw new ArgumentError(where, 'arguments', expected, `${kindOf(first)} and ${kindOf(second)}`);
}

/** The same with the options that stand behind the scores. @throws ArgumentError as `readOptions` too */
export function rankedWithOptions<Options extends object, const D extends Declared<Options>>(
  where: string,
  [first, second, third]: MetricArguments<Options>,
  declared: D,
): { ranked: RankedScores; options: Read<Options, D> } {
  const optionsNext = isRanked(first) && !isRanked(second) && kindOf(second) !== 'an array';
  const ranked = rankedFrom(where, first, optionsNext ? undefined : (second as Scores));
  return { ranked, options: readOptions(where, (optionsNext ? second : third) as Options | undefined, declared) };
}
