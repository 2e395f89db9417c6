import { OodError } from '../../core/errors';
import { otherFormat } from '../bytes/other-format';
import type { Shard } from '../bytes/shard';
import type { ByteFeed } from './byte-feed';
import type { FedArray } from './fed-columns';
import { NPY_HEAD, npyHeaderEnd, readNpyHeader, type NpyHeader } from './npy-header';

/**
 * The array of a .npy file that is fed from its beginning and has `size` bytes.
 *
 * @throws FormatError for what is no such file, objects, Fortran order, or a size that is not that of the shape
 */
export async function npyArray(shard: Shard, name: string, feed: ByteFeed, size: number): Promise<FedArray> {
  let header: NpyHeader;
  try {
    if (size < NPY_HEAD) throw new Error(`${size} bytes`);
    const head = (await feed.next(NPY_HEAD)).slice();
    const end = npyHeaderEnd(head);
    if (end > size || end < NPY_HEAD) throw new Error(`a header of ${end} bytes in ${size}`);
    const whole = new Uint8Array(end);
    whole.set(head);
    whole.set(await feed.next(end - NPY_HEAD), NPY_HEAD);
    header = readNpyHeader(whole);
  } catch (error) {
    if (error instanceof OodError) throw error;
    const received = await otherFormat(shard, (error as Error).message);
    throw shard.refuse(`a file with an array of numbers or text in ${name}`, received);
  }
  const { shape, size: each, start } = header;
  if (header.isFortran && shape.filter((side) => side > 1).length > 1) {
    const way = '(np.ascontiguousarray makes one)';
    throw shard.refuse(`a file with its rows one after the other in ${name} ${way}`, 'Fortran order');
  }
  const needed = start + shape.reduce((product, side) => product * side, each);
  if (needed !== size) {
    throw shard.refuse(
      `a file with ${needed} bytes of ${name}, as [${shape.join(', ')}] says (is it cut short?)`,
      size,
    );
  }
  return { ...header, shard, name, feed };
}
