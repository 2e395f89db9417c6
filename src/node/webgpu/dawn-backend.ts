import { ArgumentError } from '../../core/errors';
import type { GpuAdapter } from '../start-webgpu';

const INSTALL = 'npm install webgpu @tensorflow/tfjs-backend-webgpu';
const WAY_OUT =
  "one that the system's Vulkan, Metal or Direct3D 12 driver offers (on Linux the Vulkan loader libvulkan.so.1 and a " +
  'driver are needed; to try it without a card let the environment variable VK_DRIVER_FILES name the ' +
  'vk_swiftshader_icd.json of Chromium)';

async function packageOf<T>(where: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw Object.assign(
      new ArgumentError(where, `the optional package ${name}`, `installed and loadable (${INSTALL})`, String(cause)),
      { cause },
    );
  }
}

/** Dawn, once a process: it lives as long as somebody holds it, and a device of one is unknown to another. */
let gpu: GPU | undefined;

function putIntoPlace(dawn: { create: (options: string[]) => GPU; globals: object }): GPU {
  const { navigator } = globalThis as { navigator?: Navigator };
  gpu ??= navigator?.gpu; // of somebody who did the same by hand
  if (gpu) return gpu;
  Object.assign(globalThis, dawn.globals); // GPUBuffer, GPUMapMode, ...: tfjs reads them there
  gpu = dawn.create([]);
  if (navigator) Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  else Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
  return gpu;
}

/** What tfjs asks of a device in a browser, so that both behave alike. */
async function deviceOf(adapter: GPUAdapter): Promise<GPUDevice> {
  const { limits, features } = adapter;
  return adapter.requestDevice({
    requiredFeatures: (['timestamp-query'] as const).filter((feature) => features.has(feature)),
    requiredLimits: {
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
  });
}

const cardOf = ({ description, device, vendor, architecture, isFallbackAdapter }: GPUAdapterInfo): GpuAdapter => ({
  name: description || device,
  vendor,
  architecture,
  isSoftware: isFallbackAdapter,
});

/** What `startWebgpu` does, and who it is for errors. */
export async function startDawn(where: string): Promise<GpuAdapter> {
  const dawn = await packageOf(where, 'webgpu', () => import('webgpu'));
  const found = putIntoPlace(dawn);
  const tf = await packageOf(where, '@tensorflow/tfjs-core', () => import('@tensorflow/tfjs-core'));
  const { WebGPUBackend } = await packageOf(
    where,
    '@tensorflow/tfjs-backend-webgpu',
    () => import('@tensorflow/tfjs-backend-webgpu'),
  );
  await import('../../webgpu/index');

  const own = tf.engine().registry.webgpu as InstanceType<typeof WebGPUBackend> | undefined;
  const isLost = own && (await Promise.race([own.device.lost, Promise.resolve()]));
  if (own && !isLost) {
    await tf.setBackend('webgpu');
    return cardOf(own.device.adapterInfo);
  }
  const adapter = await found.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new ArgumentError(where, 'WebGPU adapter', WAY_OUT, 'none');
  const device = await deviceOf(adapter);
  const { info } = adapter;
  // tfjs has its own only where navigator.gpu was there before it was imported
  if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(device, info), 3);
  await tf.setBackend('webgpu');
  return cardOf(info);
}
