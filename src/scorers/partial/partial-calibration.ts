import { BYTES, COUNT, INDEX, INTEGER, required, SHARE_OR_ALL, TEXT } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { pauses } from '../../core/pauses';
import { readOptions, type Declared } from '../../core/read-options';
import { formatOf } from '../../core/saved/format-of';
import { parseJson } from '../../core/saved/json';
import { readSaved, type SavedFields } from '../../core/saved/read-saved';
import { decodeSafetensors, encodeSafetensors, type NamedArray } from '../../core/saved/safetensors';
import { writableJson } from '../../core/saved/writable-json';
import type { AddOptions, Batch, MergeOptions, Need, Scorer } from '../contract/scorer';
import { encodeScorer } from '../contract/scorer-state';
import { readBlock, rowsAt, withBlock } from '../contract/split-block';
import { digestOf } from './digest';
import { addInTurn } from './add-in-turn';
import { MERGE_OPTIONS } from './call-shapes';
import { idShare, STREAMS } from './id-hash';
import { inTurn } from './in-turn';
import { namingPart } from './naming-shard';
import { arraysAs, arraysOf, checkPrefixes } from './named-arrays';
import { checkSame } from './partial-state';
import { readIds, type GivenIds } from './row-ids';
import { RowSample } from './row-sample';
import { readSample, refuseKnown, sampleState } from './sampled-rows';
import { areShards, SeenRows, type SavedShards } from './seen-rows';

const FORMAT = 'tfjs-ood/partial-calibration';
const VERSION = '1';

/** Which rows calibrate: the same as a partial fit with this share and seed leaves out. */
export interface CalibrationRowsOptions {
  /** Share of the rows that calibrates. */
  share: number;
  /** Which rows these are; default 1. */
  seed?: number;
}

/** Options of {@link partialCalibration}. */
export interface PartialCalibrationOptions extends CalibrationRowsOptions {
  /** Most scores that are kept, a uniform sample by the same hash; default 100,000. */
  atMost?: number;
  /**
   * Rows that are scored at once, default 1: each by itself, whose score is then the same bits whatever rows are beside
   * it. More are faster, and agree to float32 rounding.
   */
  blockSize?: number;
}

/** Scores of the rows that calibrate, in parts: those of any split come to the same, bit for bit. */
export interface PartialCalibration<N extends Need = Need> {
  /** Rows that were scored. */
  readonly count: number;
  readonly shards: ReadonlyMap<string, number>;
  /**
   * Scores those of the rows that calibrate, and keeps nothing of the others. A block that throws leaves it as it was.
   *
   * @throws ArgumentError for missing ids, or one that is known from before; as `score`, naming shard and row
   */
  add(batch: Batch<N>, options: AddOptions & { ids: GivenIds }): Promise<void>;
  /**
   * Adds those of another, or of its bytes.
   *
   * @throws ArgumentError for one of another scorer, share, seed or size, or a shard or an id that both have;
   *   FormatError where the bytes are none
   */
  merge(other: PartialCalibration<N> | Uint8Array, options?: MergeOptions): Promise<void>;
  /** The scores by the hashes of their rows, an order that no split changes. */
  scores(): Float32Array;
  /** One safetensors file. @throws ArgumentError while a block is being added */
  toBytes(): Uint8Array;
}

const OPTIONS = {
  share: [/* @__PURE__ */ required(SHARE_OR_ALL)],
  seed: [INTEGER, 1],
  atMost: [COUNT, 100_000],
  blockSize: [COUNT, 1],
} as const satisfies Declared<PartialCalibrationOptions>;

/**
 * Places of the rows that calibrate, ascending: those whose hash of seed and id lies below the share. A partial fit
 * with this `calibrationShare` and `seed` leaves the same rows out.
 *
 * @param ids of the rows, whole numbers, bigints or texts
 * @throws ArgumentError for a share outside (0, 1], for what are no ids, or one twice
 * @example
 * calibrationRows(['a', 'b', 'c', 'd'], { share: 0.5 }); // Int32Array [1, 2, 3]
 */
