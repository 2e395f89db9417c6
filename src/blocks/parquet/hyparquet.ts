import type { ColumnMetaData, CompressionCodec, Compressors } from 'hyparquet';
import type { Shard } from '../bytes/shard';
import { loadPeer } from '../stream/load-peer';

/** What is used of the package hyparquet. */
export interface Hyparquet {
  parquetMetadata: (typeof import('hyparquet'))['parquetMetadata'];
  parquetHeader: (typeof import('hyparquet/src/column.js'))['parquetHeader'];
  decompressPage: (typeof import('hyparquet/src/datapage.js'))['decompressPage'];
  deltaBinaryUnpack: (typeof import('hyparquet/src/delta.js'))['deltaBinaryUnpack'];
  deltaLengthByteArray: (typeof import('hyparquet/src/delta.js'))['deltaLengthByteArray'];
  deltaByteArray: (typeof import('hyparquet/src/delta.js'))['deltaByteArray'];
}

/** The package hyparquet. @throws ArgumentError where it is missing */
export const loadHyparquet = (where: string): Promise<Hyparquet> =>
  loadPeer(where, 'hyparquet', async () => {
    const [{ parquetMetadata }, { parquetHeader }, { decompressPage }, delta] = await Promise.all([
      import('hyparquet'),
      import('hyparquet/src/column.js'),
      import('hyparquet/src/datapage.js'),
      import('hyparquet/src/delta.js'),
    ]);
    const { deltaBinaryUnpack, deltaLengthByteArray, deltaByteArray } = delta;
    return {
      parquetMetadata,
      parquetHeader,
      decompressPage,
      deltaBinaryUnpack,
      deltaLengthByteArray,
      deltaByteArray,
    };
  });

const BUILT_IN: readonly (CompressionCodec | undefined)[] = ['UNCOMPRESSED', 'SNAPPY'];

/**
 * What decompresses the pages of these columns: what hyparquet can itself, and
 * hyparquet-compressors for others.
 *
 * @throws FormatError for a codec that needs hyparquet-compressors where it is missing, or that is unknown
 */
export async function compressorsFor(shard: Shard, columns: readonly ColumnMetaData[]): Promise<Compressors> {
  if (columns.every(({ codec }) => BUILT_IN.includes(codec))) return {};
  const loaded = await import('hyparquet-compressors').then(
    ({ compressors }) => compressors,
    () => undefined,
  );
  for (const { codec } of columns as readonly { codec: CompressionCodec | undefined }[]) {
    if (BUILT_IN.includes(codec) || (codec && loaded?.[codec])) continue;
    const way = loaded ? 'that is known' : 'that hyparquet knows (npm install hyparquet-compressors for others)';
    throw shard.refuse(`a Parquet file with a codec ${way}`, codec ?? 'another');
  }
  // Snappy's of hyparquet-compressors keeps a page and its bytes in a wasm memory, which never shrinks
  const others = { ...loaded };
  delete others.SNAPPY;
  return others;
}
