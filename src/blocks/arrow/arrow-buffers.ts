import { byteWindow, type ByteWindow } from '../bytes/byte-window';
import type { Shard } from '../bytes/shard';
import type { ArrowBatch } from './arrow-batches';
import type { ArrowField } from './arrow-fields';

const WINDOW = 2 ** 20;

/** A window over one buffer of a batch. @throws FormatError where it is shorter than its rows */
export function bufferOf(
  shard: Shard,
  { name }: ArrowField,
  batch: ArrowBatch,
  index: number,
  least: number,
): ByteWindow {
  const buffer = batch.buffers[index];
  if (!buffer || buffer.end - buffer.start < least) {
    throw shard.refuse(
      `a file with ${least} bytes for ${batch.rows} rows of ${name}`,
      buffer ? buffer.end - buffer.start : 'none',
    );
  }
  return byteWindow(shard, buffer.start, buffer.end, WINDOW);
}

/** Throws unless the column has a value in each of its places, naming the first row without one. */
export async function checkWhole(shard: Shard, field: ArrowField, batch: ArrowBatch, perRow = 1): Promise<void> {
  const node = batch.nodes[field.node];
  if (!node || node.length < batch.rows * perRow)
    throw shard.refuse(`a file with ${batch.rows} rows of ${field.name}`, node?.length ?? 'none');
  if (node.nulls === 0) return;
  const window = bufferOf(shard, field, batch, field.buffer, 0);
  let row = batch.before;
  for (let place = 0; window.left > 0;) {
    const bytes = await window.some();
    const at = bytes.findIndex((byte) => byte !== 255);
    place += 8 * (at < 0 ? bytes.length : at);
    row = batch.before + Math.floor(place / perRow);
    if (at >= 0) {
      let bit = 0;
      while ((bytes[at]! >> bit) & 1) bit++;
      row = batch.before + Math.floor((place + bit) / perRow);
      break;
    }
    window.skip(bytes.length);
  }
  throw shard.refuse(`a file without nulls in ${field.name}`, `a null at row ${row}`);
}
