import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

interface Heap {
  _malloc(bytes: number): number;
}

const guarded = new WeakSet<Heap>();

/**
 * Makes a failed allocation throw. As shipped it returns offset 0 past the 4 GiB of wasm memory, and tensors overlap.
 */
export function guardAllocations(backend: BackendWasm): void {
  const heap = backend.wasm as unknown as Heap;
  if (guarded.has(heap)) return;
  guarded.add(heap);
  const malloc = heap._malloc.bind(heap);
  heap._malloc = (bytes) => {
    const offset = malloc(bytes);
    if (offset === 0 && bytes > 0) {
      throw new Error(
        `tfjs-ood/wasm: the wasm heap (4 GiB at most) has no room for ${bytes} more bytes; use smaller batches or parts`,
      );
    }
    return offset;
  };
}
