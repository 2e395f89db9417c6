import { ANYTHING } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { pauses } from '../../core/pauses';
import { readOptions } from '../../core/read-options';
import type { GivenParts } from '../contract/fit-options';
import type { HoldOutOptions, MergeOptions, PartialFit, Scorer } from '../contract/scorer';
import { MERGE_OPTIONS } from './call-shapes';
import { namingPart } from './naming-shard';
import { GatheredFit, HOLD_OUT, partialOf, type GatheredMethod } from './gathered-fit';
import type { PartialState } from './partial-state';

const PARTS = { head: [ANYTHING], logitsOf: [ANYTHING] } as const;
const WITH_PARTS = { ...MERGE_OPTIONS, ...PARTS } as const;

/** What makes a scorer of what was found, beside the method. */
export interface PartialSource<T, S extends Scorer> extends GatheredMethod<T> {
  scorerOf(found: T, where: string, parts: GivenParts): S;
}

/** The calls of a method that fit in parts. */
export function partialMethods<T, S extends Scorer>(source: PartialSource<T, S>) {
  const { where } = source;
  /** Without what was not given: options are looked at by their names. */
  const given = ({ head, logitsOf }: GivenParts) => ({ ...(head && { head }), ...(logitsOf && { logitsOf }) });
  const empty = (at: string, { calibrationShare, seed }: Required<HoldOutOptions>, parts: GivenParts) =>
    new GatheredFit(at, source, { calibrationShare, seed }, given(parts));

  /** An empty fit that holds out what the part does, and takes it. */
  const emptyFor = (at: string, { about }: PartialState, parts: GivenParts) =>
    empty(at, { calibrationShare: about.calibrationShare, seed: about.seed }, parts);

  return {
    partial(options: (HoldOutOptions & GivenParts) | undefined): PartialFit {
      const at = `${where}.partial`;
      const { calibrationShare, seed, ...parts } = readOptions(at, options, HOLD_OUT);
      return empty(at, { calibrationShare, seed }, parts);
    },
    async partialFrom(bytes: Uint8Array, options: (MergeOptions & GivenParts) | undefined): Promise<PartialFit> {
      const at = `${where}.partialFrom`;
      const { name = 'bytes', signal, ...parts } = readOptions(at, options, WITH_PARTS);
      const pause = pauses(signal);
      await pause();
      const state = partialOf(at, bytes, name);
      const partial = emptyFor(at, state, parts);
      await namingPart(partial.take(at, state, pause), name);
      return partial;
    },
    async fromPartial(
      partials: PartialFit | Uint8Array | readonly (PartialFit | Uint8Array)[],
      options: (MergeOptions & GivenParts) | undefined,
    ): Promise<S> {
      const at = `${where}.fromPartial`;
      const { name = 'partials', signal, ...rest } = readOptions(at, options, WITH_PARTS);
      const parts = given(rest);
      const pause = pauses(signal);
      await pause();
      const all = Array.isArray(partials) ? (partials as unknown[]) : [partials];
      if (all.length === 0) throw new ArgumentError(at, 'partials', 'one at least', 'none');
      const again = all.findIndex((one, i) => all.indexOf(one) < i);
      if (again >= 0) {
        const received = `partials[${all.indexOf(all[again])}] again as partials[${again}]`;
        throw new ArgumentError(at, 'partials', 'other parts, none twice', received);
      }
      let joined: GatheredFit<T> | undefined;
      if (all.length === 1 && all[0] instanceof GatheredFit && all[0].isOf(source, parts))
        joined = all[0] as GatheredFit<T>;
      for (const [i, one] of (joined ? [] : all).entries()) {
        const called = Array.isArray(partials) ? `partials[${i}]` : name;
        const state = one instanceof GatheredFit ? await one.settled() : partialOf(at, one, called);
        joined ??= emptyFor(at, state, parts);
        await namingPart(joined.take(at, state, pause), called);
      }
      return source.scorerOf(await joined!.finish(at, pause), at, joined!.partsFor(parts));
    },
  };
}
