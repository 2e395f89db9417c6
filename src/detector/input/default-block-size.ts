/** Most images of a block, where nobody says it: enough for small ones, and the wasm backend keeps memory per size. */
const MOST = 64;

/**
 * How many images go through a model at a time where nobody says it. `shape` is [N, ...]. On cpu and wasm a pass is one
 * piece in which nobody else has a turn, and many large images take no less time together than one by one: of 224 x 224
 * x 3 one. A device (webgl, webgpu) works beside, and many are worth it; but a convolution makes some twenty times as
 * many numbers as go in, and there is less room for them than on the heap.
 */
export function defaultBlockSize(shape: readonly number[], backend: string): number {
  const numbers = shape.slice(1).reduce((product, side) => product * side, 1);
  const most = backend.startsWith('webg') ? 2 ** 20 : 2 ** 18;
  return Math.max(1, Math.min(MOST, Math.floor(most / numbers)));
}
