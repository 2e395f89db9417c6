import { check, COUNT, INTEGER, oneOf, SHARE, wholeFrom } from '../../core/check';
import { NotFiniteError } from '../../core/errors';
import { seededRandom, type Random } from '../../core/random';
import { readOptions, type Declared } from '../../core/read-options';
import { acceleration, biasCorrectedLevel } from './bca';

/** Options of {@link bootstrapInterval}, {@link bootstrapDifference} and {@link bootstrapRows}. */
export interface BootstrapOptions {
  /** An integer; the same seed gives the same interval. */
  seed: number;
  /** How often the samples are drawn anew; default 2000. */
  resamples?: number;
  /** Share in (0, 1) of such intervals that hold the true value; default 0.95. */
  confidence?: number;
  /**
   * `'bca'` (default): the middle share of the resampled values, moved for bias and skew (Efron, JASA 82, 1987), at the
   * cost of up to 200 evaluations more for each side. `'percentile'`: not moved; it holds the truth less often near the
   * best values.
   */
  method?: 'bca' | 'percentile';
}

/** A number with its uncertainty. */
export interface BootstrapInterval {
  /** Of the samples themselves. */
  value: number;
  lower: number;
  upper: number;
  /** Standard deviation over the resamples. */
  standardError: number;
  resamples: number;
  /** Says so where all resamples gave the same value: the interval then has no width, which is no certainty. */
  warning?: string;
}

/** A statistic of how often each sample of each stratum counts. */
export type WeightedStatistic = (weights: readonly Int32Array[]) => number;

const OPTIONS = {
  seed: [INTEGER],
  resamples: [COUNT, 2000],
  confidence: [SHARE, 0.95],
  method: [oneOf('bca', 'percentile'), 'bca'],
} as const satisfies Declared<BootstrapOptions>;

/** Checks the options, defaults put in. */
function bootstrapOptions(where: string, given: BootstrapOptions) {
  const options = readOptions(where, given, OPTIONS);
  check(where, 'seed', options.seed, INTEGER);
  const { confidence, resamples } = options;
  // With fewer, not one resample lies beyond either end, and the interval is a guess.
  const { expected, holds } = wholeFrom(Math.ceil(2 / (1 - confidence) - 1e-9));
  check(where, 'resamples', resamples, { expected: `${expected} for a confidence of ${confidence}`, holds });
  return options;
}

/** As many draws with replacement as there are samples: how often each came. */
export function drawAnew(random: Random, weights: Int32Array): void {
  weights.fill(0);
  for (let i = 0; i < weights.length; i++) weights[random.integer(weights.length)]!++;
}

/**
 * The (R + 1) p-th of R ascending values, between two of them in proportion: of R + 1 gaps a new value falls in each as
 * often. Source: Davison, Hinkley, Bootstrap Methods, 1997, section 2.4.
 */
export function ascendingQuantile(ascending: Float64Array, level: number): number {
  const place = Math.min(Math.max(level * (ascending.length + 1), 1), ascending.length) - 1;
  const before = Math.floor(place);
  const [low, high] = [ascending[before]!, ascending[Math.min(before + 1, ascending.length - 1)]!];
  return low + (high - low) * (place - before);
}

/** Draws each stratum anew, apart from the others, and takes the statistic each time. O(resamples * samples). */
export function bootstrap(
  where: string,
  sizes: readonly number[],
  statistic: WeightedStatistic,
  options: BootstrapOptions,
): BootstrapInterval {
  const { seed, resamples, confidence, method } = bootstrapOptions(where, options);
  const evaluate = (weights: readonly Int32Array[], of: string): number => {
    const value = statistic(weights);
    if (Number.isFinite(value)) return value;
    throw new NotFiniteError(where, 'metric', 'finite', `${value} for ${of}`);
  };
  const weights = sizes.map((size) => new Int32Array(size).fill(1));
  const value = evaluate(weights, 'the samples');
  const skew = method === 'bca' ? acceleration(weights, (each) => evaluate(each, 'the samples without one')) : 0;

  const random = seededRandom(seed);
  const values = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    for (const each of weights) drawAnew(random, each);
    values[r] = evaluate(weights, `resample ${r}`);
  }
  values.sort();
  const mean = values.reduce((sum, each) => sum + each, 0) / resamples;
  const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  const tail = (1 - confidence) / 2;
  const [lower, upper] = [tail, 1 - tail].map((level) =>
    ascendingQuantile(values, method === 'bca' ? biasCorrectedLevel(values, value, skew, level) : level),
  ) as [number, number];
  const interval = { value, lower, upper, standardError: Math.sqrt(squares / (resamples - 1)), resamples };
  if (values[0] !== values[resamples - 1]) return interval;
  const warning = `all ${resamples} resamples gave ${value}: the interval has no width, which says nothing of the next samples`;
  return { ...interval, warning };
}
