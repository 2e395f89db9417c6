import type { ColumnMetaData, Compressors, Encoding, PageHeader } from 'hyparquet';
import { OodError } from '../../core/errors';
import { byteWindow, type ByteWindow } from '../bytes/byte-window';
import { Room } from '../bytes/room';
import type { Shard } from '../bytes/shard';
import { thriftLength } from './check-thrift';
import type { Hyparquet } from './hyparquet';
import { firstNull, rowsBefore, type Levels } from './levels';
import type { Leaf } from './read-footer';
import { snappyInto } from './snappy';

/** Values of a page as they are stored, all of them there. */
export interface StoredValues {
  count: number;
  encoding: Encoding;
  bytes: Uint8Array;
}

/** A page of a column chunk. */
export interface StoredPage extends StoredValues {
  /** A dictionary comes first, if there is one. */
  isDictionary: boolean;
  repetition: Levels;
}

/** What a column chunk is read with. */
export interface ChunkSource {
  shard: Shard;
  leaf: Leaf;
  /** Bytes that are read at a time. */
  windowSize: number;
  compressors: Compressors;
  hyparquet: Hyparquet;
  rooms: PageRooms;
}

/**
 * Memory that pages are read in. Each column has its window and its present page; the columns of a shard, of which one
 * is read at a time, share what is used up before another is asked for its next page.
 */
export interface PageRooms {
  window: Room;
  page: Room;
  shared: SharedRooms;
}

/** Memory for what no page needs once it is there. */
export interface SharedRooms {
  /** A page as it is compressed. */
  packed: Room;
  /** A dictionary before its values are taken out. */
  dictionary: Room;
}

/** DuckDB's pages have up to 100 MB. */
const LARGEST_PAGE = 2 ** 27;
const LARGEST_HEADER = 2 ** 20;
/** Snappy makes at most 64 bytes of 3. */
const SNAPPY_RATIO = 22;

/** What is wrong with a page, as a FormatError. */
export const damaged = (shard: Shard, column: string, error: unknown, offset?: number): Error =>
  error instanceof OodError
    ? error
    : shard.refuse(`a file with whole pages in ${column}`, (error as Error).message, offset);

async function nextHeader({ shard, leaf, hyparquet }: ChunkSource, window: ByteWindow): Promise<PageHeader> {
  let bytes = await window.some();
  try {
    for (;;) {
      const length = thriftLength(bytes, 0);
      if (length !== undefined) {
        window.skip(length);
        const view = new DataView(bytes.buffer, bytes.byteOffset, length);
        return hyparquet.parquetHeader({ view, offset: 0 });
      }
      if (bytes.length >= Math.min(LARGEST_HEADER, window.left)) throw new Error('a header that does not end');
      bytes = await window.peek(Math.min(window.left, LARGEST_HEADER, 4 * bytes.length));
    }
  } catch (error) {
    throw damaged(shard, leaf.name, error, window.at);
  }
}

function checkSizes(header: PageHeader, codec: string): void {
  const { compressed_page_size: packed, uncompressed_page_size: size } = header;
  const isSize = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
  if (!isSize(packed) || !isSize(size)) throw new Error('a page without a size');
  if (size > LARGEST_PAGE) throw new Error(`a page of ${size} bytes, more than ${LARGEST_PAGE}`);
  if (codec === 'SNAPPY' && size > SNAPPY_RATIO * packed)
    throw new Error(`a page of ${size} bytes, packed in ${packed}`);
}

const sized = (bytes: Uint8Array, from: number): [levels: Uint8Array, end: number] => {
  if (from + 4 > bytes.length) throw new Error('levels that end early');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(from, true);
  if (length > bytes.length - from - 4) throw new Error('levels that end early');
  return [bytes.subarray(from + 4, from + 4 + length), from + 4 + length];
};

const NONE = /* @__PURE__ */ new Uint8Array();

/** Bytes without their compression: those of Snappy in `room`. */
function unpacked(
  { hyparquet, compressors }: ChunkSource,
  packed: Uint8Array,
  size: number,
  codec: ColumnMetaData['codec'],
  room: Room,
): Uint8Array {
  if (codec !== 'SNAPPY') return hyparquet.decompressPage(packed, size, codec, compressors);
  const bytes = room.atLeast(size).subarray(0, size);
  snappyInto(packed, bytes);
  return bytes;
}

