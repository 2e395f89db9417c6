import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { DeviceError } from './device-error';

const FILTERS = ['validation', 'out-of-memory', 'internal'] as const;

/** Its `AddN` is the sign that `tfjs-ood/webgpu` was imported. */
function wayOut(): string {
  const { kernelFunc } = tf.getKernel(tf.AddN, 'webgpu');
  return 'takesAnyCount' in kernelFunc ? '' : " (import 'tfjs-ood/webgpu', which mends what tfjs gets wrong there)";
}

async function throwIfLost(where: string, device: GPUDevice, cause?: unknown): Promise<void> {
  const lost = await Promise.race([device.lost, Promise.resolve()]);
  if (!lost) return;
  const expected =
    'there until the run ends: start the backend anew, and go on from the last checkpoint (Trainer.restore)';
  throw because(cause, new DeviceError(where, 'the WebGPU device', expected, `lost (${lost.reason}): ${lost.message}`));
}

const because = <E extends Error>(cause: unknown, error: E): E => (cause ? Object.assign(error, { cause }) : error);

const CHANGED = ', which the weights may depend on by now: Trainer.restore the last state';

/** What the device says of work from `listen` to `hear`, which submits it first: what is only recorded is unseen. */
async function hearing(where: string) {
  const backend = tf.backend() as WebGPUBackend;
  const { device } = backend;
  await throwIfLost(where, device);
  return {
    listen: () => FILTERS.forEach((filter) => device.pushErrorScope(filter)),
    async hear(state: string, cause?: unknown): Promise<void> {
      backend.ensureCommandEncoderReady();
      backend.endComputePassEncoder();
      backend.submitQueue();
      const answers = await Promise.allSettled(FILTERS.map(() => device.popErrorScope()));
      await throwIfLost(where, device, cause);
      for (const answer of answers) {
        const error = answer.status === 'fulfilled' ? answer.value : (answer.reason as Error);
        if (!error) continue;
        throw because(
          cause,
          new DeviceError(where, 'work of the WebGPU device', `valid${state}${wayOut()}`, error.message),
        );
      }
    },
  };
}

/**
 * Does a step's work, and throws what the device says of it. WebGPU drops work that is invalid: its output then holds 0
 * or old numbers, and only the console hears of it.
 *
 * @param work calls `settled` once its numbers are read, before it changes a weight: that throws for all work until
 *   then
 */
export async function gpuStep<T>(where: string, work: (settled: () => Promise<void>) => Promise<T>): Promise<T> {
  const { listen, hear } = await hearing(where);
  let state = '';
  listen();
  let isHeard = false;
  let result: T;
  try {
    result = await work(async () => {
      isHeard = true;
      await hear(state);
      listen();
      isHeard = false;
      state = CHANGED;
    });
  } catch (error) {
    if (isHeard) throw error;
    await hear(state, error);
    throw error;
  }
  await hear(state);
  return result;
}

/** The same of work whose numbers are read later; what the device says of it comes with `heard`. */
export async function gpuLaunch<T>(
  where: string,
  work: () => Promise<T>,
): Promise<{ result: T; heard: Promise<void> }> {
  const { listen, hear } = await hearing(where);
  listen();
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await hear('', error);
    throw error;
  }
  const heard = hear(CHANGED);
  heard.catch(() => undefined); // it is awaited when its turn comes
  return { result, heard };
}
