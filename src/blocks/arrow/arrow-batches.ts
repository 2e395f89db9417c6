import type { Shard } from '../bytes/shard';
import { arrowFields, type ArrowField } from './arrow-fields';
import { flatTable, type FlatTable } from './flat-table';

/** Where the numbers of a batch lie. */
export interface ArrowBatch {
  rows: number;
  /** Rows before it. */
  before: number;
  nodes: readonly { length: number; nulls: number }[];
  /** From where to where in the file. */
  buffers: readonly { start: number; end: number }[];
}

/** An Arrow file, or a stream as it was written to one. */
export interface ArrowFile {
  fields: ArrowField[];
  /** The batch with this number; undefined after the last. */
  batch(index: number): Promise<ArrowBatch | undefined>;
}

const MAGIC = 'ARROW1';
const CONTINUES = 0xffffffff;
const LARGEST_MESSAGE = 2 ** 24;
const [SCHEMA, DICTIONARY, BATCH] = [1, 2, 3];

const isMagic = (bytes: Uint8Array): boolean => String.fromCharCode(...bytes) === MAGIC;

/** Opens an Arrow IPC file, of either format. @throws FormatError */
export async function openArrow(shard: Shard): Promise<ArrowFile> {
  let [at, end] = [0, shard.size];
  const isFile = shard.size >= 20 && isMagic((await shard.read(0, 8)).subarray(0, 6));
  if (isFile) {
    const tail = await shard.read(shard.size - 10, shard.size);
    if (!isMagic(tail.subarray(4)))
      throw shard.refuse('an Arrow file, which ends in ARROW1 (is it cut short?)', 'another end');
    // Between them stands the stream
    at = 8;
    end = shard.size - 10 - new DataView(tail.buffer, tail.byteOffset, 4).getUint32(0, true);
    if (end < at)
      throw shard.refuse('an Arrow file with its footer', `one of ${shard.size - 10 - end} bytes in ${shard.size}`);
  }
  const damaged = (error: unknown, place: number) =>
    shard.refuse('a file of Arrow IPC', (error as Error).message, place);

  /** The next message; undefined at the end. */
  async function message(): Promise<
    { header: FlatTable; kind: number; body: number; view: DataView; place: number } | undefined
  > {
    if (at === end && isFile) return undefined;
    if (end - at < 4) throw shard.refuse('a file of Arrow IPC with its end mark (is it cut short?)', 'none', at);
    const place = at;
    const head = await shard.read(at, Math.min(end, at + 8));
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    let length = view.getUint32(0, true);
    at += 4;
    if (length === CONTINUES && head.length === 8) {
      length = view.getUint32(4, true);
      at += 4;
    }
    if (length === 0) return undefined;
    if (length > Math.min(end - at, LARGEST_MESSAGE))
      throw shard.refuse('a whole file of Arrow IPC', `a message of ${length} bytes`, place);
    const bytes = await shard.read(at, at + length);
    const own = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    try {
      const table = flatTable(own, own.getUint32(0, true));
      const header = table.table(2);
      if (!header) throw new Error('a message without a header');
      const [body, size] = [at + length, table.long(3)];
      if (!(size >= 0 && size <= end - body)) throw new Error(`a body of ${size} bytes (is it cut short?)`);
      at = body + size;
      return { header, kind: table.int(1, 8), body, view: own, place };
    } catch (error) {
      throw damaged(error, place);
    }
  }

  /** The schema: a stream begins with it, a file has it in its footer (and not always at the beginning). */
  async function schemaOf(): Promise<{ schema: FlatTable | undefined; place: number }> {
    if (!isFile) {
      const first = await message();
      if (first?.kind === SCHEMA) return { schema: first.header, place: first.place };
      throw shard.refuse('a file of Arrow IPC, which begins with a schema', 'something else', 0);
    }
    if (shard.size - 10 - end > LARGEST_MESSAGE)
      throw shard.refuse('an Arrow file with its footer', 'one that is too long', end);
    const bytes = await shard.read(end, shard.size - 10);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    try {
      return { schema: flatTable(view, view.getUint32(0, true)).table(1), place: end };
    } catch (error) {
      throw damaged(error, end);
    }
  }

  const { schema, place: schemaPlace } = await schemaOf();
  let fields: ArrowField[];
  try {
    if (!schema) throw new Error('none');
    if (schema.int(0, 16) !== 0) throw new Error('numbers of the other endianness');
    fields = arrowFields(schema);
  } catch (error) {
    throw damaged(error, schemaPlace);
  }
  const batches: ArrowBatch[] = [];
  let ended = false;

  function batchOf({ header, body, view }: NonNullable<Awaited<ReturnType<typeof message>>>): ArrowBatch {
    const rows = header.long(0);
    if (!(Number.isSafeInteger(rows) && rows >= 0)) throw new Error(`${rows} rows`);
    if (header.table(3)) throw new Error('a compressed one (write it with compression="uncompressed", or None)');
    const long = (place: number) => Number(view.getBigInt64(place, true));
    const [nodes, buffers] = [header.list(1, 16), header.list(2, 16)];
    const pairs = (found: typeof nodes): [number, number][] =>
      Array.from({ length: found?.count ?? 0 }, (_, i) => [long(found!.at + 16 * i), long(found!.at + 16 * i + 8)]);
    return {
      rows,
      before: batches.reduce((sum, batch) => sum + batch.rows, 0),
      nodes: pairs(nodes).map(([length, nulls]) => ({ length, nulls })),
      buffers: pairs(buffers).map(([offset, size]) => {
        if (!(offset >= 0 && size >= 0 && body + offset + size <= at)) throw new Error('a buffer beyond its message');
        return { start: body + offset, end: body + offset + size };
      }),
    };
  }
  return {
    fields,
    async batch(index) {
      while (batches.length <= index && !ended) {
        const next = await message();
        if (!next) ended = true;
        else if (next.kind === BATCH) {
          try {
            batches.push(batchOf(next));
          } catch (error) {
            throw damaged(error, next.place);
          }
        } else if (next.kind !== DICTIONARY && !(isFile && next.kind === SCHEMA))
          throw shard.refuse('a file of batches', `a message of kind ${next.kind}`, next.place);
      }
      return batches[index];
    },
  };
}
