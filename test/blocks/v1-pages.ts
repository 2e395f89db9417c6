import { ByteWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';

type PageHeader = Parameters<typeof writePageHeader>[1];
type FileMetaData = Parameters<typeof writeMetadata>[1];
type RowGroup = FileMetaData['row_groups'][number];
type ColumnMetaData = NonNullable<RowGroup['columns'][number]['meta_data']>;
type Encoding = ColumnMetaData['encodings'][number];

/** A list with a value in each place, or a null. */
export type ListRow = readonly (number | null)[];

/** How a file of lists is written. */
export interface V1Options {
  /** How many values each page has, over and over. */
  pages: readonly number[];
  /** Rows of a row group. */
  groupRows?: number;
  codec?: 'SNAPPY' | 'UNCOMPRESSED';
  /** Whether values are those of a dictionary; `mixed`: in every second page. */
  withDictionary?: boolean | 'mixed';
  /** Rows that each row group says it has, where that is not true. */
  saidRows?: number;
}

const SCHEMA: FileMetaData['schema'] = [
  { name: 'root', num_children: 1 },
  { name: 'x', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', repetition_type: 'OPTIONAL', type: 'FLOAT' },
];

/** Levels of a page of version 1: their length, and the runs. */
function appendLevels(writer: ByteWriter, levels: readonly number[], width: number): void {
  const own = new ByteWriter();
  writeRleBitPackedHybrid(own, [...levels], width);
  writer.appendUint32(own.offset);
  writer.appendBytes(own.getBytes());
}

function appendPage(
  writer: ByteWriter,
  content: ByteWriter,
  codec: V1Options['codec'],
  header: Partial<PageHeader>,
): void {
  const bytes = content.getBytes();
  const packed = codec === 'SNAPPY' ? snappyCompress(bytes) : bytes;
  const sizes = { uncompressed_page_size: bytes.length, compressed_page_size: packed.length };
  writePageHeader(writer, { ...sizes, ...header } as PageHeader);
  writer.appendBytes(packed);
}

/** The column of a row group. */
function appendChunk(writer: ByteWriter, rows: readonly ListRow[], options: V1Options): ColumnMetaData {
  const { pages, codec = 'UNCOMPRESSED', withDictionary = false } = options;
  const values = rows.flatMap((row) => row.map((value, i) => ({ value, repetition: i === 0 ? 0 : 1 })));
  const known = [...new Set(values.flatMap(({ value }) => (value === null ? [] : [value])))];
  const start = writer.offset;
  if (withDictionary) {
    const content = new ByteWriter();
    for (const value of known) content.appendFloat32(value);
    const dictionary = { num_values: known.length, encoding: 'PLAIN' as Encoding };
    appendPage(writer, content, codec, { type: 'DICTIONARY_PAGE', dictionary_page_header: dictionary });
  }
  const firstPage = writer.offset;
  for (let at = 0, page = 0; at < values.length; page++) {
    const part = values.slice(at, at + pages[page % pages.length]!);
    at += part.length;
    const content = new ByteWriter();
    appendLevels(
      content,
      part.map(({ repetition }) => repetition),
      1,
    );
    appendLevels(
      content,
      part.map(({ value }) => (value === null ? 2 : 3)),
      2,
    );
    const present = part.flatMap(({ value }) => (value === null ? [] : [value]));
    const isCoded = withDictionary === 'mixed' ? page % 2 === 0 : withDictionary;
    if (isCoded) {
      content.appendUint8(8);
      writeRleBitPackedHybrid(
        content,
        present.map((value) => known.indexOf(value)),
        8,
      );
    } else for (const value of present) content.appendFloat32(value);
    appendPage(writer, content, codec, {
      type: 'DATA_PAGE',
      data_page_header: {
        num_values: part.length,
        encoding: isCoded ? 'RLE_DICTIONARY' : 'PLAIN',
        definition_level_encoding: 'RLE',
        repetition_level_encoding: 'RLE',
      },
    });
  }
  const size = BigInt(writer.offset - start);
  return {
    type: 'FLOAT',
    encodings: ['PLAIN', 'RLE', 'RLE_DICTIONARY'],
    path_in_schema: ['x', 'list', 'element'],
    codec,
    num_values: BigInt(values.length),
    total_uncompressed_size: size,
    total_compressed_size: size,
    data_page_offset: BigInt(firstPage),
    ...(withDictionary && { dictionary_page_offset: BigInt(start) }),
  };
}

/** A Parquet file of lists whose pages of version 1 end anywhere, within rows too, as the format allows. */
export function v1Lists(rows: readonly ListRow[], options: V1Options): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  const magic = () => writer.appendBytes(new TextEncoder().encode('PAR1'));
  magic();
  const groupRows = options.groupRows ?? rows.length;
  const groups: RowGroup[] = [];
  for (let at = 0; at < rows.length; at += groupRows) {
    const part = rows.slice(at, at + groupRows);
    const meta = appendChunk(writer, part, options);
    groups.push({
      columns: [{ file_offset: 0n, meta_data: meta }],
      total_byte_size: meta.total_compressed_size,
      num_rows: BigInt(options.saidRows ?? part.length),
    });
  }
  writeMetadata(writer, {
    version: 1,
    schema: SCHEMA,
    num_rows: BigInt(rows.length),
    row_groups: groups,
    metadata_length: 0,
  });
  magic();
  return new Uint8Array(writer.getBuffer());
}
