import { getBackend } from '@tensorflow/tfjs-core';
import { float64Kernel } from './kernels/float64-kernel';
import { isHalf } from '../tensors/precision';

/**
 * Whether products with a D x D matrix go through the backend: not in half precision, nor where it is plain JavaScript.
 * Nor on wasm, whose float32 products take longer than our own ones of float64, where these can run.
 */
export const worthBackend = (size: number): boolean => {
  const name = getBackend();
  if (size < 48 || name === 'cpu' || (name === 'wasm' && float64Kernel())) return false;
  return !isHalf();
};

/** Up to so many products a row plain float64 takes no longer than moving the rows to a backend and back. */
const SMALL = 2 ** 16;

/** Whether float32 products of the backend are to be had, and worth it. */
export const onBackend = (productsPerRow: number): boolean => productsPerRow > SMALL && !isHalf();

/** Rows of width D that go through the backend at once: 4096, or fewer of wide ones (2^21 numbers). */
export const rowsAtOnce = (size: number, blockSize = 4096): number =>
  Math.max(1, Math.min(blockSize, Math.floor(2 ** 21 / size)));
