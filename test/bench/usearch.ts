import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from 'tfjs-ood';

const [ROWS, SIZE, K, QUERIES] = [Number(process.env.ROWS ?? 1_000_000), 128, 50, 100];
const BLOCK = 10_000;
export const title = `usearch, an index for banks past memory: ${ROWS} x ${SIZE}, k = ${K}, one thread`;

/** What is used of the package, which this project does not depend on. */
interface Index {
  add(keys: BigUint64Array, rows: Float32Array, threads: number): void;
  search(rows: Float32Array, k: number, threads: number): { keys: BigUint64Array };
  save(path: string): void;
  view(path: string): void;
}
type Usearch = { Index: new (config: object) => Index };

/** Rows about 100 centers, as of a trained network, drawn block by block. */
function drawn(seed: number): (count: number) => Float32Array {
  const centers = seededRandom(3);
  const places = Float32Array.from({ length: 100 * SIZE }, () => centers.normal());
  const random = seededRandom(seed);
  return (count) => {
    const rows = new Float32Array(count * SIZE);
    for (let row = 0; row < count; row++) {
      const own = random.integer(100) * SIZE;
      for (let i = 0; i < SIZE; i++) rows[row * SIZE + i] = places[own + i]! + random.normal();
    }
    return rows;
  };
}

/** The k nearest of each query among all rows, by float64 differences, block by block. */
class Nearest {
  readonly #best: { key: number; square: number }[][];
  constructor(readonly queries: Float32Array) {
    this.#best = Array.from({ length: queries.length / SIZE }, () => []);
  }
  look(rows: Float32Array, first: number): void {
    this.#best.forEach((best, query) => {
      for (let row = 0; row < rows.length / SIZE; row++) {
        const worst = best.length < K ? Infinity : best[K - 1]!.square;
        let square = 0;
        for (let i = 0; i < SIZE && square < worst; i++) {
          square += (rows[row * SIZE + i]! - this.queries[query * SIZE + i]!) ** 2;
        }
        if (square >= worst) continue;
        const at = best.findIndex((other) => other.square > square);
        best.splice(at < 0 ? best.length : at, 0, { key: first + row, square });
        best.length = Math.min(best.length, K);
      }
    });
  }
  recall(found: readonly BigUint64Array[]): number {
    const hits = this.#best.map((best, query) => {
      const own = new Set(Array.from(found[query]!, Number));
      return best.filter(({ key }) => own.has(key)).length;
    });
    return hits.reduce((sum, count) => sum + count, 0) / (K * hits.length);
  }
}

const memory = () => process.memoryUsage().rss / 2 ** 20;
const processor = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Each query by itself: what it found, and the median of its milliseconds. */
function ask(index: Index, queries: Float32Array): { found: BigUint64Array[]; ms: number } {
  const times: number[] = [];
  const found = Array.from({ length: QUERIES }, (_, query) => {
    const start = performance.now();
    const { keys } = index.search(queries.subarray(query * SIZE, (query + 1) * SIZE), K, 1);
    times.push(performance.now() - start);
    return keys;
  });
  return { found, ms: median(times) };
}

export async function run(): Promise<string[]> {
  const name: string = 'usearch'; // no dependency, so that the compiler must not look for it
  const found = (await import(name).catch(() => undefined)) as { default: Usearch } | undefined;
  if (!found) return ['the package is not there: npm install --no-save usearch'];
  const { default: usearch } = found;
  const queries = drawn(5)(QUERIES);
  const folder = await mkdtemp(join(tmpdir(), 'tfjs-ood-usearch-'));
  const lines: string[] = [];
  try {
    const file = join(folder, 'bank.usearch');
    for (const quantization of ['f32', 'f16', 'i8']) {
      const config = { metric: 'l2sq', dimensions: SIZE, connectivity: 16, expansion_add: 128, quantization };
      const index = new usearch.Index({ ...config, expansion_search: 200 });
      const [rowsOf, nearest, before] = [drawn(4), new Nearest(queries), memory()];
      let seconds = 0;
      for (let first = 0; first < ROWS; first += BLOCK) {
        const rows = rowsOf(Math.min(BLOCK, ROWS - first));
        const start = processor();
        index.add(
          BigUint64Array.from({ length: rows.length / SIZE }, (_, i) => BigInt(first + i)),
          rows,
          1,
        );
        seconds += processor() - start;
        nearest.look(rows, first);
      }
      const held = memory() - before;
      const own = ask(index, queries);
      index.save(file);
      const viewed = new usearch.Index({ ...config, expansion_search: 200 });
      const start = performance.now();
      viewed.view(file);
      const opened = performance.now() - start;
      const first = ask(viewed, queries);
      const { size } = await stat(file);
      lines.push(
        `${quantization}: built in ${seconds.toFixed(0)} s of processor (${(ROWS / seconds).toFixed(0)} rows/s), ${held.toFixed(0)} MiB; ` +
          `recall ${nearest.recall(own.found).toFixed(3)}, a query ${own.ms.toFixed(2)} ms; ` +
          `file ${(size / 2 ** 20).toFixed(0)} MiB, viewed in ${opened.toFixed(0)} ms: a query ${first.ms.toFixed(2)} ms`,
      );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return lines;
}
