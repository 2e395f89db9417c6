import { ANYTHING, BYTES, INTEGER, SHARE_OR_NONE } from '../../core/check';
import { ArgumentError, FormatError, ShapeError } from '../../core/errors';
import { pauses, type Pause } from '../../core/pauses';
import { readOptions } from '../../core/read-options';
import type { GivenParts } from '../contract/fit-options';
import type { Widths } from '../contract/read-numbers';
import type { AddOptions, FitBlock, FitNeed, HoldOutOptions, MergeOptions, PartialFit } from '../contract/scorer';
import { rowsAt, type NumberBlock } from '../contract/split-block';
import { countsOf, type Accumulator } from './accumulator';
import { addInTurn } from './add-in-turn';
import { MERGE_OPTIONS } from './call-shapes';
import { idShare, STREAMS } from './id-hash';
import { arraysAs, arraysOf } from './named-arrays';
import { namingPart, type BlockInShard } from './naming-shard';
import { checkSame, decodePartial, encodePartial, type PartialAbout, type PartialState } from './partial-state';
import type { RowId } from './row-ids';
import { readSample, refuseKnown, sampleState } from './sampled-rows';
import { SeenRows } from './seen-rows';
import { inTurn } from './in-turn';

/** What is gathered for a method, and how its blocks are read. */
export interface Gathered<T> {
  accumulator: Accumulator<FitNeed, T>;
  /** Digest of the head; empty where none is needed. */
  head: string;
  /** D and C of the head. */
  widths: Widths;
  read(where: string, block: object, widths: Widths): Promise<NumberBlock>;
  /** Looks at the first block. */
  first?(block: object): Promise<void>;
}

/** A method whose fits are gathered in parts. */
export interface GatheredMethod<T> {
  /** The public function's name. */
  where: string;
  kind: string;
  fitNeeds: readonly FitNeed[];
  /** Whether rows are kept or chosen by their ids. */
  byId: boolean;
  /** What decides. */
  options: PartialAbout['options'];
  /** @throws ArgumentError for missing parts of the model */
  open(where: string, parts: GivenParts): Gathered<T>;
}

/** The options of a partial fit, parts of the model among them. */
export const HOLD_OUT = {
  calibrationShare: [SHARE_OR_NONE, 0],
  seed: [INTEGER, 1],
  head: [ANYTHING],
  logitsOf: [ANYTHING],
} as const;

/** A partial fit of some method. */
export class GatheredFit<T> implements PartialFit {
  readonly kind: string;
  count = 0;
  heldOut = 0;
  readonly #method: GatheredMethod<T>;
  readonly #how: Required<HoldOutOptions>;
  readonly #gathered: Gathered<T>;
  readonly #parts: GivenParts;
  readonly #seen = new SeenRows();
  readonly #turn = inTurn();
  #widths: Widths;

  /** `where` is who complains of missing parts of the model. */
  constructor(where: string, method: GatheredMethod<T>, how: Required<HoldOutOptions>, parts: GivenParts) {
    this.kind = method.kind;
    this.#method = method;
    this.#how = how;
    this.#parts = parts;
    this.#gathered = method.open(where, parts);
    this.#widths = { ...this.#gathered.widths };
  }

