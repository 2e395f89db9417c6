import { expect, test } from 'vitest';
import { FormatError, seededRandom } from 'tfjs-ood';
import { decodeScorer, encodeScorer, hnswIndex, nearestNeighbors, type NeighborIndexMaker } from 'tfjs-ood/scorers';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { loadHnsw } from './load-hnsw';
import { testScorer } from './test-scorer';

const hnsw = await loadHnsw();
testScorer('nearestNeighbors by HNSW', () => nearestNeighbors({ k: 5, index: hnswIndex(hnsw) }));
testScorer('nearestNeighbors by an index with bytes', () => nearestNeighbors({ k: 5, index: listed() }), { leastAuroc: 0.8 }); // prettier-ignore

/** Whatever finds rows will do: here the first coordinate decides. Its bytes are the rows. */
function listed(loaded: number[] = [], lose?: number): NeighborIndexMaker {
  const build = (rows: Float32Array, size: number) => ({
    search: (queries: Float32Array, k: number) => {
      const places = new Int32Array((queries.length / size) * k);
      for (let row = 0; row < queries.length / size; row++) {
        const off = (place: number) => Math.abs(rows[place * size]! - queries[row * size]!);
        const order = Array.from({ length: rows.length / size }, (_, place) => place).sort((a, b) => off(a) - off(b));
        places.set(lose === undefined ? order.slice(0, k) : [...order.slice(0, k - 1), lose], row * k);
      }
      return places;
    },
    bytes: () => new Uint8Array(rows.slice().buffer),
    dispose: () => void loaded.push(-1),
  });
  const load = (bytes: Uint8Array, size: number) => {
    loaded.push(bytes.length);
    return build(new Float32Array(bytes.slice().buffer), size);
  };
  return { kind: 'listed', settings: { by: 'first' }, build, load };
}

const rows = (data: Float32Array, size: number) => ({ data, shape: [data.length / size, size] as const });

/** Rows about 20 centers in 16 dimensions. */
function clustered(count: number, seed: number) {
  const [centers, random] = [seededRandom(1), seededRandom(seed)];
  const all = Float32Array.from({ length: 20 * 16 }, () => 2 * centers.normal());
  const data = new Float32Array(count * 16);
  for (let row = 0; row < count; row++) {
    const own = random.integer(20);
    for (let i = 0; i < 16; i++) data[row * 16 + i] = all[own * 16 + i]! + random.normal();
  }
  return rows(data, 16);
}

onEachBackend('approximate neighbors', () => {
  test.each(['length', 'none'] as const)('%s: HNSW scores are the exact ones, or above', async (normalize) => {
    const [features, x] = [clustered(3000, 2), clustered(200, 3)];
    const exact = await nearestNeighbors({ k: 10, normalize }).fit([{ features }], {});
    const index = hnswIndex(hnsw, { efSearch: 100 });
    const near = await nearestNeighbors({ k: 10, normalize, index }).fit([{ features }], {});
    const [a, b] = [await exact.score({ features: x }), await near.score({ features: x })];
    // A missed neighbor makes the k-th farther, never nearer.
    a.forEach((score, row) => expect(b[row]!).toBeGreaterThanOrEqual(score * (1 - 1e-6)));
    const equal = a.filter((score, row) => Math.abs(score - b[row]!) <= 1e-6 * score).length;
    expect(equal / 200).toBeGreaterThan(0.98);
    exact.dispose();
    near.dispose();
  });

  test('a restored scorer builds the same graph again; one of other settings is refused', async () => {
    const [features, x] = [clustered(2000, 2), clustered(100, 3)];
    const poor = { m: 3, efConstruction: 5, efSearch: 1, seed: 4 }; // misses a lot: another graph would show
    const method = nearestNeighbors({ k: 10, index: hnswIndex(hnsw, poor) });
    const scorer = await method.fit([{ features }], {});
    const state = decodeScorer(encodeScorer(scorer.state()));
    const again = method.restore(state, {});
    expect(await again.score({ features: x })).toEqual(await scorer.score({ features: x }));
    expect(() => nearestNeighbors().restore(state, {})).toThrow(FormatError);
    expect(() => nearestNeighbors().restore(state, {})).toThrow('that of the method: none, got {"kind":"hnsw","m":3');
    expect(() => nearestNeighbors({ index: hnswIndex(hnsw) }).restore(state, {})).toThrow('"m":16');
    scorer.dispose();
    again.dispose();
  });

  test("an index of one's own: distances are of the rows themselves, bytes are saved and loaded", async () => {
    const features = rows(Float32Array.of(0, 0, 1, 5, 2, 0, 9, 9), 2);
    const calls: number[] = [];
    const method = nearestNeighbors({ k: 2, normalize: 'none', index: listed(calls) });
    const scorer = await method.fit([{ features }], {});
    const x = rows(Float32Array.of(0, 0), 2);
    expectClose(await scorer.score({ features: x }), [Math.hypot(1, 5)]); // the second by the first coordinate
    const again = method.restore(decodeScorer(encodeScorer(scorer.state())), {});
    expectClose(await again.score({ features: x }), [Math.hypot(1, 5)]);
    expect(calls).toEqual([32]);
    scorer.dispose();
    again.dispose();
    await Promise.resolve();
    expect(calls).toEqual([32, -1, -1]);
  });

  test('what is refused', async () => {
    expect(() => hnswIndex({} as never)).toThrow('hnswIndex: library must be one with HierarchicalNSW');
    expect(() => hnswIndex(hnsw, { m: 1 })).toThrow('m must be a whole number from 2, got 1');
    expect(() => hnswIndex(hnsw, { efSearch: 0 })).toThrow('efSearch must be');
    const features = rows(Float32Array.of(0, 1, 2, 3), 2);
    for (const lost of [-1, 0, 2]) {
      const losing = await nearestNeighbors({ k: 2, index: listed([], lost) }).fit([{ features }], {});
      await expect(losing.score({ features: rows(Float32Array.of(0, 1), 2) })).rejects.toThrow(
        /index 'listed' must be one that finds k = 2 rows \(widen its search\), got 1 for row 0/,
      );
      losing.dispose();
    }
    const broken = { ...listed(), build: () => Promise.reject(new Error('no memory')) };
    await expect(nearestNeighbors({ k: 2, index: broken }).fit([{ features }], {})).rejects.toThrow('no memory');
  });
});
