import { afterEach, beforeEach, expect } from 'vitest';

interface Device {
  addEventListener(kind: 'uncapturederror', listener: (event: { error: { message: string } }) => void): void;
  queue: { onSubmittedWorkDone(): Promise<unknown> };
}
type Adapter = { prototype: { requestDevice: (...args: unknown[]) => Promise<Device> } };

const devices: Device[] = [];
const errors: string[] = [];

/**
 * What WebGPU has complained about since the last call. It drops work that is invalid, whose output then holds 0 or old
 * numbers, and tells the console alone: without this a test would take them for a result.
 */
export async function takeGpuErrors(): Promise<string[]> {
  for (const { queue } of devices) await queue.onSubmittedWorkDone(); // errors come before this answer
  return errors.splice(0);
}

/** Listens to a device that is there already. */
export function watchDevice(device: Device): void {
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
  devices.push(device);
}

/** Listens to every device that is made from now on; each test fails that leaves an error behind. */
export function watchGpuErrors(): void {
  const adapter = (globalThis as unknown as { GPUAdapter?: Adapter }).GPUAdapter;
  if (!adapter) return;
  const { requestDevice } = adapter.prototype;
  if (!('isWatched' in requestDevice)) {
    const watched = async function (this: unknown, ...args: unknown[]) {
      const device = await requestDevice.apply(this, args);
      watchDevice(device);
      return device;
    };
    adapter.prototype.requestDevice = Object.assign(watched, { isWatched: true });
  }
  beforeEach(() => takeGpuErrors());
  afterEach(async () => {
    expect(await takeGpuErrors(), 'errors of WebGPU').toEqual([]);
  });
}