/** Levels and values of a page, and how the values are encoded. */
function partsOf(source: ChunkSource, header: PageHeader, packed: Uint8Array, codec: ColumnMetaData['codec']) {
  const { leaf, rooms } = source;
  const unpack = (bytes: Uint8Array, size: number) => unpacked(source, bytes, size, codec, rooms.page);
  const { data_page_header: v1, data_page_header_v2: v2 } = header;
  if (v2) {
    const [repetition, definition] = [v2.repetition_levels_byte_length, v2.definition_levels_byte_length];
    if (!(repetition >= 0 && definition >= 0 && repetition + definition <= packed.length)) {
      throw new Error('levels that end early');
    }
    const start = repetition + definition;
    const size = header.uncompressed_page_size - start;
    const rest = packed.subarray(start);
    let bytes = rest;
    if (v2.is_compressed !== false && size > 0) bytes = unpack(rest, size);
    else if (codec !== 'UNCOMPRESSED') {
      // Not where other columns read what they have
      bytes = rooms.page.atLeast(rest.length).subarray(0, rest.length);
      bytes.set(rest);
    }
    return {
      count: v2.num_values,
      encoding: v2.encoding,
      repetition: packed.subarray(0, repetition),
      definition: packed.subarray(repetition, start),
      bytes,
    };
  }
  if (!v1) throw new Error('a page of an unknown kind');
  const bytes = unpack(packed, header.uncompressed_page_size);
  let [repetition, definition, at] = [NONE, NONE, 0] as [Uint8Array, Uint8Array, number];
  if (leaf.repetition > 0) {
    if (v1.repetition_level_encoding !== 'RLE') throw new Error(`levels as ${v1.repetition_level_encoding}`);
    [repetition, at] = sized(bytes, at);
  }
  if (leaf.definition > 0) {
    if (v1.definition_level_encoding !== 'RLE') throw new Error(`levels as ${v1.definition_level_encoding}`);
    [definition, at] = sized(bytes, at);
  }
  return { count: v1.num_values, encoding: v1.encoding, repetition, definition, bytes: bytes.subarray(at) };
}

function dictionaryOf(source: ChunkSource, header: PageHeader, packed: Uint8Array, codec: ColumnMetaData['codec']) {
  const { num_values: count } = header.dictionary_page_header!;
  if (!(Number.isInteger(count) && count >= 0)) throw new Error('a dictionary without a count');
  const bytes = unpacked(source, packed, header.uncompressed_page_size, codec, source.rooms.shared.dictionary);
  const page: StoredPage = {
    count,
    encoding: 'PLAIN',
    bytes,
    isDictionary: true,
    repetition: { bytes: NONE, most: 0 },
  };
  return page;
}

/** The dictionary that lies between two places, once more. */
async function dictionaryAgain(source: ChunkSource, codec: ColumnMetaData['codec'], start: number, end: number) {
  const { shard, leaf, rooms } = source;
  const window = byteWindow(shard, start, end, source.windowSize);
  const header = await nextHeader(source, window);
  try {
    return dictionaryOf(source, header, await window.take(header.compressed_page_size, rooms.shared.packed), codec);
  } catch (error) {
    throw damaged(shard, leaf.name, error, start);
  }
}

/**
 * The pages of a column chunk, one at a time: its bytes stay what they are until the next one is asked for, those of a
 * dictionary until any column is asked for one. Writers give a dictionary up when it is large: who takes a page without
 * it can let go of it, as it comes again before a page that needs it all the same.
 *
 * @param rowsSoFar rows of the shard that began before the page
 * @throws FormatError for a damaged page, naming the row of a null
 */
export async function* chunkPages(
  source: ChunkSource,
  meta: ColumnMetaData,
  rowsSoFar: () => number,
): AsyncGenerator<StoredPage> {
  const { shard, leaf, rooms } = source;
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const size = Number(meta.total_compressed_size);
  const window = byteWindow(shard, start, start + size, source.windowSize, rooms.window);
  const beside = meta.codec === 'UNCOMPRESSED' ? rooms.page : rooms.shared.packed;
  const total = Number(meta.num_values);
  let seen = 0;
  let known: { start: number; end: number } | undefined;
  let isGivenUp = false;
  while (seen < total) {
    const at = window.at;
    const header = await nextHeader(source, window);
    let page: StoredPage;
    const encoded = (header.data_page_header_v2 ?? header.data_page_header)?.encoding;
    const isCoded = encoded === 'PLAIN_DICTIONARY' || encoded === 'RLE_DICTIONARY';
    if (isCoded && isGivenUp && known) yield await dictionaryAgain(source, meta.codec, known.start, known.end);
    if (encoded !== undefined) isGivenUp = !isCoded;
    try {
      checkSizes(header, meta.codec);
      const packed = await window.take(header.compressed_page_size, beside);
      if (header.type === 'INDEX_PAGE') continue;
      if (header.dictionary_page_header) {
        page = dictionaryOf(source, header, packed, meta.codec);
        known = { start: at, end: window.at };
      } else {
        const { count, encoding, repetition, definition, bytes } = partsOf(source, header, packed, meta.codec);
        if (!(Number.isInteger(count) && count >= 0 && count <= total - seen)) {
          throw new Error(`a page of ${count} values, where ${total - seen} are left`);
        }
        const lists = { bytes: repetition, most: leaf.repetition };
        const none = firstNull({ bytes: definition, most: leaf.definition }, count);
        if (none !== undefined) {
          // A page may begin within a row, which counts among those so far
          const row = rowsSoFar() + (leaf.repetition ? rowsBefore(lists, none + 1) - 1 : none);
          const missing = leaf.repetition ? 'a null, or an empty list,' : 'a null';
          throw shard.refuse(`a file without nulls in ${leaf.name}`, `${missing} at row ${Math.max(0, row)}`);
        }
        page = { count, encoding, bytes, isDictionary: false, repetition: lists };
        seen += count;
      }
    } catch (error) {
      throw damaged(shard, leaf.name, error, at);
    }
    yield page;
  }
}
