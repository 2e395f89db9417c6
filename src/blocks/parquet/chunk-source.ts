import type { ColumnMetaData, RowGroup } from 'hyparquet';
import { chunkPages, type ChunkSource, type StoredPage } from './chunk-pages';

/** The column of each row group. */
export interface ColumnChunks {
  source: ChunkSource;
  chunks: readonly { meta: ColumnMetaData; rows: number }[];
}

/** The chunks of a column in all row groups. @throws FormatError for one that is elsewhere, or encrypted */
export function parquetChunks(source: ChunkSource, groups: readonly RowGroup[], index: number): ColumnChunks {
  const { shard, leaf } = source;
  const chunks = groups.map((group) => {
    const chunk = group.columns[index]!;
    if (chunk.crypto_metadata || chunk.encrypted_column_metadata) {
      throw shard.refuse(`a file with a column ${leaf.name} that is not encrypted`, 'an encrypted one');
    }
    const meta = chunk.meta_data;
    if (!meta || chunk.file_path)
      throw shard.refuse(`a file that holds its column ${leaf.name}`, 'one that points elsewhere');
    if (meta.type !== leaf.element.type)
      throw shard.refuse(`a file with ${leaf.element.type} in ${leaf.name}`, meta.type);
    return { meta, rows: Number(group.num_rows) };
  });
  return { source, chunks };
}

/** What takes the pages of a column. */
export interface PageTaker {
  /** How many rows have ended. */
  rows(): number;
  /** How many have begun. */
  begun(): number;
  /** The pages of a chunk are over. */
  finish(): void;
}

/** All pages of a column. @throws FormatError where a chunk has more or fewer rows than its group */
export async function* pagesOf({ source, chunks }: ColumnChunks, taker: PageTaker): AsyncGenerator<StoredPage> {
  let before = 0;
  for (const { meta, rows } of chunks) {
    yield* chunkPages(source, meta, taker.begun);
    taker.finish();
    before += rows;
    if (taker.rows() === before) continue;
    const { shard, leaf } = source;
    throw shard.refuse(`a file with ${before} rows of ${leaf.name} up to there`, `${taker.rows()}`);
  }
}
