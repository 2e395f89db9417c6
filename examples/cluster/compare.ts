import { folderStore } from 'tfjs-ood/jobs';
import { parquetBlocks } from 'tfjs-ood/blocks';
import { decodeSafetensors } from 'tfjs-ood';

const bytesOf = async (folder: string, key: string): Promise<Uint8Array<ArrayBuffer>> => {
  const bytes = await folderStore(folder).get(key);
  if (!bytes) throw new Error(`${key} is not there`);
  return bytes as Uint8Array<ArrayBuffer>;
};

/** The largest difference of two files' numbers, by the larger of 1 and the number; 0 where they are the same bytes. */
export async function largestDifference(folder: string, key: string, other: string): Promise<number> {
  const [mine, theirs] = await Promise.all([key, other].map((one) => bytesOf(folder, one)));
  if (Buffer.compare(mine!, theirs!) === 0) return 0;
  const [left, right] = [mine!, theirs!].map((bytes) => decodeSafetensors(bytes).tensors);
  let most = 0;
  for (const [name, { data }] of Object.entries(left!)) {
    const others = right![name]!.data;
    if (others.length !== data.length) return Infinity;
    for (let i = 0; i < data.length; i++) {
      const [a, b] = [Number(data[i]), Number(others[i])];
      const difference = Math.abs(a - b) / Math.max(1, Math.abs(b));
      if (!(difference <= most)) most = difference;
    }
  }
  return most;
}

/** Whether each of `rows` ids, 0, 1, ..., stands in the scores of these shards, and none twice. */
export async function idsOnce(folder: string, keys: readonly string[], rows: number): Promise<boolean> {
  const seen = new Uint8Array(rows);
  let count = 0;
  for (const key of keys) {
    const file = new Blob([await bytesOf(folder, key)]);
    for await (const { ids } of parquetBlocks(file, { columns: { ids: 'id' } })) {
      for (const id of ids as Int32Array) {
        if (seen[id] !== 0) return false;
        seen[id] = 1;
        count++;
      }
    }
  }
  return count === rows;
}
