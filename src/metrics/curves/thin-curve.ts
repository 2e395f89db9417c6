/** Ends of the longest pieces with a rectangle of at most `most` around each; no more than `points` + 1 of them. */
function ends(x: Float64Array, y: Float64Array, most: number, points: number): number[] {
  const kept = [0];
  let [start, low, high] = [0, y[0]!, y[0]!];
  for (let k = 1; k < x.length && kept.length <= points; k++) {
    low = Math.min(low, y[k]!);
    high = Math.max(high, y[k]!);
    if (k === start + 1 || (x[k]! - x[start]!) * (high - low) <= most) continue;
    start = k - 1;
    kept.push(start);
    [low, high] = [Math.min(y[start]!, y[k]!), Math.max(y[start]!, y[k]!)];
  }
  kept.push(x.length - 1);
  return kept;
}

/**
 * At most `points` of the points of a curve within [0, 1] x [0, 1], x ascending, by their indices: both ends, and
 * between two of them a piece whose rectangle (width times range of y) is as small as can be for the largest one.
 * `undefined` where they are few enough already.
 */
export function thinCurve(x: Float64Array, y: Float64Array, points = Infinity): number[] | undefined {
  if (x.length <= points) return undefined;
  let [tooSmall, enough] = [1e-18, 1]; // the largest rectangle, by halving on a logarithmic scale
  let kept = ends(x, y, enough, points);
  while (enough > 1.01 * tooSmall) {
    const middle = Math.sqrt(tooSmall * enough);
    const tried = ends(x, y, middle, points);
    if (tried.length <= points) [enough, kept] = [middle, tried];
    else tooSmall = middle;
  }
  return kept;
}
