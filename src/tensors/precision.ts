import * as tf from '@tensorflow/tfjs-core';

/** Largest number of half precision: a larger one is Infinity on a backend that has no other floats. */
export const LARGEST_HALF = 65504;
/** (2 - 2^-23) 2^127; of 32 bits. */
export const LARGEST_SINGLE = 3.4028234663852886e38;

/** Whether a backend's floats end at 65504. */
const halves = new WeakMap<object, boolean>();

/** Whether this backend answers `dataSync` rightly wherever it runs. */
export const readsAtOnce = (): boolean => tf.getBackend() !== 'webgpu';

/**
 * Whether the backend in use has half precision, by a number that is beyond it and goes there and back. tfjs's own
 * `floatPrecision()` has it the wrong way round on webgl: 16 where floats of 32 bits are drawn, 32 where they are not
 * (its probe of one number never leaves the processor).
 */
export function isHalf(): boolean {
  if (!readsAtOnce()) return false; // WGSL has floats of 32 bits
  const own = tf.backend();
  const known = halves.get(own);
  if (known !== undefined) return known;
  const beyond = 2 * LARGEST_HALF;
  const sent = tf.tidy(() => tf.neg(tf.tensor1d(new Float32Array(1024).fill(-beyond))).dataSync()[0]);
  halves.set(own, sent !== beyond);
  return sent !== beyond;
}

/** How much of its size a number of the backend may be off by rounding. */
export const roundingUnit = (): number => (isHalf() ? 2 ** -11 : 2 ** -24);

/** The whole numbers below this one are exact on the backend in use: webgl keeps integers as floats. */
export function integersBelow(): number {
  if (tf.getBackend() !== 'webgl') return 2 ** 31;
  return tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED') ? 2 ** 24 : 2 ** 11;
}
