import type * as tf from '@tensorflow/tfjs-core';
import { FormatError } from '../../core/errors';
import type { Json } from '../../core/saved/json';
import { readOptions, type Declared, type Option, type Read } from '../../core/read-options';
import { readSaved } from '../../core/saved/read-saved';
import {
  readArrays,
  sizesByLength,
  writeArrays,
  type Arrays,
  type SavedArray,
  type Sizes,
} from '../../core/saved/saved-arrays';
import { pauses, type Pause } from '../../core/pauses';
import { readScoreOptions, type GivenParts } from './fit-options';
import { finiteScores } from './finite-scores';
import { lazyPartials } from '../partial/lazy-partials';
import type { FitRows, KnownRows } from './fit-rows';
import type { Accumulator } from '../partial/accumulator';
import { inUse } from './in-use';
import type { Rows } from './rows';
import type {
  Batch,
  Blocks,
  FitNeed,
  FitProgress,
  ModelParts,
  Need,
  PartialCalls,
  PartsFor,
  Scorer,
  ScorerMethod,
  ScorerState,
} from './scorer';
import { readScorerState } from './scorer-state';
import { readNumbers, type ReadNumbers, type Widths } from './read-numbers';

/** All that a fit finds: arrays by their sides, single numbers by their rule. */
export type Fitted = Readonly<Record<string, SavedArray | Option>>;

/** What a fit found. */
export type FittedOf<W extends Fitted> = Arrays<{
  [K in keyof W as W[K] extends SavedArray ? K : never]: W[K] & SavedArray;
}> & {
  readonly [K in keyof W as W[K] extends SavedArray ? never : K]: ValueOf<W[K]>;
};
type ValueOf<V> = V extends readonly [unknown, infer T] ? number | T : number;

/** The same with what is kept beside it and not saved, and `sizes` where the arrays' lengths alone do not say them. */
export type Found<W extends Fitted, X> = FittedOf<W> & { [K in keyof X]?: X[K] | undefined } & { sizes?: Sizes };

/** A batch as it was read: numbers, images as the tensor that they are. */
export interface ReadBatch {
  count: number;
  features: Rows;
  logits: Rows;
  images: tf.Tensor4D;
  /** Class indices, where rows are taken in. */
  labels: Int32Array;
}

/** What scoring has besides what the fit found. */
export interface Scoring<O> {
  options: O;
  parts: ModelParts;
  sides: Sizes;
  /** Throws once the scorer is disposed. */
  check(): void;
}

/** How rows are scored. */
export interface RowScorer<W extends Fitted, X, M> {
  /** Await `pause` at least every 20 ms of own work: others have their turn, and a signal ends it. */
  scoresOf(batch: ReadBatch, pause: Pause): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** No score is larger; see {@link Scorer.largestScore}. */
  largestScore?: number | undefined;
  /** The fit with these rows, features and their labels; see {@link Scorer.takeIn}. */
  takeIn?: ((rows: Rows, labels: Int32Array) => Found<W, X> | Promise<Found<W, X>>) | undefined;
  /** How wide rows must be, where the letters D and C do not say it. */
  widths?: Widths;
  dispose?(): void;
  /** What the scorer can do besides. */
  more?: M;
}

/** What is wrong with a saved state that each of its parts by itself does not show. */
export interface Wrong {
  /** The part: `tensors.basis`, `options.k`. */
  what: string;
  expected: string;
  received: unknown;
}

/** One scorer, declared once: options, what is saved, and the two functions that are its own. */
export interface Definition<N extends Need, F extends FitNeed, O extends object, D, W extends Fitted, X, M> {
  /** What a batch must have. The letter D is the width of features, C that of logits. */
  needs: readonly N[];
  fitNeeds: readonly F[];
  /** See {@link ScorerMethod.takesTags}. */
  takesTags?: ScorerMethod['takesTags'];
  options: D;
  /** Options without which a saved scorer would score otherwise: they are part of the state. */
  saved?: readonly (keyof O & keyof D & string)[];
  fitted: W;
  /**
   * Goes through the rows once, if it goes through them. What it gives besides what is declared is not saved. Await
   * `pause` at least every 20 ms of own work: others have their turn, and a signal ends it.
   */
  fit?(rows: FitRows<F>, parts: ModelParts, options: Read<O, D>, pause: Pause): Promise<Found<W, X>> | Found<W, X>;
  /** In place of `fit`: what is gathered of rows, in parts that merge, for partial fits too. */
  gather?(parts: ModelParts, options: Read<O, D>): Accumulator<F, Found<W, X>>;
  /** Whether rows are kept or chosen by their ids: partial fits ask for these. */
  byId?: boolean;
  score(fitted: Found<W, X>, scoring: Scoring<Read<O, D>>): RowScorer<W, X, M>;
  /** Looks at a state of which every part is right by itself. */
  check?(fitted: FittedOf<W>, options: Read<O, D>, sides: Sizes): Wrong | undefined;
}

/** A method whose scorers can do M besides, and which takes what somebody else fitted. */
export interface DefinedMethod<N extends Need, F extends FitNeed, W extends Fitted, M> extends ScorerMethod<N, F> {
  fit(blocks: Blocks<F>, options: FitProgress & PartsFor<F>): Promise<Scorer<N> & M>;
  restore(state: ScorerState, parts: Partial<ModelParts>): Scorer<N> & M;
  fromPartial: PartialCalls<F, Scorer<N> & M>['fromPartial'];
  of(fitted: FittedOf<W>): Scorer<N> & M;
}

