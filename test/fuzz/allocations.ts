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
for (const name of NAMES) {
  const original = globalThis[name];
  const bytes = 'BYTES_PER_ELEMENT' in original ? original.BYTES_PER_ELEMENT : 1;
  const counting = new Proxy(original, {
    construct(target, args: unknown[], newTarget: new () => object) {
      const [first] = args;
      if (typeof first === 'number') asked += first * bytes;
      return Reflect.construct(target as new () => object, args, newTarget);
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
