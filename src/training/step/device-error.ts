import { OodError } from '../../core/errors';

/**
 * The WebGPU device refused work of a step, or was lost. `details.received` is what it said.
 *
 * @example
 * const stopped = (error: unknown) => error instanceof DeviceError; // start anew, and restore the last checkpoint
 * stopped(new Error('another reason')); // false
 */
export class DeviceError extends OodError {
  override name = 'DeviceError';
}
