import type { ByteWindow } from '../bytes/byte-window';
import type { Shard } from '../bytes/shard';
import type { PackedNumbers } from '../parquet/column-kind';
import { numberCopier } from '../stream/number-copier';
import { numberFormat, type NumberFormatName } from '../stream/number-formats';
import type { NumberColumn } from '../stream/shard-columns';
import type { ArrowBatch, ArrowFile } from './arrow-batches';
import { bufferOf, checkWhole } from './arrow-buffers';
import { shownField, ARROW_TYPE, type ArrowField } from './arrow-fields';

/** Bytes of values that are asked for at a time. */
const AT_ONCE = 2 ** 18;
const MOST_ROWS = 2 ** 14;

/** How the numbers of a column lie. */
interface Layout {
  values: ArrowField;
  format: NumberFormatName;
  width: number | undefined;
  /** Bytes of an offset, for lists. */
  offset: 0 | 4 | 8;
}

function layoutOf(shard: Shard, field: ArrowField, packed: PackedNumbers): Layout {
  const { type, format, size, children, dictionary, name } = field;
  const [child] = children;
  if (!dictionary && format) return { values: field, format, width: 1, offset: 0 };
  if (type === ARROW_TYPE.fixedList && child?.format && size > 0)
    return { values: child, format: child.format, width: size, offset: 0 };
  if (type === ARROW_TYPE.list && child?.format)
    return { values: child, format: child.format, width: undefined, offset: 4 };
  if (type === ARROW_TYPE.largeList && child?.format)
    return { values: child, format: child.format, width: undefined, offset: 8 };
  const each = numberFormat(packed).bytes;
  if (type === ARROW_TYPE.fixedBytes && size > 0 && size % each === 0)
    return { values: field, format: packed, width: size / each, offset: 0 };
  throw shard.refuse(`a file with numbers, lists of them or packed ${packed} in ${name}`, shownField(field));
}

/** Numbers of a column, batch by batch. A window of 1 MiB is in memory, and one of offsets. */
export function arrowNumbers(shard: Shard, file: ArrowFile, field: ArrowField, packed: PackedNumbers): NumberColumn {
  const { values, format, offset, width: fixed } = layoutOf(shard, field, packed);
  const { bytes: size } = numberFormat(format);
  const copier = numberCopier(format);
  let width = fixed;
  let [index, left, ready, row] = [0, 0, 0, 0];
  let offsets: ByteWindow | undefined;
  let window: ByteWindow | undefined;
  let bytes = new Uint8Array() as Uint8Array;

  async function open(batch: ArrowBatch): Promise<void> {
    await checkWhole(shard, field, batch);
    if (batch.rows === 0) return;
    if (offset > 0) {
      offsets = bufferOf(shard, field, batch, field.buffer + 1, (batch.rows + 1) * offset);
      const [first, second] = await offsetsAt(2);
      width ??= second! - first!;
      if (!(first! >= 0 && width > 0))
        throw shard.refuse(`a file with lists in ${field.name} that are not empty`, `an empty one at row ${row}`);
      const needed = (first! + batch.rows * width) * size;
      window = bufferOf(shard, values, batch, values.buffer + 1, first! * size);
      window.skip(first! * size);
      if (window.left < needed - first! * size) await checkLengths(batch.rows);
      if (batch.nodes[values.node]?.nulls !== 0) await checkWhole(shard, values, batch, width);
    } else {
      window = bufferOf(shard, values, batch, values.buffer + 1, batch.rows * width! * size);
      if (values !== field) await checkWhole(shard, values, batch, width);
    }
    left = batch.rows;
  }

  async function offsetsAt(count: number): Promise<number[]> {
    const own = await offsets!.peek(count * offset);
    const view = new DataView(own.buffer, own.byteOffset, own.byteLength);
    return Array.from({ length: count }, (_, i) =>
      offset === 4 ? view.getInt32(4 * i, true) : Number(view.getBigInt64(8 * i, true)),
    );
  }

  /** Throws unless the next lists are as long as the others. */
  async function checkLengths(count: number): Promise<void> {
    for (let done = 0; done < count;) {
      const some = Math.min(count - done, MOST_ROWS);
      const places = await offsetsAt(some + 1);
      for (let i = 0; i < some; i++) {
        const length = places[i + 1]! - places[i]!;
        if (length === width) continue;
        throw shard.refuse(
          `a file with lists of one length in ${field.name}, ${width} as before`,
          `one of ${length} at row ${row + done + i}`,
        );
      }
      offsets!.skip(some * offset);
      done += some;
    }
  }

  return {
    get width() {
      return width ?? 0;
    },
    async ready() {
      while (ready === 0) {
        if (left === 0) {
          const batch = await file.batch(index++);
          if (!batch) return 0;
          await open(batch);
          continue;
        }
        const rowBytes = width! * size;
        ready = Math.min(left, Math.max(1, Math.min(MOST_ROWS, Math.floor(AT_ONCE / rowBytes))));
        if (offset > 0) await checkLengths(ready);
        bytes = await window!.peek(ready * rowBytes);
        window!.skip(ready * rowBytes);
        left -= ready;
      }
      return ready;
    },
    copyTo(out, at, stride, rows) {
      copier(bytes, 0, { out, at, stride, width: width!, rows });
      bytes = bytes.subarray(rows * width! * size);
      ready -= rows;
      row += rows;
    },
  };
}
