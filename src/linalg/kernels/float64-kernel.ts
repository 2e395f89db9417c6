import type { WasmFunction } from '../../core/simd/assembler';
import { hasSimd, simdModule } from '../../core/simd/simd-module';
import { float64Functions } from './float64-functions';

/**
 * Functions in wasm SIMD over a memory of their own, which they share: what lies in it is good until the next one calls
 * `areas`, so use it without waiting in between.
 */
export interface SimdKernel<Name extends string> {
  readonly run: { readonly [name in Name]: (...args: number[]) => void };
  /** Addresses of areas of so many bytes in the memory, which grows where it has to; what they hold is anything. */
  areas<Sizes extends readonly number[]>(...bytes: Sizes): { [at in keyof Sizes]: number };
  float32(address: number, length: number): Float32Array;
  float64(address: number, length: number): Float64Array;
  int32(address: number, length: number): Int32Array;
}

export type Float64Kernel = SimdKernel<keyof ReturnType<typeof float64Functions>>;

const [PAGE, LINE] = [65536, 64];

/** A new kernel with a new memory; `undefined` where wasm SIMD cannot run. */
export function makeKernel<Name extends string>(functions: Record<Name, WasmFunction>): SimdKernel<Name> | undefined {
  if (!hasSimd()) return undefined;
  const memory = new WebAssembly.Memory({ initial: 1 });
  return {
    run: simdModule(functions, memory),
    areas<Sizes extends readonly number[]>(...bytes: Sizes) {
      let end = 0;
      const addresses = bytes.map((size) => {
        const from = end;
        end += Math.ceil(size / LINE) * LINE;
        return from;
      });
      const missing = end - memory.buffer.byteLength;
      if (missing > 0) {
        try {
          memory.grow(Math.ceil(missing / PAGE));
        } catch {
          throw new Error(`tfjs-ood: a wasm memory (4 GiB at most) has no room for ${missing} more bytes`);
        }
      }
      return addresses as { [at in keyof Sizes]: number };
    },
    float32: (address, length) => new Float32Array(memory.buffer, address, length),
    float64: (address, length) => new Float64Array(memory.buffer, address, length),
    int32: (address, length) => new Int32Array(memory.buffer, address, length),
  };
}

let functions: ReturnType<typeof float64Functions> | undefined;
const makeFloat64 = (): Float64Kernel | undefined => makeKernel((functions ??= float64Functions()));

let made: { kernel: Float64Kernel | undefined } | undefined;

/** The functions of {@link float64Functions}, made at the first call. */
export function float64Kernel(): Float64Kernel | undefined {
  return (made ??= { kernel: makeFloat64() }).kernel;
}

/** One that is lent to nobody; more are freed, as their memory does not shrink. */
let spare: Float64Kernel | undefined;

/**
 * Lends a kernel to work that waits in between, where {@link float64Kernel} runs: what lies in its memory stays there
 * until the work is done.
 */
export async function withOwnKernel<T>(work: (kernel: Float64Kernel) => Promise<T>): Promise<T> {
  const kernel = spare ?? makeFloat64()!;
  spare = undefined;
  try {
    return await work(kernel);
  } finally {
    spare = kernel;
  }
}
