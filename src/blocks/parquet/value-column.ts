import { pickedValues } from '../stream/listed-values';
import { wholeNumbers, type NumberFormatName } from '../stream/number-formats';
import type { ListedValues, ValueColumn } from '../stream/shard-columns';
import { damaged, type StoredPage } from './chunk-pages';
import { pagesOf, type ColumnChunks } from './chunk-source';
import type { ColumnKind } from './column-kind';
import { plainBytes, type PlainBytes } from './plain-bytes';
import { RunCursor } from './run-cursor';

/** Some values of a page. */
type Take = (from: number, count: number) => ListedValues;

/** Text or whole numbers of a column. It holds a page, and the dictionary. */
export function parquetValues(column: ColumnChunks, kind: ColumnKind): ValueColumn {
  const { shard, leaf, hyparquet } = column.source;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rows = 0;
  const pages = pagesOf(column, { rows: () => rows, begun: () => rows, finish: () => {} });
  let dictionary: ListedValues | undefined;
  let take: Take | undefined;
  let [at, left] = [0, 0];

  const listed = ({ bytes, list }: PlainBytes, from: number, count: number): ListedValues => {
    if (list) return list.slice(from, from + count).map((value) => decoder.decode(value));
    const size = kind.size!;
    const part = bytes.subarray(from * size, (from + count) * size);
    return wholeNumbers(kind.format as NumberFormatName, part, count);
  };

  function open(page: StoredPage): void {
    const { count, encoding, bytes, isDictionary } = page;
    if (isDictionary) {
      dictionary = listed(plainBytes(page, kind, leaf.element.type, hyparquet), 0, count);
      return;
    }
    [at, left] = [0, count];
    rows += count;
    if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY') {
      const known = dictionary;
      if (!known) throw new Error('values of a dictionary that is not there');
      const runs = new RunCursor(bytes.subarray(1), bytes[0] ?? 0);
      take = (_, some) => {
        const indices = new Int32Array(some);
        runs.fill(indices, some);
        return pickedValues(known, indices);
      };
      return;
    }
    const plain = plainBytes(page, kind, leaf.element.type, hyparquet);
    take = (from, some) => listed(plain, from, some);
  }

  const naming = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw damaged(shard, leaf.name, error);
    }
  };

  return {
    async ready() {
      while (left === 0) {
        const { done, value: page } = await pages.next();
        if (done) return 0;
        naming(() => open(page));
      }
      return left;
    },
    take(count) {
      const values = naming(() => take!(at, count));
      at += count;
      left -= count;
      return values;
    },
  };
}
