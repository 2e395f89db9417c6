import { backend, getBackend, type DataId, type KernelBackend } from '@tensorflow/tfjs-core';

/**
 * Most bytes of a user's rows that stay on the wasm backend. XNNPACK keeps them once more, packed, so this is half of
 * its 4 GiB; what is left is for the model and the batch. On other backends all rows stay: there is no such limit that
 * could be known.
 */
const MOST_ON_WASM = 2 ** 30;
export const residentBytes = (): number => (getBackend() === 'wasm' ? MOST_ON_WASM : Infinity);

/** Bytes that the products of one block of rows may take: at usual sizes less than this bounds them. */
const PART_BYTES = 2 ** 28;
/** How many rows of so many numbers go through the backend at once, at most `rows`. */
export const rowsInPart = (rows: number, width: number, bytes = PART_BYTES): number =>
  Math.max(1, Math.min(rows, Math.floor(bytes / (4 * width))));

/** The memory of the wasm backend. */
interface Heap {
  _malloc(bytes: number): number;
  _free(offset: number): void;
  readonly HEAPU8: Uint8Array;
}

const HEAP_BYTES = 2 ** 32;
const guarded = new WeakSet<Heap>();

/**
 * Makes a failed allocation of the wasm backend throw. As shipped it returns offset 0 past the 4 GiB of wasm memory,
 * or, where its sum of sizes wraps around, a block that ends behind the memory there is; tensors then overlap. Does
 * nothing to another backend.
 */
export function guardAllocations(of: KernelBackend): void {
  const heap = heapOf(of);
  if (!heap || guarded.has(heap)) return;
  guarded.add(heap);
  // The module puts its bare export back in place at the first call, so a plain assignment would be lost.
  let malloc = heap._malloc;
  const checked = (bytes: number): number => {
    if (bytes >= HEAP_BYTES) throw noRoom(bytes);
    const offset = malloc(bytes);
    if (bytes === 0 || (offset !== 0 && (offset >>> 0) + bytes <= heap.HEAPU8.length)) return offset;
    if (offset !== 0) heap._free(offset);
    throw noRoom(bytes);
  };
  Object.defineProperty(heap, '_malloc', { get: () => checked, set: (bare: Heap['_malloc']) => (malloc = bare) });
}

/** The same for the backend in use. */
export function guardBackend(): void {
  if (getBackend() === 'wasm') guardAllocations(backend());
}

const heapOf = (of: KernelBackend): Heap | undefined => (of as KernelBackend & { wasm?: Heap }).wasm;

const noRoom = (bytes: number): Error =>
  new Error(
    `tfjs-ood: the wasm heap (4 GiB at most) has no room for ${bytes} more bytes; use smaller batches or parts`,
  );

/** What XNNPACK allocates beside those numbers: the operator itself, and a little at the end of each of its blocks. */
const BESIDE = 2 ** 18;
const packed = new WeakMap<DataId, Set<string>>();

/**
 * Throws unless the wasm heap has room for the packed copy that XNNPACK makes of weights at their first product. Where
 * that fails, the backend writes a line on the console ("status 6") and goes on with an output that nobody wrote.
 *
 * @param numbers what is packed, padding included, and the output, which is allocated before
 * @param way weights are packed anew for each
 */
export function reservePacked(of: KernelBackend, weights: DataId, numbers: number, way = ''): void {
  const heap = heapOf(of);
  if (!heap) return;
  const ways = packed.get(weights) ?? new Set();
  if (ways.has(way)) return;
  guardAllocations(of);
  heap._free(heap._malloc(4 * numbers + BESIDE));
  packed.set(weights, ways.add(way));
}

/** Numbers of packed weights of a product [D, C]: columns in eights, rows in fours, and a bias for each. */
export const packedNumbers = (depth: number, width: number): number =>
  8 * Math.ceil(width / 8) * (4 * Math.ceil(depth / 4) + 1);
