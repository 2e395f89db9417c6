import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { deriveSeed, seededRandom } from 'tfjs-ood';

/** Rows that are drawn: of classes, with a mean each. */
export interface DrawnRows {
  rows: number;
  width: number;
  classes: number;
  shards: number;
  seed: number;
}

/** How far the means of classes lie apart, in standard deviations of a number. */
const SPREAD = 2;

/** Names of shards, in the order of their rows. */
export const shardNames = (shards: number): string[] =>
  Array.from({ length: shards }, (_, i) => `part-${String(i).padStart(5, '0')}.parquet`);

/** Rows `from` to before `to` as one Parquet file: `id` (int32), `label` (int32), `embedding` (packed float32). */
function drawnShard({ width, classes, seed }: DrawnRows, shard: number, from: number, to: number): ArrayBuffer {
  const means = Array.from({ length: classes }, (_, label) => {
    const random = seededRandom(deriveSeed(1, label));
    return Float32Array.from({ length: width }, () => SPREAD * random.normal());
  });
  const random = seededRandom(deriveSeed(seed, shard));
  const labels = Int32Array.from({ length: to - from }, (_, i) => (from + i) % classes);
  const numbers = new Float32Array((to - from) * width);
  for (let row = 0, at = 0; row < labels.length; row++) {
    const mean = means[labels[row]!]!;
    for (let i = 0; i < width; i++) numbers[at++] = mean[i]! + random.normal();
  }
  const bytes = new Uint8Array(numbers.buffer);
  const own = { repetition_type: 'REQUIRED' } as const;
  return parquetWriteBuffer({
    schema: [
      { name: 'root', num_children: 3 },
      { ...own, name: 'id', type: 'INT32' },
      { ...own, name: 'label', type: 'INT32' },
      { ...own, name: 'embedding', type: 'FIXED_LEN_BYTE_ARRAY', type_length: 4 * width },
    ],
    columnData: [
      { name: 'id', data: Int32Array.from(labels, (_, i) => from + i) },
      { name: 'label', data: labels },
      {
        name: 'embedding',
        data: Array.from(labels, (_, i) => bytes.subarray(4 * width * i, 4 * width * (i + 1))),
        encoding: 'PLAIN',
      },
    ],
    codec: 'UNCOMPRESSED',
    statistics: false,
    rowGroupSize: to - from,
  });
}

/** Draws shards into a folder, unless the same ones lie there already. @returns their names */
export async function drawShards(folder: string, drawn: DrawnRows, onShard: () => void = () => undefined) {
  const names = shardNames(drawn.shards);
  const note = join(folder, 'drawn.json');
  const said = JSON.stringify(drawn);
  if ((await readFile(note, 'utf8').catch(() => '')) === said) return names;
  await mkdir(folder, { recursive: true });
  for (const [shard, name] of names.entries()) {
    const [from, to] = [shard, shard + 1].map((at) => Math.floor((at * drawn.rows) / drawn.shards));
    await writeFile(join(folder, name), new Uint8Array(drawnShard(drawn, shard, from!, to!)));
    onShard();
  }
  await writeFile(note, said);
  return names;
}
