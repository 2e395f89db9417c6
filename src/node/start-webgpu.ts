/** The graphics card that {@link startWebgpu} found. */
export interface GpuAdapter {
  /** What its driver calls it. */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Whether a processor plays the card. */
  readonly isSoftware: boolean;
}

/**
 * Starts tfjs's WebGPU backend in Node, by the optional package `webgpu` (Dawn, as in Chromium), with the kernels of
 * `tfjs-ood/webgpu`, and makes it the backend in use. Where its device was lost, starts another one: what the lost one
 * held is gone, go on from a checkpoint.
 *
 * @returns the card; in a browser there is nothing to start: `await tf.setBackend('webgpu')`
 * @throws ArgumentError if a package is missing, saying how to install it, or the machine offers no adapter
 * @example
 * const { name } = await startWebgpu();
 * tf.getBackend(); // 'webgpu'
 */
export async function startWebgpu(): Promise<GpuAdapter> {
  const { startDawn } = await import('./webgpu/dawn-backend');
  return startDawn('startWebgpu');
}
