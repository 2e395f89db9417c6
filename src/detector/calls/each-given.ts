import { checkSignal } from '../../core/pauses';
import { isStream } from '../known/block-stream';
import { namingBlock } from '../naming-rows';

/**
 * Goes through outputs that are there at once, or through a stream of them block by block, of which errors say which it
 * was.
 *
 * @param take gives the rows that are done so far, of all blocks
 */
export async function eachGiven<T>(
  given: T | AsyncIterable<T>,
  signal: AbortSignal | undefined,
  take: (block: T, isMany: boolean) => Promise<number>,
): Promise<void> {
  if (!isStream(given)) await take(given, false);
  else {
    let [place, before] = [0, 0];
    for await (const block of given) {
      checkSignal(signal);
      before = await namingBlock(take(block, true), { block: `outputs[${place++}]`, before });
    }
  }
  checkSignal(signal);
}
