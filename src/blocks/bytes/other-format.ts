import type { Shard } from './shard';

/** What files begin with that are given to the wrong reader, or are not what their name says. */
const BEGINNINGS: readonly [begin: string | RegExp, kind: string][] = [
  ['PAR1', 'a Parquet file (parquetBlocks)'],
  ['ARROW1', 'an Arrow file (arrowBlocks)'],
  ['FEA1', 'a file of Feather 1 (write it with version=2)'],
  ['\x93NUMPY', 'a .npy file (npyBlocks)'],
  ['PK\x03\x04', 'a zip file (of arrays: npzBlocks)'],
  ['\x1f\x8b', 'a file that gzip packed (unpack it)'],
  ['version https://git-lfs', 'what stands for a file in Git LFS (git lfs pull)'],
  [/^\s*<(!doctype|html|\?xml|error)/i, 'a page of HTML or XML'],
  [/^[\t\n\r\x20-\x7e]{16}/, 'text (if it is CSV: csvBlocks)'],
];

/** What a file is that its reader cannot read, by its first bytes; `otherwise` where they say nothing. */
export async function otherFormat(shard: Shard, otherwise: string): Promise<string> {
  const first = String.fromCharCode(...(await shard.read(0, Math.min(shard.size, 64))));
  const found = BEGINNINGS.find(([begin]) => (typeof begin === 'string' ? first.startsWith(begin) : begin.test(first)));
  return found && !found[1].includes(shard.where) ? found[1] : otherwise;
}