  get shards(): ReadonlyMap<string, number> {
    return new Map(this.#seen.shards);
  }

  readonly add = async (block: FitBlock, options?: AddOptions): Promise<void> => {
    const where = `${this.#method.where}.partial.add`;
    await addInTurn(where, options, this.#turn, this.#seen, ({ ids, at, pause }) =>
      this.#add(where, block, ids ?? (block as Partial<FitBlock>)?.ids, at, pause),
    );
  };

  async #add(where: string, block: FitBlock, given: AddOptions['ids'], at: BlockInShard, pause: Pause): Promise<void> {
    const { calibrationShare, seed } = this.#how;
    const { accumulator, read: readBlock, first } = this.#gathered;
    const read = await readBlock(where, block, this.#widths);
    if (this.count + this.heldOut === 0) await first?.(block);
    const readsRows = read.features ?? read.logits ?? read.images ?? read.labels;
    const needs =
      calibrationShare > 0
        ? 'a hash of them says which rows calibrate'
        : this.#method.byId
          ? `'${this.kind}' keeps or chooses rows by a hash of them`
          : undefined;
    const ids = this.#seen.read(where, given, readsRows && read.count, needs);
    const count = readsRows ? read.count : ids.length;
    let part: NumberBlock = read;
    let partIds = ids;
    if (calibrationShare > 0) {
      const calibrates = idShare(seed, STREAMS.calibration, calibrationShare);
      at.rows = Int32Array.from(ids.keys()).filter((row) => !calibrates(ids[row]!));
      part = readsRows ? rowsAt(read, [...at.rows]) : read;
      partIds = Array.from(at.rows, (row) => ids[row]!);
    }
    const fits = readsRows ? part.count : calibrationShare > 0 ? partIds.length : count;
    await pause();
    this.#refuse(where, partIds);
    if (!readsRows || fits > 0) {
      await accumulator.add({ ...part, ids: partIds.length > 0 ? partIds : undefined } as never, pause, block);
    }
    for (const what of ['features', 'logits'] as const) if (read[what]) this.#widths[what] = read[what].shape[1];
    this.count += fits;
    this.heldOut += count - fits;
    this.#seen.add(at.shard, count, ids);
  }

  readonly merge = async (other: PartialFit | Uint8Array, options?: MergeOptions): Promise<void> => {
    const where = `${this.#method.where}.partial.merge`;
    const { name = 'other', signal } = readOptions<MergeOptions, typeof MERGE_OPTIONS>(where, options, MERGE_OPTIONS);
    if (other === this) throw new ArgumentError(where, 'other', 'another one', 'itself');
    const pause = pauses(signal);
    await pause();
    const state = other instanceof GatheredFit ? await other.settled() : partialOf(where, other, name);
    await namingPart(this.take(where, state, pause), name);
  };

  /** Adds a part that is plain data. */
  take(where: string, { kind, about, tensors }: PartialState, pause: Pause): Promise<void> {
    return this.#turn.wait(async () => {
      if (kind !== this.kind) throw new ArgumentError(where, 'other', `a partial fit of '${this.kind}'`, `'${kind}'`);
      const { count, heldOut, widths, shards, ...fixed } = about;
      const { options, head, calibrationShare, seed } = this.#about();
      checkSame(where, 'other', { options, head, calibrationShare, seed }, fixed);
      for (const what of ['features', 'logits'] as const) {
        const [mine, theirs] = [this.#widths[what], widths[what]];
        if (mine === undefined || theirs === undefined || mine === theirs) continue;
        throw new ShapeError(where, 'other', `one of ${what} [N, ${mine}]`, `[N, ${theirs}]`);
      }
      const addSeen = this.#seen.merging(where, shards, arraysOf(tensors, 'seen.'));
      await pause();
      const sums = arraysOf(tensors, 'sums.');
      const { accumulator } = this.#gathered;
      // Said here for who is loaded with the main entry, at first
      const ofMeans = this.kind === 'nearest-class-mean' ? countsOf(sums.counts) : undefined;
      const rows = count > 0 ? (accumulator.rowsIn?.(sums) ?? ofMeans) : undefined;
      if (rows !== undefined && rows !== count) throw new FormatError(where, 'sums', `of ${count} rows`, rows);
      const { sample } = accumulator;
      const kept = arraysOf(tensors, 'sample.');
      const { features, logits } = widths;
      const sampled = sample && readSample(where, sample, kept, features);
      if (sampled && sampled.ids.length !== Math.min(count, sample.limit)) {
        const expected = `${Math.min(count, sample.limit)} rows of ${count}`;
        throw new FormatError(where, 'sample', expected, sampled.ids.length);
      }
      const sizes = { ...(features && { D: features }), ...(logits && { C: logits }) };
      const hasSums = Object.keys(sums).length > 0;
      if (!sample && Object.keys(kept).length > 0) throw new FormatError(where, 'tensors', 'without a sample', kept);
      if (!accumulator.merge && hasSums) throw new FormatError(where, 'tensors', 'without sums', sums);
      if (count > 0 || hasSums) await accumulator.merge?.(sums, where, pause, sizes);
      if (sampled && sampled.ids.length > 0) sample.add(sampled.rows, sampled.size, sampled.ids);
      addSeen();
      this.#widths = { ...this.#widths, ...widths };
      this.count += count;
      this.heldOut += heldOut;
    });
  }

