import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { GivenRows } from './given-rows';
import type { Json } from '../../core/saved/json';
import type { NamedArray } from '../../core/saved/safetensors';
import type { GivenIds } from '../partial/row-ids';

/** What a model gives for a batch, by name. */
export interface ModelOutputs {
  /** Activations of the layer before the last, or an embedding [N, D]. */
  features: GivenRows;
  /** What goes into the softmax [N, C]. */
  logits: GivenRows;
  /** The model's input [N, H, W, C]. */
  images: Tensor4D;
}

/** What a scorer can ask for. */
export type Need = keyof ModelOutputs;

/** A batch with what a scorer needs: `{ features }`, `{ logits }`, `{ features, logits }`. */
export type Batch<N extends Need = Need> = Pick<ModelOutputs, N>;

/** The last dense layer: logits = features W + b. */
export interface Head {
  /** W [D, C], row by row, as a tfjs dense layer keeps it. */
  weights: Float32Array;
  /** b [C]. */
  bias: Float32Array;
  shape: readonly [features: number, classes: number];
}

/** Logits [N, C] of images [N, H, W, C] by differentiable tfjs operations; what ODIN needs. */
export type LogitsOf = (images: Tensor4D) => Tensor2D;

/** What belongs to the model as a whole, not to a batch. */
export interface ModelParts {
  head: Head;
  logitsOf: LogitsOf;
}

/** What fitting can ask for: parts of each block, and parts of the model. */
export type FitNeed = Need | 'labels' | keyof ModelParts;

/** One block of in-distribution data to fit on; with `ids` of its rows the fit is that of parts with these ids. */
export type FitBlock<F extends FitNeed = FitNeed> = Pick<
  ModelOutputs & { labels: ArrayLike<number> },
  Exclude<F, keyof ModelParts>
> &
  Partial<Pick<{ ids: GivenIds }, F extends unknown ? 'ids' : never>>;

/** Blocks as they come; an array of blocks, a generator, a stream. */
export type Blocks<F extends FitNeed = FitNeed> = AsyncIterable<FitBlock<F>> | Iterable<FitBlock<F>>;

/** The parts of the model that fitting needs. */
export type PartsFor<F extends FitNeed> = Pick<ModelParts, Extract<F, keyof ModelParts>>;

/** How scoring goes on. */
export interface ScoreOptions {
  /** Gives it up: the call rejects with its reason. */
  signal?: AbortSignal;
}

/** How fitting a scorer goes on. */
export interface FitProgress {
  /** Called after each block with the rows seen so far. */
  onProgress?: (rows: number) => void;
  /** Gives it up: the call rejects with its reason. */
  signal?: AbortSignal;
}

/** Which rows a partial fit leaves out, for whoever calibrates. */
export interface HoldOutOptions {
  /** Share of the rows, chosen by a hash of their ids, that calibrates and is left out of the fit; default none. */
  calibrationShare?: number;
  /** Which rows these are; default 1. */
  seed?: number;
}

/** What a block of a partial fit is. */
export interface AddOptions {
  /** One for each row, none twice; needed where rows are kept or chosen. */
  ids?: GivenIds;
  /** Names the part that the block is of: errors name it, and merging two that both have it is one. */
  shard?: string | number;
  /** Gives it up: the call rejects with its reason, and nothing was added. */
  signal?: AbortSignal;
}

/** How parts are joined. */
export interface MergeOptions {
  /** What errors call the part, such as the name of its file. */
  name?: string;
  /** Gives it up: the call rejects with its reason. */
  signal?: AbortSignal;
}

/** What some rows leave of a fit: parts of any split, merged in any order, come to the fit of all rows. */
export interface PartialFit<F extends FitNeed = FitNeed> {
  /** Of the method, e.g. `'mahalanobis'`. */
  readonly kind: string;
  /** Rows that fit. */
  readonly count: number;
  /** Rows that were left out for calibration. */
  readonly heldOut: number;
  /** Rows of each shard with a name, those left out too. */
  readonly shards: ReadonlyMap<string, number>;
  /**
   * Adds a block. One that throws leaves it as it was.
   *
   * @throws ArgumentError, ShapeError, NotFiniteError as the fit, naming shard and row, counted from the start of the
   *   shard; ArgumentError for an id that is known from before; the reason of `signal`
   */
  add(block: FitBlock<F>, options?: AddOptions): Promise<void>;
  /**
   * Adds all of another, or of its bytes; that one stays as it is.
   *
   * @throws ArgumentError for another method, or options, head or held-out rows that differ, a shard or an id that both
   *   have; ShapeError for rows of another width; FormatError where the bytes are none
   */
  merge(other: PartialFit<F> | Uint8Array, options?: MergeOptions): Promise<void>;
  /** One safetensors file. @throws ArgumentError while a block is being added */
  toBytes(): Uint8Array;
}

