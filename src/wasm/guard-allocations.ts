import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

interface Heap {
  _malloc(bytes: number): number;
  readonly HEAPU8: Uint8Array;
}

const guarded = new WeakSet<Heap>();

/**
 * Makes a failed allocation throw. As shipped it returns offset 0 past the 4 GiB of wasm memory, or, where its sum of sizes
 * wraps around, a block that ends behind the memory there is; tensors then overlap.
 */
export function guardAllocations(backend: BackendWasm): void {
  const heap = backend.wasm as unknown as Heap;
  if (guarded.has(heap)) return;
  guarded.add(heap);
  // The module puts its bare export back in place at the first call, so a plain assignment would be lost.
  let malloc = heap._malloc;
  const checked = (bytes: number): number => {
    const offset = malloc(bytes);
    if (bytes > 0 && (offset === 0 || (offset >>> 0) + bytes > heap.HEAPU8.length)) {
      throw new Error(
        `tfjs-ood/wasm: the wasm heap (4 GiB at most) has no room for ${bytes} more bytes; use smaller batches or parts`,
      );
    }
    return offset;
  };
  Object.defineProperty(heap, '_malloc', { get: () => checked, set: (bare: Heap['_malloc']) => (malloc = bare) });
}
