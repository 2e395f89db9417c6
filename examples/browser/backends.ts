import * as tf from '@tensorflow/tfjs-core';
import { startWasm } from './wasm-backend';

export const backendNames = ['wasm', 'webgl', 'webgpu'] as const;
export type BackendName = (typeof backendNames)[number];

const load: Record<BackendName, () => Promise<unknown>> = {
  wasm: startWasm,
  webgl: () => import('@tensorflow/tfjs-backend-webgl'),
  webgpu: () => import('tfjs-ood/webgpu'),
};

/** Makes it the backend of the page; an error that a person can read where the browser does not have it. */
export async function startBackend(name: BackendName): Promise<void> {
  if (name === 'webgpu' && !('gpu' in navigator)) throw new Error('This browser has no WebGPU.');
  await load[name]();
  const started = await tf.setBackend(name).catch(() => false);
  if (!started) throw new Error(`${name} does not start in this browser.`);
  await tf.ready();
}

/** Fetches the other backends while there is a network, for the choice to work without one. */
export const fetchBackend = (name: BackendName): Promise<unknown> => load[name]();
export const fetchBackends = (): Promise<unknown> => Promise.all([load.webgl(), load.webgpu()]);