/** How a scorer comes to what is no row of numbers: parts of the model, images. */
export interface ModelUse {
  /** The parts that are asked for, checked. */
  parts(where: string, needs: readonly FitNeed[], given: GivenParts | undefined): ModelParts;
  /** What is known of the rows of a fit by the parts. */
  rows(where: string, parts: Partial<ModelParts>): KnownRows;
  /** As many as what was read beside them. */
  images(where: string, batch: object, beside: ReadNumbers): Promise<tf.Tensor4D>;
}

/** The name that states have: `relativeMahalanobis` is `relative-mahalanobis`. */
const kindOf = (where: string): string => where.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const isArray = (part: SavedArray | Option): part is SavedArray => 'dtype' in part;

/**
 * `defineScorer` for rows of features or logits alone: without `use` the model's head and images are out of reach, and
 * out of the bundle.
 */
export function defineRowScorer<
  N extends Need,
  F extends FitNeed,
  O extends object,
  const D extends Declared<O>,
  const W extends Fitted,
  X extends object = object,
  M extends object = object,
>(
  where: string,
  given: O | undefined,
  definition: Definition<N, F, O, D, W, X, M>,
  use?: ModelUse,
): DefinedMethod<N, F, W, M> {
  const options = readOptions<O, D>(where, given, definition.options);
  const { needs, fitNeeds, takesTags, saved = [], fitted: declared } = definition;
  const kind = kindOf(where);
  const arrays: Record<string, SavedArray> = {};
  const values: Record<string, Option> = {};
  for (const [name, part] of Object.entries<SavedArray | Option>(declared)) {
    if (isArray(part)) arrays[name] = part;
    else values[name] = part;
  }
  const pick = (from: object, names: readonly string[]) => {
    const given = from as Record<string, Json>;
    return Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
  };

  function scorerOf(fitted: Found<W, X>, own: Read<O, D>, parts: ModelParts): Scorer<N> & M {
    const sides = sizesByLength(arrays, fitted, fitted.sizes);
    const guard = inUse(where);
    const end = () => {
      guard.end();
      rows.dispose?.();
    };
    const rows = definition.score(fitted, { options: own, parts, sides, check: guard.check });
    const read = async (batch: Partial<Batch> & { labels?: ArrayLike<number> }, wanted: readonly FitNeed[]) => {
      guard.check();
      const block = await readNumbers(where, batch, wanted, { features: sides.D, logits: sides.C, ...rows.widths });
      if (!use || !wanted.includes('images')) return block as unknown as ReadBatch;
      const images = await use.images(where, batch, block);
      return { ...block, count: images.shape[0], images } as unknown as ReadBatch;
    };
    const { takeIn } = rows;
    return {
      kind,
      needs,
      largestScore: rows.largestScore === undefined ? undefined : Math.fround(rows.largestScore),
      async score(batch, how) {
        const pause = pauses(readScoreOptions(where, how).signal);
        await pause();
        const block = await read(batch, needs);
        return finiteScores(where, block.count === 0 ? [] : await rows.scoresOf(block, pause));
      },
      ...(takeIn && {
        async takeIn(block) {
          const { features, labels } = await read(block, ['features', 'labels']);
          const next = scorerOf(await takeIn(features, labels), own, parts);
          end();
          return next;
        },
      }),
      state: (): ScorerState => ({
        kind,
        options: { ...pick(own, saved), ...pick(fitted, Object.keys(values)) },
        tensors: writeArrays(arrays, fitted as never, sides),
      }),
      dispose: end,
      ...(rows.more as M),
    };
  }

  const partsOf = (from: string, asked: readonly FitNeed[], parts: GivenParts | undefined) =>
    use?.parts(from, asked, parts) ?? ({} as ModelParts);

  return {
    kind,
    needs,
    fitNeeds,
    ...(takesTags && { takesTags }),
    fit: async (blocks, how) =>
      (await import('./fit-defined')).fitDefined(where, options, definition, use, scorerOf, blocks, how),
    restore(given, parts) {
      const from = `${where}.restore`;
      const state = readScorerState(from, given, kind);
      const sizes = {};
      const tensors = readArrays(from, state.tensors, arrays, undefined, sizes);
      const own = Object.fromEntries(saved.map((name) => [name, [definition.options[name][0]]]));
      const read = readSaved<object>(from, state.options, { ...own, ...values }, 'state.options');
      const fitted = { ...tensors, ...read } as FittedOf<W>;
      const kept = { ...options, ...pick(read, saved) };
      const wrong = definition.check?.(fitted, kept, sizes);
      if (wrong) throw new FormatError(from, `state.${wrong.what}`, wrong.expected, wrong.received);
      const isLogitsOf = (need: FitNeed) => need === 'logitsOf';
      const asked = partsOf(from, fitNeeds.filter(isLogitsOf), parts);
      return scorerOf({ ...fitted, sizes } as Found<W, X>, kept, asked);
    },
    ...lazyPartials<N, F, Scorer<N> & M>(async () =>
      (await import('../partial/defined-partials')).definedPartials(where, kind, options, definition, use, scorerOf),
    ),
    of: (fitted) => scorerOf(fitted as Found<W, X>, options, {} as ModelParts),
  };
}
