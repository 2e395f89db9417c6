/**
 * Every metric from its definition, by loops over all scores at every threshold. Nothing is shared with the package.
 */

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const share = (scores: number[], test: (score: number) => boolean) => scores.filter(test).length / scores.length;

export interface Point {
  /** Above (positive out) or below it (positive in) or at it: called positive. */
  threshold: number;
  tpr: number;
  fpr: number;
  precision: number;
}

/** Operating points from nothing found to everything found. */
export function naivePoints(a: number[], b: number[], positive: 'in' | 'out'): Point[] {
  const sign = positive === 'out' ? 1 : -1;
  const [wanted, other] = (positive === 'out' ? [b, a] : [a, b]).map((scores) => scores.map((s) => sign * s)) as [
    number[],
    number[],
  ];
  const distinct = [...new Set([...wanted, ...other])].sort((x, y) => y - x);
  const points = distinct.map((t) => {
    const [found, alarms] = [wanted.filter((s) => s >= t).length, other.filter((s) => s >= t).length];
    const [tpr, fpr] = [found / wanted.length, alarms / other.length];
    return { threshold: sign * t, tpr, fpr, precision: found / (found + alarms) };
  });
  return [{ threshold: sign * Infinity, tpr: 0, fpr: 0, precision: 1 }, ...points];
}

const psi = (x: number, y: number): number => (y > x ? 1 : y === x ? 0.5 : 0);

export const naiveAuroc = (a: number[], b: number[]) => mean(a.flatMap((x) => b.map((y) => psi(x, y))));

/** What each sample adds, from the pairs it is in. */
export function naiveComponents(a: number[], b: number[]) {
  return { ofIn: a.map((x) => mean(b.map((y) => psi(x, y)))), ofOut: b.map((y) => mean(a.map((x) => psi(x, y)))) };
}

export function naiveCovariance(x: number[], y: number[]): number {
  const [mx, my] = [mean(x), mean(y)];
  return x.reduce((sum, _, i) => sum + (x[i]! - mx) * (y[i]! - my), 0) / (x.length - 1);
}

export function naiveStandardError(a: number[], b: number[]): number {
  const { ofIn, ofOut } = naiveComponents(a, b);
  return Math.sqrt(naiveCovariance(ofIn, ofIn) / a.length + naiveCovariance(ofOut, ofOut) / b.length);
}

export function naiveAveragePrecision(a: number[], b: number[], positive: 'in' | 'out'): number {
  const points = naivePoints(a, b, positive);
  return points.slice(1).reduce((sum, point, k) => sum + (point.tpr - points[k]!.tpr) * point.precision, 0);
}

export function naiveTrapezoidAupr(a: number[], b: number[], positive: 'in' | 'out'): number {
  const points = naivePoints(a, b, positive).slice(1);
  let [area, before] = [0, { tpr: 0, precision: 1 }];
  for (const point of points) {
    area += (point.tpr - before.tpr) * (point.precision + before.precision) * 0.5;
    before = point;
  }
  return area;
}

/** Height of the ROC line at an FPR; the highest point where the line is upright. */
function lineAt(points: Point[], fpr: number): number {
  const at = points.filter((point) => point.fpr === fpr);
  if (at.length > 0) return Math.max(...at.map((point) => point.tpr));
  const right = points.findIndex((point) => point.fpr > fpr);
  const [p, q] = [points[right - 1]!, points[right]!];
  return p.tpr + ((q.tpr - p.tpr) * (fpr - p.fpr)) / (q.fpr - p.fpr);
}

export function naivePartialArea(a: number[], b: number[], positive: 'in' | 'out', maxFpr: number): number {
  const points = naivePoints(a, b, positive);
  const inside = points.filter((point) => point.fpr <= maxFpr);
  const line = [...inside, { fpr: maxFpr, tpr: lineAt(points, maxFpr) }];
  return line.slice(1).reduce((sum, q, k) => sum + ((q.fpr - line[k]!.fpr) * (q.tpr + line[k]!.tpr)) / 2, 0);
}

/** Where FPR = FNR on the line, by halving along it. */
export function naiveEqualErrorRate(a: number[], b: number[]): number {
  const points = naivePoints(a, b, 'out');
  const at = (position: number) => {
    const k = Math.min(Math.floor(position), points.length - 2);
    const [p, q, u] = [points[k]!, points[k + 1]!, position - k];
    return { fpr: p.fpr + u * (q.fpr - p.fpr), fnr: 1 - p.tpr - u * (q.tpr - p.tpr) };
  };
  let [low, high] = [0, points.length - 1];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    const { fpr, fnr } = at(middle);
    if (fpr < fnr) low = middle;
    else high = middle;
  }
  return at(low).fpr;
}

export function naiveDetectionError(a: number[], b: number[]): number {
  return Math.min(...naivePoints(a, b, 'out').map(({ tpr, fpr }) => (1 - tpr + fpr) / 2));
}

export function naiveFprAtTpr(
  a: number[],
  b: number[],
  { tpr, positive, rule, band }: { tpr: number; positive: 'in' | 'out'; rule: string; band: number },
): number {
  const points = naivePoints(a, b, positive);
  if (rule === 'at-or-above') return points.find((point) => point.tpr >= tpr)!.fpr;
  const away = points.map((point) => Math.abs(point.tpr - tpr));
  const nearest = points[away.indexOf(Math.min(...away))]!.fpr;
  if (rule === 'nearest') return nearest;
  const within = points.filter((_, k) => away[k]! < band + 1e-9);
  return within.length > 0 ? mean(within.map(({ fpr }) => fpr)) : nearest;
}

/** scikit-learn's ROC points: no point between two equal steps. Then OpenOOD's search. */
export function naiveOpenOOD(a: number[], b: number[]): number {
  const points = naivePoints(a, b, 'out').slice(1);
  const found = points.map(({ tpr }) => Math.round(tpr * b.length));
  const alarms = points.map(({ fpr }) => Math.round(fpr * a.length));
  const isBent = (counts: number[], k: number) => counts[k + 1]! - counts[k]! !== counts[k]! - counts[k - 1]!;
  const shown = points.filter((_, k) => k === 0 || k === points.length - 1 || isBent(found, k) || isBent(alarms, k));
  return shown.find(({ tpr }) => tpr >= 0.95)!.fpr;
}

/** ODIN's loop over evenly spaced thresholds, on the confidence; undefined where it would divide by 0. */
export function naiveOdin(a: number[], b: number[], steps: number): number | undefined {
  const [inside, outside] = [a.map((s) => -s), b.map((s) => -s)];
  const [start, end] = [Math.min(...inside, ...outside), Math.max(...inside, ...outside)];
  let [sum, total] = [0, 0];
  for (let i = 0; i < steps; i++) {
    const delta = start + ((i + 0.5) * (end - start)) / steps;
    const tpr = share(inside, (s) => s >= delta);
    if (tpr > 0.9505 || tpr < 0.9495) continue;
    sum += share(outside, (s) => s > delta);
    total++;
  }
  return total === 0 ? undefined : sum / total;
}

/** Both areas by the midpoint rule over the thresholds: exact where every score lies on a whole number of steps. */
export function naiveAutc(a: number[], b: number[], steps: number) {
  const all = [...a, ...b];
  const [lowest, highest] = [Math.min(...all), Math.max(...all)];
  const middles = Array.from({ length: steps }, (_, i) => lowest + ((i + 0.5) / steps) * (highest - lowest));
  return {
    aufpr: mean(middles.map((t) => share(a, (s) => s >= t))),
    aufnr: mean(middles.map((t) => share(b, (s) => s < t))),
  };
}
