import type { ColumnMetaData } from 'hyparquet';
import { oneOf, required } from '../../core/check';
import { readOptions } from '../../core/read-options';
import type { ShardBytes } from '../bytes/byte-ranges';
import { Room } from '../bytes/room';
import type { Shard } from '../bytes/shard';
import type { Block, BlockColumns, ColumnBlocksOptions, PartsOf } from '../stream/block';
import { BLOCKS_OPTIONS } from '../stream/blocks-of';
import { columnBlocks } from '../stream/column-blocks';
import { COLUMNS, type ColumnNames } from '../stream/read-columns';
import type { NumberColumn, ShardColumns, ValueColumn } from '../stream/shard-columns';
import { sideBySide } from '../stream/side-by-side';
import { parquetChunks, type ColumnChunks } from './chunk-source';
import { numberKind, valueKind, type PackedNumbers } from './column-kind';
import { compressorsFor, loadHyparquet, type Hyparquet } from './hyparquet';
import { parquetNumbers } from './number-column';
import type { NumberKind } from './number-values';
import { readFooter, type Footer } from './read-footer';
import { parquetValues } from './value-column';

/** Options of {@link parquetBlocks}. */
export interface ParquetBlocksOptions<C extends BlockColumns = BlockColumns> extends ColumnBlocksOptions<C> {
  /** What columns of bytes hold, little-endian; default float32. */
  packed?: PackedNumbers;
}

/** Bytes of all windows together, and the least and most of one. */
const WINDOWS = 2 ** 24;
const LEAST_WINDOW = 2 ** 16;
const MOST_WINDOW = 2 ** 22;

/**
 * Blocks of Parquet files, one after the other: what `fitOutputDetector` takes as a stream, and scorers as blocks. It
 * needs the package `hyparquet` (and `hyparquet-compressors` for codecs other than Snappy).
 *
 * Numbers are lists, numbers packed in bytes, or columns side by side, of float16 to float64 or whole numbers; they
 * become float32. A struct's field is asked for as `features.values`. Row groups may be of any size: in memory are a
 * block and, of each column, a window of up to 4 MiB, a page as it was written (1 MB by most, up to 100 MB by DuckDB)
 * and its dictionary.
 *
 * @param shards a file, or several as one stream: `fileRanges` of `tfjs-ood/node`, {@link httpRanges}, Blobs or bytes
 * @throws ArgumentError for a column that there is not, naming the nearest, or where hyparquet is missing; FormatError
 *   for a damaged or encrypted file, a null, or lists of unequal length, ShapeError for another width than in the first
 *   shard, NotFiniteError for NaN, all naming the shard, and the row
 * @example
 * const blocks = parquetBlocks(shards, { columns: { features: 'embedding', labels: 'label' } });
 * const detector = await fitOutputDetector(blocks, { scorer: mahalanobis(), alpha: 0.2 });
 */
export async function* parquetBlocks<const C extends BlockColumns>(
  shards: ShardBytes | readonly ShardBytes[],
  options: ParquetBlocksOptions<C>,
): AsyncGenerator<Block<PartsOf<C>>, void, undefined> {
  const where = 'parquetBlocks';
  const own = readOptions<ParquetBlocksOptions, ReturnType<typeof declared>>(where, options, declared());
  yield* columnBlocks<PartsOf<C>>(where, shards, own as ColumnBlocksOptions, async (shard, choose) => {
    const hyparquet = await loadHyparquet(where);
    const footer = await readFooter(shard, hyparquet);
    const names = choose([...new Set(footer.leaves.map(({ name }) => name))]);
    return openColumns({ shard, footer, names, hyparquet, packed: own.packed });
  });
}

const declared = () =>
  ({
    columns: [required(COLUMNS)],
    packed: [oneOf('float16', 'float32', 'float64', 'int8', 'uint8'), 'float32'],
    ...BLOCKS_OPTIONS,
  }) as const;

interface Opening {
  shard: Shard;
  footer: Footer;
  names: ColumnNames;
  hyparquet: Hyparquet;
  packed: PackedNumbers;
}

async function openColumns({ shard, footer, names, hyparquet, packed }: Opening): Promise<ShardColumns> {
  const { leaves, groups } = footer;
  const all = Object.values(names).flat();
  const indices = all.map((name) => leaves.findIndex((leaf) => leaf.name === name));
  const metas = groups.flatMap(({ columns }) => indices.map((index) => columns[index]?.meta_data));
  const compressors = await compressorsFor(
    shard,
    metas.filter((meta): meta is ColumnMetaData => meta !== undefined),
  );
  const windowSize = Math.min(MOST_WINDOW, Math.max(LEAST_WINDOW, Math.floor(WINDOWS / all.length)));
  const shared = { packed: new Room(), dictionary: new Room() };
  const chunks = (name: string): ColumnChunks => {
    const index = leaves.findIndex((leaf) => leaf.name === name);
    const rooms = { window: new Room(), page: new Room(), shared };
    return parquetChunks({ shard, leaf: leaves[index]!, windowSize, compressors, hyparquet, rooms }, groups, index);
  };
  const numbers = (part: 'features' | 'logits'): NumberColumn | undefined => {
    const columns = names[part]?.map((name) => {
      const own = chunks(name);
      return parquetNumbers(own, numberKind(shard, own.source.leaf, packed) as NumberKind);
    });
    return columns && sideBySide(columns);
  };
  const values = (part: 'labels' | 'ids'): ValueColumn | undefined => {
    const name = names[part]?.[0];
    if (name === undefined) return undefined;
    const own = chunks(name);
    return parquetValues(own, valueKind(shard, own.source.leaf));
  };
  return { features: numbers('features'), logits: numbers('logits'), labels: values('labels'), ids: values('ids') };
}
