/** Bytes that typed arrays and buffers were asked for since the last call of `take`; importing it begins the count. */
let asked = 0;

const NAMES = [
  'ArrayBuffer',
  'Uint8Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
] as const;
type Maker = { new (...args: unknown[]): object; BYTES_PER_ELEMENT?: number };

for (const name of NAMES) {
  const original = globalThis[name] as unknown as Maker;
  const bytes = original.BYTES_PER_ELEMENT ?? 1;
  const counting: Maker = new Proxy(original, {
    construct(target, args: unknown[], newTarget) {
      const [first] = args;
      if (typeof first === 'number') asked += first * bytes;
      // By the original itself where it can be: arrays that are made otherwise are fifty times as slow.
      return Reflect.construct(target, args, newTarget === counting ? target : newTarget) as object;
    },
  });
  Object.defineProperty(globalThis, name, { value: counting, writable: true, configurable: true });
}

/** The count, which begins anew. */
export function takeAllocations(): number {
  const taken = asked;
  asked = 0;
  return taken;
}
