/** Most images of a block, where nobody says it: enough for small ones, and the wasm backend keeps memory per size. */
const MOST = 64;

/**
 * How many images go through a model at a time where nobody says it. `shape` is [N, ...]. A convolution makes some
 * twenty times as many numbers as go in, and a device (webgl, webgpu) has less room for them than the heap.
 */
export function defaultBlockSize(shape: readonly number[], backend: string): number {
  const numbers = shape.slice(1).reduce((product, side) => product * side, 1);
  const most = backend.startsWith('webg') ? 2 ** 20 : 2 ** 21;
  return Math.max(1, Math.min(MOST, Math.floor(most / numbers)));
}
