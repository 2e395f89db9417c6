import type { NumberColumn } from '../stream/shard-columns';
import { damaged, type StoredPage } from './chunk-pages';
import { pagesOf, type ColumnChunks } from './chunk-source';
import { LengthError, ListLengths } from './levels';
import {
  numberDictionary,
  numberValues,
  type NumberDictionary,
  type NumberKind,
  type NumberValues,
} from './number-values';

/** A row that no model makes: what a damaged file seems to have. */
const WIDEST = 2 ** 22;

/**
 * Numbers of a column: lists, packed ones or one a row. It holds a page; of a row that goes on in the next page of
 * version 1, what came of it.
 */
export function parquetNumbers(column: ColumnChunks, kind: NumberKind): NumberColumn {
  const { shard, leaf, hyparquet } = column.source;
  const { type } = leaf.element;
  const isList = leaf.repetition > 0;
  const lengths = new ListLengths();
  let each: number | undefined;
  let single = 0; // rows where there are no lists
  const pages = pagesOf(column, {
    rows: () => (isList ? lengths.rows : single),
    begun: () => (isList ? lengths.rows + Math.sign(lengths.open) : single),
    finish: () => naming(() => lengths.finish()),
  });
  let dictionary: NumberDictionary | undefined;
  let values: NumberValues | undefined;
  let left = 0;
  let rest = new Float32Array();

  function naming<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof LengthError)) throw damaged(shard, leaf.name, error);
      const expected = `a file with lists of one length in ${leaf.name}, ${error.width} as before`;
      throw shard.refuse(expected, `one of ${error.length} at row ${error.row}`);
    }
  }

  /** Puts what is left of a page, less than a row, to what came before. */
  function keepRest(): void {
    if (left === 0) return;
    const longer = new Float32Array(rest.length + left);
    if (longer.length > WIDEST) {
      throw shard.refuse(`a file with rows of at most ${WIDEST} numbers in ${leaf.name}`, `${longer.length}`);
    }
    longer.set(rest);
    values!.copy({ out: longer, at: rest.length, stride: left, width: left, rows: 1 });
    rest = longer;
    left = 0;
  }

  const width = () => (isList ? lengths.width : each) ?? 0;

  function take(page: StoredPage) {
    if (page.isDictionary) {
      dictionary = numberDictionary(page, kind, type, hyparquet);
      return;
    }
    if (page.count === 0) return;
    if (isList) lengths.add(page.repetition, page.count);
    else single += page.count;
    const read = numberValues(page, kind, type, dictionary, hyparquet);
    if (!read.hasDictionary) dictionary = undefined;
    each ??= read.each;
    if (read.each !== each) {
      const expected = `a file with ${each} numbers in each value of ${leaf.name}, as before`;
      throw shard.refuse(expected, `${read.each} from row ${single - page.count} on`);
    }
    values = read;
    left = read.count;
  }

  return {
    get width() {
      return width();
    },
    async ready() {
      for (;;) {
        const own = width();
        const rows = own > 0 ? Math.floor((rest.length + left) / own) : 0;
        if (rows > 0) return rows;
        naming(keepRest);
        values = undefined;
        const { done, value: page } = await pages.next();
        if (done) {
          if (rest.length > 0 && rest.length !== width())
            throw shard.refuse(`a file with whole rows in ${leaf.name}`, 'a part');
          return rest.length > 0 ? 1 : 0;
        }
        naming(() => take(page));
      }
    },
    copyTo(out, at, stride, rows) {
      if (rows === 0) return;
      const own = width();
      naming(() => {
        if (rest.length > 0) {
          out.set(rest, at);
          const missing = own - rest.length;
          if (missing > 0) values!.copy({ out, at: at + rest.length, stride, width: missing, rows: 1 });
          left -= missing;
          rest = new Float32Array();
          at += stride;
          rows--;
        }
        if (rows > 0) values!.copy({ out, at, stride, width: own, rows });
        left -= rows * own;
      });
    },
  };
}