/** A fitted scorer as plain data: {@link encodeScorer} makes one safetensors file of it. */
export interface ScorerState {
  kind: string;
  options: Readonly<Record<string, Json>>;
  tensors: Readonly<Record<string, NamedArray>>;
}

/** A fitted scorer. */
export interface Scorer<N extends Need = Need> {
  /** Which method, e.g. `'mahalanobis'`. */
  readonly kind: string;
  /** What `score` must be given. */
  readonly needs: readonly N[];
  /**
   * No score is larger (a float32 number); undefined where there is no such bound, or none is known. Nothing can be
   * above a threshold that equals it, which is why a detector refuses such a threshold.
   */
  readonly largestScore: number | undefined;
  /**
   * OoD score of each row [N], higher = more out of distribution. The caller keeps the tensors that go in.
   *
   * @throws ShapeError where the batch does not fit what was fitted; NotFiniteError naming the first row with a NaN or
   *   infinity; the reason of `signal`
   */
  score(batch: Batch<N>, options?: ScoreOptions): Promise<Float32Array>;
  /**
   * Only where a score is a minimum over classes or rows: the scorer that knows these rows too. No score of it is above
   * that of this one (but for rounding), so a threshold for this one keeps its false-alarm rate, on whatever rows it
   * was found. Rows of classes that were fitted already may change nothing. This scorer is used up by it, as by
   * `dispose`; where it throws, dispose this one.
   *
   * @param rows features [N, D] with their labels [N], of classes that the fit had no row of
   * @throws ArgumentError, ShapeError, NotFiniteError as the fit
   */
  takeIn?(rows: FitBlock<'features' | 'labels'>): Promise<Scorer<N>>;
  /** Everything that makes the scorer, for saving. */
  state(): ScorerState;
  /** Frees what it holds on the backend; it can't score any more. */
  dispose(): void;
}

/** Whether a row of logits chooses one of C classes, or says yes or no to each of C tags by itself. */
export type LogitMeaning = 'classes' | 'tags';

/** The calls of a method that fit in parts. */
export interface PartialCalls<F extends FitNeed, S> {
  /** A fit in parts, of which this is an empty one. @throws ArgumentError for options, or parts of the model */
  partial(options?: HoldOutOptions & Partial<PartsFor<F>>): Promise<PartialFit<F>>;
  /** The part that {@link PartialFit.toBytes} wrote. @throws FormatError; ArgumentError where it is of another fit */
  partialFrom(bytes: Uint8Array, options?: MergeOptions & Partial<PartsFor<F>>): Promise<PartialFit<F>>;
  /** The scorer of one part, or of several that are merged; they stay as they are. @throws as `fit` and `merge` */
  fromPartial(
    partials: PartialFit<F> | Uint8Array | readonly (PartialFit<F> | Uint8Array)[],
    options?: MergeOptions & Partial<PartsFor<F>>,
  ): Promise<S>;
}

/** A way to make a scorer from in-distribution data. */
export interface ScorerMethod<N extends Need = Need, F extends FitNeed = FitNeed> extends PartialCalls<F, Scorer<N>> {
  readonly kind: string;
  /** What the scorer needs of a batch. */
  readonly needs: readonly N[];
  /** What fitting needs of each block, and of the model. */
  readonly fitNeeds: readonly F[];
  /**
   * Whether it is for models whose logits are tags too; `'first'`: made for them. Left out, a method of features alone
   * is, and any other one assumes that a row of logits, or a label, chooses one class.
   */
  readonly takesTags?: boolean | 'first';
  /** The methods that it is made of, such as an ensemble's: it is for what all of them are for. */
  readonly members?: readonly ScorerMethod[];
  /** Goes through the blocks once. @throws ArgumentError where there is no row, or too few; the reason of `signal` */
  fit(blocks: Blocks<F>, options: FitProgress & PartsFor<F>): Promise<Scorer<N>>;
  /** The scorer that {@link Scorer.state} came from. @throws FormatError where the state is no such scorer's */
  restore(state: ScorerState, parts: Partial<ModelParts>): Scorer<N>;
}

/** A scorer without anything to fit: it scores as it is, and `fit` only gives a copy of it. */
export type ReadyScorer<N extends Need = Need> = Scorer<N> & ScorerMethod<N, never>;
