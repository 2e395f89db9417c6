import { check, oneOf, SHARE, wholeFrom } from '../../core/check';
import { readOptions } from '../../core/read-options';
import { berkJonesBounds } from './berk-jones-bounds';
import { dkwBounds, simesBounds } from './bounds';

/** How p-values that hold for all thresholds at once are bounded. */
export type BandName = 'dkw' | 'simes' | 'berk-jones';

/** Bounds of p-values that hold together. */
export interface PValueBand {
  band: BandName;
  /**
   * b_1 <= ... <= b_n: what stands for the p-value of a score that i - 1 of n calibration scores reach. That of one
   * which all reach is 1.
   */
  bounds: Float64Array;
  /** Calibration scores n. */
  count: number;
  /** Share of calibration draws for which all of them hold. */
  confidence: number;
}

/** From here on Berk-Jones takes seconds, and has to be asked for by its name. */
const MANY = 20_000;
const KEPT = 32;

/** Bands of the counts and confidences that were asked for last. */
const kept = /* @__PURE__ */ new Map<string, Float64Array>();

function boundsOf(band: BandName, count: number, delta: number): Float64Array {
  const key = `${band} ${count} ${delta}`;
  let bounds = kept.get(key);
  if (!bounds) {
    const make = { dkw: dkwBounds, simes: simesBounds, 'berk-jones': berkJonesBounds }[band];
    bounds = make(count, delta);
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
    kept.set(key, bounds);
  }
  return bounds;
}

/** Mean of the bounds of marginal p-values up to a tenth; of the first one where there is none. */
function meanOfSmall(bounds: Float64Array): number {
  const small = bounds.subarray(0, Math.max(1, Math.floor((bounds.length + 1) / 10)));
  return small.reduce((sum, bound) => sum + bound, 0) / small.length;
}

/** As {@link pValueBand}, of arguments that are checked; its bounds are not to be changed. */
export function bandFor(count: number, confidence: number, band?: BandName): PValueBand {
  const names: BandName[] = band ? [band] : ['berk-jones', 'simes', 'dkw'];
  const found = names
    .filter((name) => band || name !== 'berk-jones' || count <= MANY)
    .map((name) => ({ band: name, bounds: boundsOf(name, count, 1 - confidence), count, confidence }));
  return found.reduce((best, one) => (meanOfSmall(one.bounds) < meanOfSmall(best.bounds) ? one : best));
}

/**
 * What p-values become that hold for all thresholds at once: with probability `confidence` over the calibration draw,
 * the false-alarm rate of "p <= t" is at most t for every t, also for one that is chosen by looking at the p-values.
 *
 * With U_(1) <= ... <= U_(n) the order statistics of n uniform numbers, all bounds hold at once: P(U_(i) <= b_i for all
 * i) >= confidence. Exactly so for `'berk-jones'` (level by level the same) and `'simes'` (k = n / 2, none above the
 * middle); `'dkw'` (of one side) is of one width and a little wide. Without `band` it is the narrowest for small
 * p-values: that whose bounds of the marginal p-values up to 0.1 have the smallest mean, by `count` and `confidence`
 * alone, never by the data. Above 20,000 scores `'berk-jones'` takes seconds (n^1.5) and is used where it is named.
 *
 * Source: Bates, Candes, Lei, Romano, Sesia, Annals of Statistics 51 (2023), section 3.
 *
 * @param count calibration scores n, from 1 to 1e7
 * @param options `confidence` in (0, 1), 0.95 by default; `band`
 * @throws ArgumentError for a count that is none or an option out of its rule
 * @example
 * pValueBand(1000).band; // 'berk-jones'
 * pValueBand(1000).bounds[49]; // 0.0732: what stands for a marginal p-value of 50/1001
 */
export function pValueBand(count: number, options?: { confidence?: number; band?: BandName }): PValueBand {
  const where = 'pValueBand';
  check(where, 'count', count, wholeFrom(1, 1e7));
  const { confidence, band } = readOptions(where, options, {
    confidence: [SHARE, 0.95],
    band: [oneOf('dkw', 'simes', 'berk-jones')],
  });
  const found = bandFor(count, confidence, band);
  return { ...found, bounds: found.bounds.slice() };
}
