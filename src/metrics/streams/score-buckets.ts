/**
 * A fixed grid over the numbers that float32 spans: the sign, the exponent and the first bits of the mantissa name a
 * bucket. As integers those bits, negative numbers turned around, have the order of the numbers, so a bucket is an
 * interval.
 */

/** Sign and exponent of float32. */
export const LEADING_BITS = 9;

const float = new Float32Array(1);
const pattern = new Int32Array(float.buffer);

/** Ascending order of float32 numbers is that of these integers, negative ones turned around. -0 counts as 0. */
function orderOf(bits: number): number {
  if (bits === -0x80000000) return 0x80000000;
  return (bits ^ (bits >> 31 || 0x80000000)) >>> 0;
}

/** Bucket of a float32 given by its bits. */
export function bucketOfBits(bits: number, size: number): number {
  return orderOf(bits) >>> (32 - size);
}

/**
 * Bucket of any number that float32 can hold. A float64 is cut towards zero, not rounded: no number crosses the edge of
 * its bucket, so what is said of buckets holds for the float64 numbers themselves.
 */
export function bucketOf(score: number, size: number): number {
  float[0] = score;
  if (Math.abs(float[0]) > Math.abs(score)) pattern[0]!--;
  // A negative number too small for float32 is still below 0.
  if (score < 0 && pattern[0] === -0x80000000) return 0x7fffffff >>> (32 - size);
  return bucketOfBits(pattern[0]!, size);
}

/** The number with the given float32 magnitude bits; one past the largest is 2^128. */
function magnitude(bits: number): number {
  if (bits === 0x7f800000) return 2 ** 128;
  pattern[0] = bits;
  return float[0]!;
}

const double = new Float64Array(1);
const doublePattern = new BigInt64Array(double.buffer);

/** The largest float64 below a positive one. */
function below(value: number): number {
  double[0] = value;
  doublePattern[0]!--;
  return double[0];
}

/** Smallest and largest float64 in a bucket. */
export function edgesOf(bucket: number, size: number): [lowest: number, highest: number] {
  const shift = 32 - size;
  const half = 2 ** (size - 1);
  const isNegative = bucket < half;
  const start = (isNegative ? half - 1 - bucket : bucket - half) * 2 ** shift; // bits of the smallest magnitude
  const [near, far] = [magnitude(start), below(magnitude(start + 2 ** shift))];
  // 0 itself is in the first bucket of the numbers from 0 on.
  return isNegative ? [-far, near === 0 ? -Number.MIN_VALUE : -near] : [near, far];
}
