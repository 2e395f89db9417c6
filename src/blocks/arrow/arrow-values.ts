import type { ByteWindow } from '../bytes/byte-window';
import type { Shard } from '../bytes/shard';
import { joinValues, pickedValues } from '../stream/listed-values';
import { numberFormat, wholeNumbers } from '../stream/number-formats';
import type { ListedValues, ValueColumn } from '../stream/shard-columns';
import type { ArrowBatch, ArrowDictionary, ArrowFile } from './arrow-batches';
import { bufferOf, checkWhole } from './arrow-buffers';
import { ARROW_TYPE, shownField, type ArrowField } from './arrow-fields';

/** All values of a dictionary, in memory. */
async function dictionaryValues(shard: Shard, field: ArrowField, parts: ArrowDictionary): Promise<ListedValues> {
  const own = { ...field, name: `the dictionary of ${field.name}`, dictionary: undefined, node: 0, buffer: 0 };
  const batch = (index: number) => Promise.resolve(parts[index]?.());
  const column = arrowValues(shard, { fields: [own], batch }, own);
  const lists: ListedValues[] = [];
  for (let count = await column.ready(); count > 0; count = await column.ready()) lists.push(column.take(count));
  return lists.length > 0 ? joinValues(shard, own.name, lists) : [];
}

/** Text or whole numbers of a column, batch by batch; those of a dictionary are in memory, the last that was used. */
export function arrowValues(shard: Shard, file: ArrowFile, field: ArrowField): ValueColumn {
  const { type, dictionary, name } = field;
  const offset = type === ARROW_TYPE.text ? 4 : type === ARROW_TYPE.largeText ? 8 : 0;
  if (!field.format && offset === 0) {
    const way =
      type === ARROW_TYPE.textView
        ? ' (no views of it: in polars write_ipc(compat_level=pl.CompatLevel.oldest()))'
        : '';
    throw shard.refuse(`a file with text or whole numbers in ${name}${way}`, shownField(field));
  }
  const isText = offset > 0 && !dictionary;
  const format = dictionary?.format ?? field.format;
  let known: { parts: ArrowDictionary; values: ListedValues } | undefined;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const size = format ? numberFormat(format).bytes : 0;
  let [index, left] = [0, 0];
  let held: ListedValues = [];
  let numbers: ByteWindow | undefined;
  let texts: ByteWindow | undefined;

  async function open(batch: ArrowBatch): Promise<void> {
    await checkWhole(shard, field, batch);
    if (batch.rows === 0) return;
    const least = isText ? (batch.rows + 1) * offset : batch.rows * size;
    numbers = bufferOf(shard, field, batch, field.buffer + 1, least);
    texts = isText ? bufferOf(shard, field, batch, field.buffer + 2, 0) : undefined;
    left = batch.rows;
    if (dictionary) {
      const parts = batch.dictionaries.get(dictionary.id);
      if (!parts) throw shard.refuse(`a file with the dictionary of ${name} before its rows`, 'none');
      if (known?.parts !== parts) known = { parts, values: await dictionaryValues(shard, field, parts) };
    }
    if (texts) texts.skip(at(await numbers.peek(offset), 0));
  }
  const at = (bytes: Uint8Array, i: number): number => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return offset === 4 ? view.getInt32(4 * i, true) : Number(view.getBigInt64(8 * i, true));
  };

  async function next(count: number): Promise<ListedValues> {
    if (!texts) {
      const bytes = await numbers!.peek(count * size);
      numbers!.skip(count * size);
      const own = wholeNumbers(format!, bytes, count);
      if (!dictionary) return own;
      try {
        return pickedValues(known!.values, own);
      } catch (error) {
        throw shard.refuse(`a file with whole values in ${name}`, (error as Error).message);
      }
    }
    const places = await numbers!.peek((count + 1) * offset);
    const [first, last] = [at(places, 0), at(places, count)];
    if (!(first >= 0 && last >= first)) throw shard.refuse(`a file with whole text in ${name}`, 'offsets that go back');
    const bytes = await texts.peek(last - first);
    texts.skip(last - first);
    numbers!.skip(count * offset);
    return Array.from({ length: count }, (_, i) => {
      const [from, to] = [at(places, i), at(places, i + 1)];
      if (!(from >= first && to >= from && to <= last))
        throw shard.refuse(`a file with whole text in ${name}`, 'offsets that go back');
      try {
        return decoder.decode(bytes.subarray(from - first, to - first));
      } catch {
        throw shard.refuse(`a file with text in ${name}`, 'bytes that are not UTF-8');
      }
    });
  }
  return {
    async ready() {
      while (held.length === 0) {
        if (left === 0) {
          const batch = await file.batch(index++);
          if (!batch) return 0;
          await open(batch);
          continue;
        }
        const count = Math.min(left, 1024);
        held = await next(count);
        left -= count;
      }
      return held.length;
    },
    take(count) {
      const own = held.slice(0, count);
      held = held.slice(count);
      return own;
    },
  };
}
