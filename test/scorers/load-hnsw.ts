import type { HnswLibrary } from 'tfjs-ood/scorers';

/**
 * hnswlib-wasm is built for browsers: it asks for `window` before it starts. Given one, it does the same in Node, but
 * for its store, IndexedDB, for which its `loadHnswlib` would wait: there the module inside the package is started by
 * itself.
 */
export async function loadHnsw(): Promise<HnswLibrary> {
  const place = globalThis as { window?: unknown; document?: unknown };
  if (place.window !== undefined) return (await import('hnswlib-wasm')).loadHnswlib() as Promise<unknown> as Promise<HnswLibrary>; // prettier-ignore
  [place.window, place.document] = [globalThis, { currentScript: null }];
  try {
    const file = 'hnswlib-wasm/lib/hnswlib.mjs'; // has no types
    const { default: start } = (await import(/* @vite-ignore */ file)) as { default: () => Promise<HnswLibrary> };
    return await start();
  } finally {
    delete place.window;
    delete place.document;
  }
}
