import { ArgumentError } from '../../core/errors';
import type { NeighborIndex, NeighborIndexMaker } from './neighbor-index';
import { COUNT, INDEX, wholeFrom } from '../../core/check';
import { readOptions } from '../../core/read-options';

/** What is used of an HNSW graph of `hnswlib-wasm` or `hnswlib-node`. */
export interface HnswGraph {
  initIndex(maxElements: number, m: number, efConstruction: number, randomSeed: number): void;
  addPoint(point: number[], label: number, replaceDeleted: boolean): void;
  searchKnn(query: number[], k: number, filter: undefined): { neighbors: number[] };
  /** hnswlib-wasm's name. */
  setEfSearch?(ef: number): void;
  /** hnswlib-node's name. */
  setEf?(ef: number): void;
  /** Frees it, where it is in the memory of a wasm module. */
  delete?(): void;
}

/** A package with HNSW graphs: what `loadHnswlib()` of `hnswlib-wasm` gives, or `hnswlib-node` itself. */
export interface HnswLibrary {
  HierarchicalNSW: new (space: 'l2', size: number, ...autoSaveFilename: string[]) => HnswGraph;
}

/** Options of {@link hnswIndex}. */
export interface HnswOptions {
  /** Most links of a row, default 16. More: a better and larger graph. */
  m?: number;
  /** Rows that are looked at for the links of a new one, default 100. */
  efConstruction?: number;
  /** Rows that are looked at in a search, default 200; at least k. More: higher recall, more time. */
  efSearch?: number;
  /** Of the graph's levels, default 1. */
  seed?: number;
}

/**
 * An approximate index for {@link nearestNeighbors}: a hierarchical navigable small-world graph.
 *
 * The package that holds the graphs is handed in; tfjs-ood depends on none. Neither gives a graph as bytes, so a saved
 * scorer holds the bank and builds the graph again when it first scores: the same rows and seed give the same graph,
 * and the same scores. Building takes O(M log M) with a large constant, a search O(log M); worth it for large banks
 * only.
 *
 * Source: Malkov, Yashunin, IEEE TPAMI 2020.
 *
 * @param library `await loadHnswlib()` of `hnswlib-wasm` (browsers), or `hnswlib-node`
 * @throws ArgumentError for an option out of range, or a library without `HierarchicalNSW`
 * @example
 * import { loadHnswlib } from 'hnswlib-wasm';
 * const method = nearestNeighbors({ k: 50, index: hnswIndex(await loadHnswlib()) });
 */
export function hnswIndex(library: HnswLibrary, options?: HnswOptions): NeighborIndexMaker {
  const where = 'hnswIndex';
  const graphs = (library as Partial<HnswLibrary> | undefined)?.HierarchicalNSW;
  if (typeof graphs !== 'function') {
    const expected = 'one with HierarchicalNSW, as hnswlib-wasm loads or hnswlib-node is';
    throw new ArgumentError(where, 'library', expected, typeof library);
  }
  const { m, efConstruction, efSearch, seed } = readOptions(where, options, {
    m: [wholeFrom(2), 16],
    efConstruction: [COUNT, 100],
    efSearch: [COUNT, 200],
    seed: [INDEX, 1],
  });
  return {
    kind: 'hnsw',
    settings: { m, efConstruction, efSearch, seed },
    build(rows, size) {
      // hnswlib-wasm insists on a third argument, hnswlib-node on two.
      const graph = 'setEf' in graphs.prototype ? new graphs('l2', size) : new graphs('l2', size, '');
      const count = rows.length / size;
      // Neither takes typed arrays everywhere.
      const rowOf = (all: Float32Array, row: number) => Array.from(all.subarray(row * size, (row + 1) * size));
      graph.initIndex(count, m, efConstruction, seed);
      for (let row = 0; row < count; row++) graph.addPoint(rowOf(rows, row), row, false);
      return searchOf(graph, rowOf, size, efSearch);
    },
  };
}

function searchOf(
  graph: HnswGraph,
  rowOf: (all: Float32Array, row: number) => number[],
  size: number,
  efSearch: number,
): NeighborIndex {
  return {
    search(queries, k) {
      const ef = Math.max(k, efSearch);
      if (graph.setEfSearch) graph.setEfSearch(ef);
      else graph.setEf?.(ef);
      const count = queries.length / size;
      const places = new Int32Array(count * k).fill(-1);
      for (let row = 0; row < count; row++) {
        places.set(graph.searchKnn(rowOf(queries, row), k, undefined).neighbors, row * k);
      }
      return places;
    },
    dispose: () => graph.delete?.(),
  };
}