  #about(): PartialAbout {
    const { calibrationShare, seed } = this.#how;
    const { count, heldOut } = this;
    const { options } = this.#method;
    const shards = this.#seen.saved();
    return { options, head: this.#gathered.head, calibrationShare, seed, count, heldOut, widths: this.#widths, shards };
  }

  #state(): PartialState {
    const { state, sample } = this.#gathered.accumulator;
    const tensors = {
      ...arraysAs('sums.', ((this.count > 0 || !this.#needsRows()) && state?.()) || {}),
      ...arraysAs('sample.', sample ? sampleState(sample) : {}),
      ...arraysAs('seen.', this.#seen.state()),
    };
    return { kind: this.kind, about: this.#about(), tensors };
  }

  /** Once nothing is being added. */
  settled(): Promise<PartialState> {
    return this.#turn.wait(() => Promise.resolve(this.#state()));
  }

  /** Throws where adding rows with these ids would, as far as what is kept of them says. */
  refuse(where: string, ids: readonly RowId[]): void {
    this.#seen.read(where, ids, ids.length, undefined);
    this.#refuse(where, ids);
  }

  /** Whether it is of a method with this name and these options, begun with these parts of the model. */
  isOf({ kind, options }: Pick<GatheredMethod<unknown>, 'kind' | 'options'>, { head, logitsOf }: GivenParts): boolean {
    const own = this.#parts;
    const isSame = this.kind === kind && JSON.stringify(this.#method.options) === JSON.stringify(options);
    return isSame && (head ?? own.head) === own.head && (logitsOf ?? own.logitsOf) === own.logitsOf;
  }

  /** These parts of the model, or those that it was begun with. */
  partsFor(given: GivenParts): GivenParts {
    return { ...this.#parts, ...given };
  }

  readonly toBytes = (): Uint8Array => {
    const where = `${this.#method.where}.partial.toBytes`;
    this.#turn.check(where);
    return encodePartial(where, this.#state());
  };

  /** What the rows come to. @throws ArgumentError where there is none */
  readonly finish = (where: string, pause: Pause): Promise<T> =>
    this.#turn.wait(async () => {
      if (this.#needsRows() && this.count === 0) {
        throw new ArgumentError(where, 'partials', 'at least one row', 'no row');
      }
      return this.#gathered.accumulator.finish(pause);
    });

  #needsRows(): boolean {
    return this.#method.fitNeeds.some((need) => need !== 'head' && need !== 'logitsOf');
  }

  #refuse(where: string, ids: readonly RowId[]): void {
    const { sample, refuse } = this.#gathered.accumulator;
    if (sample) refuseKnown(where, sample, ids);
    refuse?.(where, ids);
  }
}

/** A part of bytes. @throws ArgumentError for what are none, FormatError for damaged ones */
export function partialOf(where: string, bytes: unknown, name: string): PartialState {
  if (BYTES.holds(bytes as number)) return decodePartial(where, bytes as Uint8Array, name);
  throw new ArgumentError(where, name, 'a partial fit, or its bytes', bytes);
}
