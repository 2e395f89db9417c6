import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from 'tfjs-ood';

/** Rows of a shard as they were drawn. */
export interface DrawnShard {
  name: string;
  ids: string[];
  /** [n, 2] */
  features: Float32Array;
  labels: Int32Array;
}

/** Shards `part-000.csv`, ... of rows drawn from a seed, of 3 to 12 rows each. */
export function drawnShards(count: number, seed: number): DrawnShard[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, shard) => {
    const rows = 3 + Math.floor(10 * random.uniform());
    return {
      name: `part-${String(shard).padStart(3, '0')}.csv`,
      ids: Array.from({ length: rows }, (_, row) => `${shard}-${row}`),
      features: Float32Array.from({ length: 2 * rows }, (_, i) => random.normal() + 3 * (i % 2)),
      labels: Int32Array.from({ length: rows }, (_, row) => (shard + row) % 3),
    };
  });
}

const textOf = ({ ids, features, labels }: DrawnShard): string =>
  ['id,a,b,label', ...ids.map((id, i) => [id, features[2 * i], features[2 * i + 1], labels[i]].join(','))].join('\n');

/** Writes them as CSV. @returns their names */
export async function writeShards(folder: string, shards: readonly DrawnShard[]): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  await Promise.all(shards.map((shard) => writeFile(join(folder, shard.name), `${textOf(shard)}\n`)));
  return shards.map(({ name }) => name);
}

/** Which column of such a shard is which. */
export const COLUMNS = { features: ['a', 'b'], labels: 'label', ids: 'id' } as const;
