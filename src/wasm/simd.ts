import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { WasmFunction } from '../core/simd/assembler';
import { hasSimd, simdModule } from '../core/simd/simd-module';
import { pairFunctions } from './pair-functions';
import { rowFunctions } from './rows/row-functions';
import { simdFunctions } from './simd-functions';

/** Modules over one memory, each below 4 KiB: some browsers compile no more at once on the main thread. */
export const backendModules: readonly Readonly<Record<string, WasmFunction>>[] = [
  { ...simdFunctions, ...pairFunctions },
  rowFunctions,
];

type Names = keyof (typeof simdFunctions & typeof pairFunctions & typeof rowFunctions);

/** Functions in wasm SIMD over the backend's own memory; addresses and distances in bytes, lengths as counts. */
export type Simd = { readonly [name in Names]: (...args: number[]) => void };

export const simdOver = (memory: WebAssembly.Memory): Simd =>
  Object.assign({}, ...backendModules.map((functions) => simdModule(functions, memory))) as Simd;

const instances = new WeakMap<object, Simd | undefined>();

function instantiate(backend: BackendWasm): Simd | undefined {
  const memory = (backend.wasm as unknown as { asm?: { memory?: unknown } }).asm?.memory;
  // A shared memory means that XNNPACK has several threads: composed of its convolutions the gradients are faster
  // there.
  if (!(memory instanceof WebAssembly.Memory) || !(memory.buffer instanceof ArrayBuffer)) return undefined;
  return hasSimd() ? simdOver(memory) : undefined;
}

/** The backend's SIMD functions, made at the first call; `undefined` where they cannot run. */
export function simdOf(backend: BackendWasm): Simd | undefined {
  if (!instances.has(backend.wasm)) instances.set(backend.wasm, instantiate(backend));
  return instances.get(backend.wasm);
}
