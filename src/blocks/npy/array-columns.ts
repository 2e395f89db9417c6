import type { ColumnNames } from '../stream/read-columns';
import type { ShardColumns } from '../stream/shard-columns';
import { sideBySide } from '../stream/side-by-side';
import { fedNumbers, fedValues, type FedArray } from './fed-columns';

/** The columns of a shard, each from an array by its name. */
export async function arrayColumns(
  names: ColumnNames,
  arrayOf: (name: string) => Promise<FedArray>,
): Promise<ShardColumns> {
  const columns: ShardColumns = {};
  for (const part of ['features', 'logits'] as const) {
    const own = names[part];
    if (!own) continue;
    const arrays = [];
    for (const name of own) arrays.push(fedNumbers(await arrayOf(name)));
    columns[part] = sideBySide(arrays);
  }
  for (const part of ['labels', 'ids'] as const) {
    const name = names[part]?.[0];
    if (name !== undefined) columns[part] = fedValues(await arrayOf(name));
  }
  return columns;
}
