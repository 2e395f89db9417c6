import { FormatError } from '../../core/errors';
import { otherFormat } from '../bytes/other-format';
import type { Shard } from '../bytes/shard';
import { flatTable, type FlatTable } from './flat-table';

/** What is said of a batch or a dictionary, and where its buffers lie. */
export interface ArrowMessage {
  header: FlatTable;
  kind: number;
  body: number;
  end: number;
  view: DataView;
  place: number;
}

/** The messages of a file, after its schema. */
export interface ArrowMessages {
  schema: FlatTable | undefined;
  /** Where it stands. */
  place: number;
  /** The next message; undefined at the end. In a file those of dictionaries come first. @throws FormatError */
  next(): Promise<ArrowMessage | undefined>;
}

/** Kinds of messages. */
export const ARROW_MESSAGE = { schema: 1, dictionary: 2, batch: 3 } as const;

const MAGIC = 'ARROW1';
const CONTINUES = 0xffffffff;
const LARGEST_MESSAGE = 2 ** 24;
/** Bytes of where a message lies, in a footer. */
const BLOCK = 24;

const isMagic = (bytes: Uint8Array): boolean => String.fromCharCode(...bytes) === MAGIC;

/** What is wrong with a message, as a FormatError. */
export const damagedArrow = (shard: Shard, error: unknown, place: number) =>
  error instanceof FormatError ? error : shard.refuse('a file of Arrow IPC', (error as Error).message, place);

/** The message at a place; undefined for a mark of the end. */
async function messageAt(shard: Shard, place: number, end: number): Promise<ArrowMessage | undefined> {
  if (!(end - place >= 4))
    throw shard.refuse('a file of Arrow IPC with its end mark (is it cut short?)', 'none', place);
  const head = await shard.read(place, Math.min(end, place + 8));
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let length = view.getUint32(0, true);
  let at = place + 4;
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
    return { header, kind: table.int(1, 8), body, end: body + size, view: own, place };
  } catch (error) {
    throw damagedArrow(shard, error, place);
  }
}

/** A stream: one message stands behind the other, the schema first. */
async function streamMessages(shard: Shard): Promise<ArrowMessages> {
  const first = await messageAt(shard, 0, shard.size).catch(async (error: Error) => {
    const other = await otherFormat(shard, '');
    throw other ? shard.refuse('a file of Arrow IPC', other) : error;
  });
  if (first?.kind !== ARROW_MESSAGE.schema)
    throw shard.refuse('a file of Arrow IPC, which begins with a schema', 'something else', 0);
  let at: number | undefined = first.end;
  return {
    schema: first.header,
    place: 0,
    async next() {
      if (at === undefined) return undefined;
      const next = await messageAt(shard, at, shard.size);
      at = next?.end;
      return next;
    },
  };
}

/** A file: its footer has the schema, and where the messages lie. polars puts something else at the beginning. */
async function fileMessages(shard: Shard): Promise<ArrowMessages> {
  const last = shard.size - 10;
  const tail = await shard.read(last, shard.size);
  if (!isMagic(tail.subarray(4)))
    throw shard.refuse('an Arrow file, which ends in ARROW1 (is it cut short?)', 'another end');
  const size = new DataView(tail.buffer, tail.byteOffset, 4).getUint32(0, true);
  const start = last - size;
  if (start < 8 || size > LARGEST_MESSAGE)
    throw shard.refuse('an Arrow file with its footer', `one of ${size} bytes in ${shard.size}`);
  const bytes = await shard.read(start, last);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const footer = flatTable(view, view.getUint32(0, true));
    // Dictionaries, which rows anywhere in the file may need, and then batches
    const places = [2, 3].flatMap((field) => {
      const found = footer.list(field, BLOCK);
      return Array.from({ length: found?.count ?? 0 }, (_, i) => Number(view.getBigInt64(found!.at + BLOCK * i, true)));
    });
    let index = 0;
    return {
      schema: footer.table(1),
      place: start,
      async next() {
        const at = places[index++];
        if (at === undefined) return undefined;
        const message = await messageAt(shard, at, start);
        if (message) return message;
        throw shard.refuse('an Arrow file that holds its batches', 'a mark of the end', at);
      },
    };
  } catch (error) {
    throw damagedArrow(shard, error, start);
  }
}

/** The messages of an Arrow IPC file, of either format. @throws FormatError */
export async function arrowMessages(shard: Shard): Promise<ArrowMessages> {
  const isFile = shard.size >= 20 && isMagic((await shard.read(0, 6)).subarray(0, 6));
  return isFile ? fileMessages(shard) : streamMessages(shard);
}
