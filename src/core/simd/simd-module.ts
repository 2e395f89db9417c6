import { assembleModule, type WasmFunction } from './assembler';

/** One function, which makes a v128: what an engine without SIMD refuses. */
const PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
  ...[1, 5, 1, 0x60, 0, 1, 0x7b], // its type: () -> v128
  ...[3, 2, 1, 0],
  ...[10, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x0f, 0x0b], // i8x16.splat of 0
);

/** Whether wasm SIMD runs here: not in an old engine, nor where a page forbids compiling. */
export function hasSimd(): boolean {
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(PROBE)) return false;
  try {
    // A policy against `wasm-unsafe-eval` shows only here; the bytes are known to be right.
    new WebAssembly.Module(PROBE);
    return true;
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return false;
    throw error;
  }
}

/** What was compiled, by the functions. */
const compiled = /* @__PURE__ */ new WeakMap<object, WebAssembly.Module>();

/** Functions of wasm SIMD, compiled over a memory, where {@link hasSimd}. Throws for what is no valid function. */
export function simdModule<Name extends string>(
  functions: Readonly<Record<Name, WasmFunction>>,
  memory: WebAssembly.Memory,
): { readonly [name in Name]: (...args: number[]) => void } {
  const module = compiled.get(functions) ?? new WebAssembly.Module(assembleModule(functions));
  compiled.set(functions, module);
  return new WebAssembly.Instance(module, { env: { memory } }).exports as never;
}
