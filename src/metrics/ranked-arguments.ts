import { ArgumentError } from '../core/errors';
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

/** Of no class: a tensor is none, nor is a promise. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || isRanked(value)) return false;
  const kind: unknown = Object.getPrototypeOf(value);
  return kind === null || Object.getPrototypeOf(kind) === null;
}

/**
 * The same with the options that stand behind the scores. @throws ArgumentError also for options that are no plain
 * object
 */
export function rankedWithOptions<Options>(
  where: string,
  [first, second, third]: MetricArguments<Options>,
): [ranked: RankedScores, options?: Options] {
  const optionsNext = isRanked(first) && !isRanked(second) && kindOf(second) !== 'an array';
  const options = optionsNext ? second : third;
  const ranked = rankedFrom(where, first, optionsNext ? undefined : (second as Scores));
  if (options === undefined) return [ranked];
  if (isPlain(options)) return [ranked, options as Options];
  // Of a number, for instance, every option would be its default.
  throw new ArgumentError(where, 'options', 'an object of options', kindOf(options));
}
