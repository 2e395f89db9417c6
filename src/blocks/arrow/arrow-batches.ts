import type { Shard } from '../bytes/shard';
import { arrowFields, type ArrowField } from './arrow-fields';
import { ARROW_MESSAGE, arrowMessages, damagedArrow, type ArrowMessage } from './arrow-messages';

/** Where the numbers of a batch lie. */
export interface ArrowBatch {
  rows: number;
  /** Rows before it. */
  before: number;
  nodes: readonly { length: number; nulls: number }[];
  /** From where to where in the file. */
  buffers: readonly { start: number; end: number }[];
  /** Values that columns name by their numbers: by its number each dictionary as it was when the batch came. */
  dictionaries: ReadonlyMap<number, ArrowDictionary>;
}

/** Parts of a dictionary, each read when it is asked for, one after the other. @throws FormatError */
export type ArrowDictionary = readonly (() => ArrowBatch)[];

/** An Arrow file, or a stream as it was written to one. */
export interface ArrowFile {
  fields: ArrowField[];
  /** The batch with this number; undefined after the last. */
  batch(index: number): Promise<ArrowBatch | undefined>;
}

/** Opens an Arrow IPC file, of either format. @throws FormatError */
export async function openArrow(shard: Shard): Promise<ArrowFile> {
  const { schema, place: schemaPlace, next: nextMessage } = await arrowMessages(shard);
  const damaged = (error: unknown, place: number) => damagedArrow(shard, error, place);
  let fields: ArrowField[];
  try {
    if (!schema) throw new Error('none');
    if (schema.int(0, 16) !== 0) throw new Error('numbers of the other endianness');
    fields = arrowFields(schema);
  } catch (error) {
    throw damaged(error, schemaPlace);
  }
  const batches: ArrowBatch[] = [];
  let dictionaries: ReadonlyMap<number, ArrowDictionary> = new Map();
  let [rowsSoFar, ended] = [0, false];

  function batchOf({ header, body, view, end: bodyEnd }: ArrowMessage): ArrowBatch {
    const rows = header.long(0);
    if (!(Number.isSafeInteger(rows) && rows >= 0)) throw new Error(`${rows} rows`);
    if (header.table(3)) {
      const way = 'which is not compressed (write it with compression="uncompressed", or None)';
      throw shard.refuse(`a file of Arrow IPC ${way}`, 'a compressed one');
    }
    const long = (place: number) => Number(view.getBigInt64(place, true));
    const [nodes, buffers] = [header.list(1, 16), header.list(2, 16)];
    const pairs = (found: typeof nodes): [number, number][] =>
      Array.from({ length: found?.count ?? 0 }, (_, i) => [long(found!.at + 16 * i), long(found!.at + 16 * i + 8)]);
    return {
      rows,
      before: 0,
      nodes: pairs(nodes).map(([length, nulls]) => ({ length, nulls })),
      buffers: pairs(buffers).map(([offset, size]) => {
        if (!(offset >= 0 && size >= 0 && body + offset + size <= bodyEnd))
          throw new Error('a buffer beyond its message');
        return { start: body + offset, end: body + offset + size };
      }),
      dictionaries,
    };
  }

  /** Takes values of a dictionary: further ones, or others in place of those that there were. */
  function addDictionary(next: ArrowMessage): void {
    const naming = <T>(work: () => T): T => {
      try {
        return work();
      } catch (error) {
        throw damaged(error, next.place);
      }
    };
    const { id, isDelta } = naming(() => ({ id: next.header.long(0), isDelta: next.header.int(2, 8) !== 0 }));
    const part = () =>
      naming(() => {
        const header = next.header.table(1);
        if (!header) throw new Error('a dictionary without values');
        return batchOf({ ...next, header });
      });
    dictionaries = new Map(dictionaries).set(id, isDelta ? [...(dictionaries.get(id) ?? []), part] : [part]);
  }
  return {
    fields,
    async batch(index) {
      while (batches.length <= index && !ended) {
        const next = await nextMessage();
        if (!next) ended = true;
        else if (next.kind === ARROW_MESSAGE.batch) {
          try {
            const own = { ...batchOf(next), before: rowsSoFar };
            batches.push(own);
            rowsSoFar += own.rows;
          } catch (error) {
            throw damaged(error, next.place);
          }
        } else if (next.kind === ARROW_MESSAGE.dictionary) addDictionary(next);
        else throw shard.refuse('a file of batches', `a message of kind ${next.kind}`, next.place);
      }
      return batches[index];
    },
  };
}