export function calibrationRows(ids: GivenIds, options: CalibrationRowsOptions): Int32Array {
  const where = 'calibrationRows';
  const { share, seed } = readOptions(where, options, { share: [required(SHARE_OR_ALL)], seed: [INTEGER, 1] });
  const calibrates = idShare(seed, STREAMS.calibration, share);
  return Int32Array.from(readIds(where, ids).flatMap((id, row) => (calibrates(id) ? [row] : [])));
}

interface About {
  scorer: string;
  share: number;
  seed: number;
  atMost: number;
  count: number;
  shards: SavedShards;
}

interface SavedScores {
  about: About;
  tensors: Record<string, NamedArray>;
}

const ABOUT: SavedFields<About> = {
  scorer: [TEXT],
  share: [SHARE_OR_ALL],
  seed: [INTEGER],
  atMost: [COUNT],
  count: [INDEX],
  shards: [{ expected: 'shards with their rows', holds: (value: unknown) => areShards(value) }],
};

/**
 * The second pass of a fit in parts: scores of the rows that it left out, to be merged. At its end `scores()` calibrate
 * a threshold, or a detector (`calibratedOutputDetector`).
 *
 * Each row is scored by itself (`blockSize`), so that a score is the same bits whatever rows are beside it; memory is
 * `atMost` scores with their ids.
 *
 * @param scorer of the merged fit; its state says which it is, so parts may be made in several places
 * @throws ArgumentError for options out of range
 * @example
 * const ids = Array.from({ length: 90 }, (_, row) => `part-3.parquet:${row}`);
 * const partial = await mahalanobis().partial({ calibrationShare: 0.3 });
 * await partial.add({ features, labels }, { ids });
 * const part = partialCalibration(await mahalanobis().fromPartial(partial), { share: 0.3 });
 * await part.add({ features }, { ids });
 * const { threshold } = conformalThreshold(part.scores(), 0.1);
 */
export function partialCalibration<N extends Need>(
  scorer: Scorer<N>,
  options: PartialCalibrationOptions,
): PartialCalibration<N> {
  return new ScoredRows(scorer, readOptions('partialCalibration', options, OPTIONS));
}

const digests = new WeakMap<object, string>();

/** Which scorer it is, by its state; once, as a bank of 150 MB takes a third of a second, and a shard has a part. */
function digestOfScorer(scorer: Scorer): string {
  const digest = digests.get(scorer) ?? digestOf(encodeScorer(scorer.state()));
  digests.set(scorer, digest);
  return digest;
}

class ScoredRows<N extends Need> implements PartialCalibration<N> {
  count = 0;
  readonly #scorer: Scorer<N>;
  readonly #how: Required<PartialCalibrationOptions>;
  readonly #digest: string;
  readonly #seen = new SeenRows();
  readonly #turn = inTurn();
  readonly #kept: RowSample;

  constructor(scorer: Scorer<N>, how: Required<PartialCalibrationOptions>) {
    this.#scorer = scorer;
    this.#how = how;
    this.#digest = digestOfScorer(scorer);
    this.#kept = new RowSample(how.atMost, how.seed, STREAMS.calibration);
  }

