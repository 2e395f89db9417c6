import { required } from '../../core/check';
import { readOptions } from '../../core/read-options';
import { parseHeader } from '../../core/saved/parse-header';
import type { ShardBytes } from '../bytes/byte-ranges';
import { otherFormat } from '../bytes/other-format';
import type { Shard } from '../bytes/shard';
import { plainFeed } from '../npy/byte-feed';
import { arrayColumns } from '../npy/array-columns';
import type { FedArray } from '../npy/fed-columns';
import type { Block, BlockColumns, ColumnBlocksOptions, PartsOf } from '../stream/block';
import { BLOCKS_OPTIONS } from '../stream/blocks-of';
import { columnBlocks } from '../stream/column-blocks';
import { numberFormat, type NumberFormatName } from '../stream/number-formats';
import { COLUMNS } from '../stream/read-columns';

const FORMATS: Readonly<Record<string, NumberFormatName>> = {
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  F64: 'float64',
  I8: 'int8',
  U8: 'uint8',
  I16: 'int16',
  U16: 'uint16',
  I32: 'int32',
  U32: 'uint32',
  I64: 'int64',
  U64: 'uint64',
};
const LONGEST_HEADER = 2 ** 25;

interface Entry {
  dtype?: unknown;
  shape?: unknown;
  data_offsets?: unknown;
}

/**
 * Blocks of .safetensors files: columns are the tensors' names, each [N, D] or [N]. Of each tensor a window of 1 MiB is
 * in memory, and a block.
 *
 * @param shards a file, or several as one stream
 * @throws ArgumentError for a tensor that there is not, naming the nearest; FormatError for a damaged file, ShapeError
 *   for another width than in the first shard, NotFiniteError for NaN, all naming the shard, and the row
 * @example
 * for await (const { features } of safetensorsBlocks(tensorBytes, { columns: { features: 'embeddings' } })) {
 *   features.shape; // rows, width: [4, 2]
 * }
 */
export async function* safetensorsBlocks<const C extends BlockColumns>(
  shards: ShardBytes | readonly ShardBytes[],
  options: ColumnBlocksOptions<C>,
): AsyncGenerator<Block<PartsOf<C>>, void, undefined> {
  const where = 'safetensorsBlocks';
  const own = readOptions<ColumnBlocksOptions, ReturnType<typeof declared>>(where, options, declared());
  yield* columnBlocks<PartsOf<C>>(where, shards, own as ColumnBlocksOptions, async (shard, choose) => {
    const { header, start } = await readHeader(shard);
    const present = Object.keys(header).filter((name) => name !== '__metadata__');
    return arrayColumns(choose(present), (name) =>
      Promise.resolve(tensorOf(shard, name, header[name] as Entry, start)),
    );
  });
}

const declared = () => ({ columns: [required(COLUMNS)], ...BLOCKS_OPTIONS }) as const;

async function readHeader(shard: Shard): Promise<{ header: Record<string, unknown>; start: number }> {
  if (shard.size < 8) throw shard.refuse('a safetensors file', `${shard.size} bytes`);
  const head = await shard.read(0, 8);
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true));
  if (length > Math.min(LONGEST_HEADER, shard.size - 8)) {
    const other = await otherFormat(shard, `a header of ${length} bytes in ${shard.size}`);
    throw shard.refuse('a safetensors file', other, 0);
  }
  try {
    return { header: parseHeader(await shard.read(8, 8 + length)), start: 8 + length };
  } catch (error) {
    throw shard.refuse('a safetensors file with a whole header', (error as Error).message, 8);
  }
}

const areCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);

function tensorOf(shard: Shard, name: string, entry: Entry, start: number): FedArray {
  const { dtype, shape, data_offsets: offsets } = entry ?? {};
  const format = FORMATS[String(dtype)];
  if (!format) throw shard.refuse(`a file with numbers in ${name}`, String(dtype));
  const { bytes: size } = numberFormat(format);
  const isWhole = areCounts(shape) && areCounts(offsets) && offsets.length === 2;
  const [from, to] = isWhole ? (offsets as [number, number]) : [0, -1];
  if (!isWhole || to - from !== shape.reduce((product, side) => product * side, size)) {
    throw shard.refuse(`a file with as many bytes of ${name} as its shape says`, 'another number');
  }
  if (start + to > shard.size)
    throw shard.refuse(`a file that holds ${name} (is it cut short?)`, `${shard.size} bytes`);
  return { shard, name, format, isLittle: true, size, shape, feed: plainFeed(shard, start + from, start + to) };
}
