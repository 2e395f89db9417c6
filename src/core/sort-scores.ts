/**
 * Ascending order of float32 numbers is that of these integers: negative ones turned around, positive ones moved up.
 */
const orderOf = (bits: number): number => (bits ^ (bits >> 31 || 0x80000000)) >>> 0;
const bitsOf = (order: number): number => (order & 0x80000000 ? order ^ 0x80000000 : ~order) >>> 0;

const BITS = 11;
const BUCKETS = 1 << BITS;

/**
 * Ascending copy of float32 scores by a radix sort: three passes of 11 bits, several times as fast as a comparison sort
 * from some ten thousand on.
 */
function radixSort(scores: Float32Array): Float32Array {
  const count = scores.length;
  const bits = new Int32Array(scores.slice().buffer);
  let from = new Uint32Array(count);
  let to = new Uint32Array(count);
  const starts = [0, 1, 2].map(() => new Uint32Array(BUCKETS + 1));
  for (let i = 0; i < count; i++) {
    const order = orderOf(bits[i]!);
    from[i] = order;
    starts[0]![(order & (BUCKETS - 1)) + 1]!++;
    starts[1]![((order >>> BITS) & (BUCKETS - 1)) + 1]!++;
    starts[2]![(order >>> (2 * BITS)) + 1]!++;
  }
  starts.forEach((start, pass) => {
    for (let b = 1; b < start.length; b++) start[b]! += start[b - 1]!;
    const shift = pass * BITS;
    for (let i = 0; i < count; i++) {
      const order = from[i]!;
      to[start[(order >>> shift) & (BUCKETS - 1)]!++] = order;
    }
    [from, to] = [to, from];
  });
  for (let i = 0; i < count; i++) from[i] = bitsOf(from[i]!);
  return new Float32Array(from.buffer);
}

/** An ascending copy. */
export function sortScores(scores: ArrayLike<number>): Float32Array | Float64Array {
  return scores instanceof Float32Array ? radixSort(scores) : Float64Array.from(scores).sort();
}