  get shards(): ReadonlyMap<string, number> {
    return new Map(this.#seen.shards);
  }

  readonly add = async (batch: Batch<N>, options: AddOptions & { ids: GivenIds }): Promise<void> => {
    const where = 'partialCalibration.add';
    await addInTurn(where, options, this.#turn, this.#seen, async ({ ids, at, signal, pause }) => {
      const read = await readBlock(where, batch, new Set(this.#scorer.needs), {});
      const known = this.#seen.read(where, ids, read.count, 'a hash of them says which rows calibrate');
      const { seed, share, blockSize } = this.#how;
      const calibrates = idShare(seed, STREAMS.calibration, share);
      const own = Int32Array.from(known.keys()).filter((row) => calibrates(known[row]!));
      const chosen = Array.from(own, (row) => known[row]!);
      refuseKnown(where, this.#kept, chosen);
      const scores = new Float32Array(own.length);
      for (let from = 0; from < own.length; from += blockSize) {
        await pause();
        at.rows = own.subarray(from, from + blockSize);
        const part = rowsAt(read, [...at.rows]);
        scores.set(await withBlock(part, (block) => this.#scorer.score(block, signal && { signal })), from);
      }
      this.#kept.add(scores, 1, chosen);
      this.#seen.add(at.shard, read.count, known);
      this.count += own.length;
    });
  };

  readonly merge = async (other: PartialCalibration<N> | Uint8Array, options?: MergeOptions): Promise<void> => {
    const where = 'partialCalibration.merge';
    const { name = 'other', signal } = readOptions<MergeOptions, typeof MERGE_OPTIONS>(where, options, MERGE_OPTIONS);
    if (other === this) throw new ArgumentError(where, name, 'another one', 'itself');
    await pauses(signal)();
    const state = other instanceof ScoredRows ? await other.#settled() : decode(where, other, name);
    await namingPart(
      this.#turn.wait(() => Promise.resolve(this.#take(where, state))),
      name,
    );
  };

  #take(where: string, { about, tensors }: SavedScores): void {
    const { count, shards, scorer, ...fixed } = about;
    if (scorer !== this.#digest) {
      throw new ArgumentError(where, 'other', 'a calibration of the same fitted scorer', 'one of another');
    }
    const { share, seed, atMost } = this.#how;
    checkSame(where, 'other', { share, seed, atMost }, fixed);
    const { rows, size, ids } = readSample(where, this.#kept, arraysOf(tensors, 'scores.'));
    if (ids.length > 0 && size !== 1) {
      throw new FormatError(where, 'tensors.scores.rows', 'scores [R, 1]', `[R, ${size}]`);
    }
    if (ids.length !== Math.min(count, atMost)) {
      throw new FormatError(where, 'tensors.scores', `${Math.min(count, atMost)} rows of ${count}`, ids.length);
    }
    this.#seen.merging(where, shards, arraysOf(tensors, 'seen.'))();
    if (ids.length > 0) this.#kept.add(rows, size, ids);
    this.count += count;
  }

  readonly scores = (): Float32Array => this.#kept.rows();

  readonly toBytes = (): Uint8Array => {
    const where = 'partialCalibration.toBytes';
    this.#turn.check(where);
    const { about, tensors } = this.#state();
    return encodeSafetensors(tensors, {
      format: FORMAT,
      version: VERSION,
      about: writableJson(where, 'shards', about),
    });
  };

  #about(): About {
    const { share, seed, atMost } = this.#how;
    return { scorer: this.#digest, share, seed, atMost, count: this.count, shards: this.#seen.saved() };
  }

  #state(): SavedScores {
    const tensors = { ...arraysAs('scores.', sampleState(this.#kept)), ...arraysAs('seen.', this.#seen.state()) };
    return { about: this.#about(), tensors };
  }

  #settled(): Promise<SavedScores> {
    return this.#turn.wait(() => Promise.resolve(this.#state()));
  }
}

/** What `toBytes` wrote. @throws FormatError; ArgumentError for what are no bytes */
function decode(where: string, bytes: unknown, name: string): SavedScores {
  if (!BYTES.holds(bytes as number)) throw new ArgumentError(where, name, 'a partial calibration, or its bytes', bytes);
  const { tensors, metadata } = decodeSafetensors(bytes as Uint8Array, name);
  const { format, version, about } = metadata;
  if (format !== FORMAT || version !== VERSION || Object.keys(metadata).length > 3) {
    const received = formatOf(metadata, FORMAT, VERSION);
    throw new FormatError(where, `metadata of ${name}`, `${FORMAT} ${VERSION}`, received);
  }
  checkPrefixes(where, `tensors of ${name}`, tensors, ['scores.', 'seen.']);
  let json: unknown;
  try {
    json = parseJson(about ?? '');
  } catch {
    throw new FormatError(where, `metadata.about of ${name}`, 'JSON', String(about).slice(0, 80));
  }
  return { about: readSaved<About>(where, json, ABOUT, `metadata.about of ${name}`), tensors };
}
