import { CliError } from '../cli-error';

export const BACKENDS = ['wasm', 'cpu', 'webgpu', 'tensorflow'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** What each backend is in. */
export const BACKEND_PACKAGES: Readonly<Record<BackendName, readonly string[]>> = {
  wasm: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'],
  cpu: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'],
  webgpu: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu', 'webgpu'],
  tensorflow: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-node'],
};

type Say = (text: string) => void;

/** By a name that is no literal: these are not there when the package is built, or not for everybody. */
const load = (name: string): Promise<unknown> => import(name);

async function startCard(say: Say): Promise<void> {
  const { startWebgpu } = await import('tfjs-ood/node');
  const { name, isSoftware } = await startWebgpu();
  say(`Computes on ${name}${isSoftware ? ', which is software: --backend wasm is faster' : ''}.`);
}

/** Starts a backend of tfjs; its packages have been required. `say` is told which card computes. */
export async function startBackend(name: BackendName, say: Say): Promise<void> {
  const { env, getBackend, setBackend } = await import('@tensorflow/tfjs-core');
  env().set('PROD', true); // or the cpu backend advertises another one
  try {
    if (name === 'wasm') await import('tfjs-ood/wasm');
    else if (name === 'webgpu') await startCard(say);
    else await load(BACKEND_PACKAGES[name].at(-1)!);
    if (getBackend() !== name && !(await setBackend(name))) throw new Error('tfjs refused it');
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`--backend: ${name} did not start: ${(error as Error).message}`);
  }
}
