import { pauses, type Pause } from '../../core/pauses';
import { readOptions } from '../../core/read-options';
import type { AddOptions } from '../contract/scorer';
import { ADD_OPTIONS } from './call-shapes';
import type { inTurn } from './in-turn';
import { namingShard, type BlockInShard } from './naming-shard';
import type { SeenRows } from './seen-rows';

/** A block that is added, as the options of the call have it. */
export interface AddedBlock {
  ids: AddOptions['ids'];
  /** Where it stands; whoever goes on with some of its rows says which. */
  at: BlockInShard;
  signal: AbortSignal | undefined;
  pause: Pause;
}

/** Adds a block after those that were added before; its errors name shard and row. */
export async function addInTurn(
  where: string,
  given: AddOptions | undefined,
  turn: ReturnType<typeof inTurn>,
  seen: SeenRows,
  add: (block: AddedBlock) => Promise<void>,
): Promise<void> {
  const { ids, shard, signal } = readOptions<AddOptions, typeof ADD_OPTIONS>(where, given, ADD_OPTIONS);
  const name = shard === undefined ? undefined : String(shard);
  return turn.wait(async () => {
    const pause = pauses(signal);
    await pause();
    const at: BlockInShard = { shard: name, before: seen.rowsOf(name) };
    await namingShard(add({ ids, at, signal, pause }), at);
  });
}
