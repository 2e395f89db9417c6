import type { Random } from 'tfjs-ood';
import { seededRandom } from '../../src/core/random';
import { mutate } from './mutate';

/** One reader that is given damaged files. */
export interface Target {
  /** Functions that its errors may name. */
  where: readonly string[];
  /** Small whole files. */
  seeds: readonly Uint8Array[];
  /** Makes a file of changed bytes that are behind a checksum: compresses them, counts again. */
  seal?(bytes: Uint8Array, random: Random): Uint8Array;
  /**
   * Reads the file, and throws {@link WrongResult} where it is accepted with another content than an independent
   * reading finds.
   */
  read(bytes: Uint8Array): void | Promise<void>;
  /** Most bytes of typed arrays that reading may ask for. */
  limit(bytes: Uint8Array): number;
}

/** What a reader gave is not what the file holds. */
export class WrongResult extends Error {
  override name = 'WrongResult';
}

/** Throws {@link WrongResult} where two lists of numbers differ; NaN is NaN, and 0 is not -0. */
export function expectSame(what: string, found: ArrayLike<unknown>, wanted: ArrayLike<unknown>): void {
  const areBytes = found instanceof Uint8Array && wanted instanceof Uint8Array;
  if (areBytes && Buffer.compare(found, wanted) === 0) return; // the quick way
  let differs = found.length !== wanted.length ? Math.min(found.length, wanted.length) : -1;
  for (let i = 0; i < found.length && differs < 0; i++) if (!Object.is(found[i], wanted[i])) differs = i;
  if (differs < 0) return;
  const shown = `${String(found[differs])} of ${found.length}, where the file has ${String(wanted[differs])} of ${wanted.length}`;
  throw new WrongResult(`${what}[${differs}]: ${shown}`);
}

/** Throws {@link WrongResult} unless it holds. */
export function expectThat(what: string, holds: boolean): void {
  if (!holds) throw new WrongResult(what);
}

/** The input of an index: a seed as it is now and then, otherwise changed before it is sealed, after that, or both. */
export function inputOf({ seeds, seal }: Target, seed: number, index: number): Uint8Array {
  const random = seededRandom(seed, index);
  const whole = seeds[random.integer(seeds.length)]!;
  if (index % 100 === 0) return seal ? seal(whole, random) : whole;
  const stage = seal ? random.integer(4) : 3;
  const inner = stage < 3 ? mutate(whole, seeds, random) : whole;
  const sealed = seal ? seal(inner, random) : inner;
  return stage >= 2 ? mutate(sealed, seal ? [sealed] : seeds, random) : sealed;
}
