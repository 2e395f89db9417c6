import {
  arrowBlocks,
  csvBlocks,
  npyBlocks,
  npzBlocks,
  parquetBlocks,
  safetensorsBlocks,
  type Block,
  type ShardBytes,
} from '../../../src/blocks/index';
import { FormatError, OodError } from '../../../src/core/errors';
import { expectThat, WrongResult, type Target } from '../target';
import { fixture } from './files';

interface Files {
  files: Record<string, { bytes: string; columns: Record<string, string> }>;
  npy: Record<string, { bytes: string }>;
}
const { files, npy } = fixture<Files>('blocks.json');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const USUAL = { features: 'embedding', labels: 'label', ids: 'id' };

type Read = (shard: ShardBytes) => AsyncIterable<Partial<Block>>;

/** Errors of rows and columns that a changed file has: another name, width or number. */
const OF_CONTENTS = ['ArgumentError', 'ShapeError', 'NotFiniteError'];

/** A few bytes can truly stand for very many rows: so many are enough here. */
const MOST_BLOCKS = 50;

/** All parts of a block have its rows, and all numbers are finite. */
function checkBlock(block: Partial<Block>): void {
  const { features, labels, ids } = block;
  const rows = features?.shape[0] ?? labels?.length;
  if (features) {
    expectThat('as many numbers as the shape says', features.data.length === features.shape[0] * features.shape[1]);
    expectThat('finite numbers', features.data.every(Number.isFinite));
  }
  if (labels) expectThat('a label for each row', labels.length === rows);
  if (ids) expectThat('an id for each row', ids.length === rows);
}

const target = (where: string, seeds: Uint8Array[], read: Read): Target => ({
  where: [where],
  seeds,
  // A block of 4 MiB of each part, and windows
  limit: (bytes) => 100 * bytes.length + 2 ** 26,
  async read(bytes) {
    try {
      let blocks = 0;
      for await (const block of read(bytes)) {
        checkBlock(block);
        if (++blocks === MOST_BLOCKS) break;
      }
    } catch (error) {
      if (error instanceof FormatError || error instanceof WrongResult) throw error;
      if (!(error instanceof OodError) || !OF_CONTENTS.includes(error.name)) throw error;
      expectThat(`${where} complains`, error.details.where === where);
    }
  },
});

const seedsOf = (name: RegExp) =>
  Object.entries(files).flatMap(([file, { bytes }]) => (name.test(file) ? [bytesOf(bytes)] : []));

export const parquet = (): Target => {
  const usual = Object.entries(files).filter(
    ([name, { columns }]) => /^(pyarrow|pandas|polars|DuckDB)/.test(name) && columns.features === 'embedding',
  );
  // Codecs without a bound on what comes out of a byte are left out: their pages may have 128 MiB
  const seeds = usual.filter(([name]) => !/gzip|zstd|brotli|lz4/.test(name)).map(([, { bytes }]) => bytesOf(bytes));
  return target('parquetBlocks', seeds, (shard) => parquetBlocks(shard, { columns: USUAL, blockRows: 4 }));
};
export const arrow = (): Target =>
  target('arrowBlocks', seedsOf(/^arrow (file|stream)(?!.*(side|pandas))/), (shard) =>
    arrowBlocks(shard, { columns: USUAL, blockRows: 4 }),
  );
export const npz = (): Target =>
  target('npzBlocks', seedsOf(/^npz/), (shard) =>
    npzBlocks(shard, { columns: { features: 'x', labels: 'y', ids: 'id' }, blockRows: 4 }),
  );
export const npyFiles = (): Target => {
  const seeds = Object.values(npy).map(({ bytes }) => bytesOf(bytes));
  return target('npyBlocks', seeds, (features) => npyBlocks({ features }, { blockRows: 4 }));
};
export const tensors = (): Target =>
  target('safetensorsBlocks', seedsOf(/^safetensors/), (shard) =>
    safetensorsBlocks(shard, { columns: { features: 'x', labels: 'y' }, blockRows: 4 }),
  );
export const csv = (): Target =>
  target('csvBlocks', seedsOf(/^csv/), (shard) =>
    csvBlocks(shard, { columns: { features: /^f\d+$/, labels: 'label', ids: 'id' }, blockRows: 4 }),
  );
