import { betaQuantile } from '../beta-quantile';
import { crossingProbability } from './crossing-probability';

/** Below so many a first guess of the level costs nothing. */
const SMALL = 200;
const CLOSE = 1e-9;

/** log of the level of each bound, and how fast the log of the joint level moves with it. */
interface Level {
  log: number;
  slope: number;
  /** log of the level for a quarter of the scores, where that was found. */
  ofFewer?: number;
}

/** x with I_x(n + 1 - i, i) = level for each i (the bounds are 1 - x); the values before are where it begins. */
function quantiles(level: number, x: Float64Array): void {
  const count = x.length;
  for (let i = 1; i <= count; i++) {
    const near = x[i - 1]! || (i > 2 ? 2 * x[i - 2]! - x[i - 3]! : 0);
    x[i - 1] = near > 0 ? betaQuantile(level, count + 1 - i, i, near) : betaQuantile(level, count + 1 - i, i);
  }
}

/** The level at which all bounds hold together with a probability of 1 - delta. */
function levelOf(count: number, delta: number): Level {
  let { log, slope }: Level = { log: Math.log(delta / 2), slope: 1 };
  let ofFewer: number | undefined;
  if (count > SMALL) {
    const fewer = levelOf(Math.ceil(count / 4), delta);
    slope = fewer.slope;
    ofFewer = fewer.log;
    // It falls by four fifths as much each time
    log = fewer.log + (fewer.ofFewer === undefined ? 0 : 0.8 * (fewer.log - fewer.ofFewer));
  }
  const x = new Float64Array(count);
  let last: { log: number; off: number } | undefined;
  for (;;) {
    quantiles(Math.exp(log), x);
    const off = Math.log(crossingProbability(x.map((rest) => 1 - rest)) / delta);
    if (last) slope = (off - last.off) / (log - last.log);
    const before = last?.off ?? 1;
    last = { log, off };
    log = Math.min(0, log - off / slope);
    // What a step of the secant leaves is less than the product of the two before it
    if (Math.abs(off * before) < CLOSE || log === last.log)
      return { log, slope, ...(ofFewer !== undefined && { ofFewer }) };
  }
}

/**
 * Berk-Jones, one side: each bound is a quantile of its order statistic, Beta(i, n + 1 - i), all at the level at which
 * they hold together with a probability of 1 - delta, exactly (to 1e-9 of delta).
 *
 * Source: Berk, Jones, Zeitschrift fuer Wahrscheinlichkeitstheorie 47 (1979); Moscovich, Nadler, Spiegelman, Electronic
 * Journal of Statistics 10 (2016).
 */
export function berkJonesBounds(count: number, delta: number): Float64Array {
  const x = new Float64Array(count);
  quantiles(Math.exp(levelOf(count, delta).log), x);
  return x.map((rest) => 1 - rest);
}
