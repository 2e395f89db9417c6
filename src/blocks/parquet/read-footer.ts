import type { FileMetaData, RowGroup, SchemaElement } from 'hyparquet';
import { otherFormat } from '../bytes/other-format';
import type { Shard } from '../bytes/shard';
import { thriftLength } from './check-thrift';
import type { Hyparquet } from './hyparquet';

/** A column as it is stored: values, and how deep they lie. */
export interface Leaf {
  path: readonly string[];
  element: SchemaElement;
  /** The largest repetition level, which is how many lists are around a value. */
  repetition: number;
  /** The largest definition level. */
  definition: number;
  /** How it is asked for: its name, or that of a struct and of its field. */
  name: string;
}

/** What the end of a file says. */
export interface Footer {
  leaves: Leaf[];
  groups: RowGroup[];
}

const MAGIC = 0x31524150; // PAR1
const ENCRYPTED = 0x45524150; // PARE
const LARGEST_FOOTER = 2 ** 27;
const DEEPEST = 32;

/** Reads what the end of a Parquet file says of its columns. @throws FormatError */
export async function readFooter(shard: Shard, { parquetMetadata }: Hyparquet): Promise<Footer> {
  const { size } = shard;
  if (size < 12) throw shard.refuse('a Parquet file', `${size} bytes`);
  const tail = await shard.read(size - 8, size);
  const view = new DataView(tail.buffer, tail.byteOffset, 8);
  const magic = view.getUint32(4, true);
  if (magic === ENCRYPTED) throw shard.refuse('a Parquet file that is not encrypted', 'an encrypted one');
  if (magic !== MAGIC) {
    const other = await otherFormat(shard, 'another end');
    throw shard.refuse(
      'a Parquet file, which ends in PAR1 (is it cut short?)',
      other,
      other === 'another end' ? size - 4 : undefined,
    );
  }
  const length = view.getUint32(0, true);
  if (length > size - 12 || length > LARGEST_FOOTER) {
    throw shard.refuse('a Parquet file with its footer', `a footer of ${length} bytes in ${size}`, size - 8);
  }
  const footer = await shard.read(size - 8 - length, size);
  try {
    const found = thriftLength(footer.subarray(0, length), 0);
    if (found === undefined) throw new Error('one that ends early');
    return footerOf(parquetMetadata(footer, { geoparquet: false }));
  } catch (error) {
    throw shard.refuse('a Parquet file with a whole footer', (error as Error).message, size - 8 - length);
  }
}

function footerOf({ schema, row_groups: groups }: FileMetaData): Footer {
  const leaves = leavesOf(schema);
  for (const { columns, num_rows: rows } of groups) {
    if (typeof rows !== 'bigint' || rows < 0n || columns.length !== leaves.length) {
      throw new Error('a row group with other columns than the file');
    }
  }
  return { leaves, groups };
}

/** The stored columns in their order. */
function leavesOf(schema: readonly SchemaElement[]): Leaf[] {
  const leaves: Leaf[] = [];
  let at = 0;
  const walk = (path: readonly string[], repetition: number, definition: number, depth: number): void => {
    const element = schema[at++];
    if (!element || depth > DEEPEST) throw new Error('a schema that ends early');
    const { name, repetition_type: kind, num_children: children = 0, type } = element;
    const own = depth === 0 ? [] : [...path, name];
    const isRepeated = depth > 0 && kind === 'REPEATED';
    const nextRepetition = repetition + (isRepeated ? 1 : 0);
    const nextDefinition = definition + (depth > 0 && kind !== 'REQUIRED' ? 1 : 0);
    if (type) {
      leaves.push({ path: own, element, repetition: nextRepetition, definition: nextDefinition, name: '' });
      return;
    }
    for (let i = 0; i < children; i++) walk(own, nextRepetition, nextDefinition, depth + 1);
  };
  walk([], 0, 0, 0);
  if (at !== schema.length) throw new Error('a schema with parts that belong to nothing');
  for (const leaf of leaves) leaf.name = nameOf(leaf, leaves);
  return leaves;
}

/** The shortest beginning of a path that no other column has. */
function nameOf({ path }: Leaf, leaves: readonly Leaf[]): string {
  for (let length = 1; length < path.length; length++) {
    const name = path.slice(0, length).join('.');
    if (leaves.filter((leaf) => leaf.path.slice(0, length).join('.') === name).length === 1) return name;
  }
  return path.join('.');
}
