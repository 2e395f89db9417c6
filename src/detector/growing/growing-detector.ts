import type { Tensor1D } from '@tensorflow/tfjs-core';
import { COUNT, oneOf, SHARE, SIGNAL, wholeFrom } from '../../core/check';
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkSignal, pauses, type Pause } from '../../core/pauses';
import { readOptions } from '../../core/read-options';
import { readRows, type Rows } from '../../scorers/contract/rows';
import type { Embeddings } from '../../tensors/embeddings';
import { allowedAlarms, countAllowing } from '../../thresholds/allowed-alarms';
import { saveBytes, type DetectorTarget } from '../detector-io';
import type { DetectorEvaluation } from '../evaluation/detector-evaluation';
import { checkOne } from '../calls/one-row';
import { addRow, copiedBank, emptyBank, judge, keptBank, withoutLabel } from './growing-bank';
import type { GrowingBank, Judged } from './growing-bank';
import type {
  FeaturesToEvaluate,
  GrowingCalibration,
  GrowingEvaluationOptions,
  GrowingFeatures,
  GrowingOptions,
  GrowingPredictOptions,
  GrowingVerdict,
} from './growing-calls';
import {
  checkOneKind,
  countLabels,
  LABEL,
  labelsFor,
  shownLabel,
  UNKNOWN,
  vote,
  type GrowingLabel,
} from './growing-labels';
import { encodeGrowing, MOST_NEIGHBORS, NORMALIZE, type GrowingSettings } from './growing-state';

/** Options of {@link growingDetector}. */
export interface GrowingDetectorOptions {
  /** A row is as strange as the distance to its k-th nearest other is large; default 1, at most 100. */
  k?: number;
  /** How many of the nearest rows choose the label, all of them where there are fewer; default 3. */
  votes?: number;
  /** `'length'` (default): rows are scaled to length 1 first; `'none'`: they stay as they are. */
  normalize?: (typeof NORMALIZE)[number];
  /** False-alarm rate, default 0.05, for which 19 rows are enough. */
  alpha?: number;
}

/** A detector that learns as it goes; see {@link growingDetector}. */
export interface GrowingDetector {
  /** Of the rows that have been added by now; await `add` first, as with `counts` and `toBytes`. */
  readonly calibration: GrowingCalibration;
  /**
   * Adds known images. The order of calls is the order of rows, awaited or not.
   *
   * @param label one for all rows, or a list with one for each: names, or whole numbers from 0
   * @throws ShapeError for another width or another number of labels, NotFiniteError naming the row, ArgumentError for
   *   a label that is none, the reason of `signal`; then no row is added
   */
  add(
    features: GrowingFeatures,
    label: GrowingLabel | readonly GrowingLabel[] | Int32Array,
    options?: GrowingOptions,
  ): Promise<void>;
  /**
   * Removes all rows of a label; returns how many. Afterwards all is as if they had never been there, bit for bit.
   *
   * @throws ArgumentError for a label that there is not, naming those that there are; the reason of `signal`: then no
   *   row is removed
   */
  remove(label: GrowingLabel, options?: GrowingOptions): Promise<number>;
  /**
   * @throws ArgumentError where there are too few rows for alpha, with the number that it takes; ShapeError,
   *   NotFiniteError naming the row; the reason of `signal`
   */
  predict(features: GrowingFeatures, options?: GrowingPredictOptions): Promise<GrowingVerdict[]>;
  /** The verdict of one row. @throws as `predict`; ArgumentError for more rows than one, or none */
  predictOne(features: GrowingFeatures, options?: GrowingPredictOptions): Promise<GrowingVerdict>;
  /** The p-values alone, with no verdict and so for any number of rows above k; errors are those of `predict`. */
  pValues(features: GrowingFeatures, options?: GrowingOptions): Promise<Float64Array>;
  /**
   * How good it is as it stands, in numbers with intervals and in words, by known and strange images that it was not
   * given. What is added or removed meanwhile does not count.
   *
   * @param sets `known`: features, or `{ features, labels }`; `strange`: features by name
   * @throws as `predict`, naming the set; ArgumentError for a set without rows, or none, or a label that it lacks
   */
  evaluate(sets: FeaturesToEvaluate, options?: GrowingEvaluationOptions): Promise<DetectorEvaluation>;
  /** Rows of each label, in the order in which the labels came. */
  counts(): Map<GrowingLabel, number>;
  /** The detector as one safetensors file. */
  toBytes(): Uint8Array;
  /**
   * Saves what `toBytes` gives.
   *
   * @throws ArgumentError where this runtime cannot store at the target
   */
  save(target: DetectorTarget): Promise<void>;
}

/** Numbers of one row or several; an array is copied at once, as whoever gave it may fill it again. */
async function readFeatures(where: string, features: GrowingFeatures): Promise<Rows> {
  const { shape, data } = (features ?? {}) as { shape?: unknown; data?: unknown };
  const given = {
    shape: Array.isArray(shape) && shape.length === 1 ? [1, shape[0] as number] : shape,
    data:
      typeof data === 'function'
        ? () => (features as Tensor1D).data()
        : data instanceof Float32Array
          ? data.slice()
          : data,
  };
  return readRows(where, 'features', { features: given as unknown as Embeddings });
}

/**
 * A detector that grows, one image after another: exact full-conformal nearest neighbors.
 *
 * A row is as strange as it is far from its k-th nearest other one. A new row x is judged with x itself among the
 * possible neighbors of all M rows: s_i = distance of row i to its k-th nearest of the M others (M - 1 rows and x), s_x
 * that of x, p = #{s_i >= s_x} / (M + 1), x counted, ties too, and `isOod` is p <= alpha. Nothing is held out, so 19
 * known images allow alpha 0.05. Where a known image comes as the rows did, whatever the features and the labels, it is
 * called unknown with a probability of at most floor(alpha (M + 1)) / (M + 1), on average over rows and image: a class
 * by itself can have more. With k = 1 (default) a label needs two rows to count as near to itself; more is worth it
 * where each label has many rows. Rows that nearly repeat each other (one camera frame after another) make the detector
 * believe that the known all look like that.
 *
 * Sums are float64 in a fixed order, on the CPU whatever the backend: rows added one by one, in blocks, with others
 * between them that were removed again, give the bits of a detector that was given what remains. `add` and `predict`
 * take M D operations a row (about 2 ms at M = 1,000, D = 512; linear in both), `remove` M D for each row that had one
 * of the removed as a neighbor; memory is 4 D + 8 + 12 k bytes a row. It holds no tensor: there is nothing to dispose.
 *
 * Source: Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World" (2005), section 2.2; Laxhammar, Falkman,
 * "Sequential conformal anomaly detection", 2010.
 *
 * @throws ArgumentError for an option out of range
 * @example
 * const detector = growingDetector();
 * await detector.add(features, labels); // known rows [N, D]; one row [D] and its label at a time do as well
 * const { answer, pValue } = await detector.predictOne(one); // answer: the label, or 'unknown'
 */
export function growingDetector(options?: GrowingDetectorOptions): GrowingDetector {
  const settings = readOptions('growingDetector', options, {
    k: [wholeFrom(1, MOST_NEIGHBORS), 1],
    votes: [COUNT, 3],
    normalize: [oneOf(...NORMALIZE), 'length'],
    alpha: [SHARE, 0.05],
  });
  return growingDetectorOf(settings, emptyBank(settings.k, settings.normalize === 'length'));
}

/** A detector of rows that there are. */
export function growingDetectorOf(settings: GrowingSettings, given: GrowingBank): GrowingDetector {
  const { k, votes } = settings;
  let bank = given;
  let last: Promise<unknown> = Promise.resolve();
  /** Work after that of all calls before, whichever of their tensors is read first. */
  const inTurn = <R, T>(reading: R, work: (read: Awaited<R>) => T | Promise<T>): Promise<T> => {
    const own = Promise.all([reading, last]).then(([read]) => work(read));
    last = own.catch(() => undefined);
    return own;
  };
  const rowsNeeded = (alpha: number) => Math.max(k + 1, countAllowing(1, alpha));

  function checkWidth(where: string, { shape: [count, columns] }: Rows): void {
    if (bank.size === 0 || columns === bank.size) return;
    throw new ShapeError(where, 'features', `[N, ${bank.size}], as the rows before`, [count, columns]);
  }

  async function eachRow(rows: Rows, pause: Pause, work: (row: Float32Array, at: number) => void): Promise<void> {
    const [count, columns] = rows.shape;
    for (let at = 0; at < count; at++) {
      await pause();
      work(rows.data.subarray(at * columns, (at + 1) * columns), at);
    }
  }

  async function judgeRows(where: string, rows: Rows, pause: Pause): Promise<Judged[]> {
    checkWidth(where, rows);
    const judged: Judged[] = [];
    await eachRow(rows, pause, (row) => judged.push(judge(bank, row, votes)));
    return judged;
  }

  const signalOf = (where: string, options: GrowingOptions | undefined) =>
    readOptions<GrowingOptions, { signal: [typeof SIGNAL] }>(where, options, { signal: [SIGNAL] }).signal;

  async function verdictsOf(
    where: string,
    features: GrowingFeatures,
    options: GrowingPredictOptions | undefined,
    isOne: boolean,
  ): Promise<GrowingVerdict[]> {
    const { alpha, signal } = readOptions(where, options, { alpha: [SHARE, settings.alpha], signal: [SIGNAL] });
    checkSignal(signal);
    return inTurn(readFeatures(where, features), async (rows) => {
      if (isOne) checkOne(where, 'features', rows.shape[0]);
      checkAlpha(where, alpha, { count: bank.count, k, needed: rowsNeeded(alpha) });
      const allowed = allowedAlarms(bank.count, alpha);
      return (await judgeRows(where, rows, pauses(signal))).map(({ score, reached, nearest }) => {
        const { label, confidences } = vote(bank.labels, nearest);
        const isOod = reached <= allowed;
        const pValue = reached / (bank.count + 1);
        return { answer: isOod ? UNKNOWN : label, label, confidences, score, pValue, isOod };
      });
    });
  }

  const toBytes = () => encodeGrowing(bank, settings);
  const detector: GrowingDetector = {
    get calibration() {
      const { count } = bank;
      const smallestAlpha = count > k ? 1 / (count + 1) : 1;
      return { count, smallestAlpha, canAlarm: count >= rowsNeeded(settings.alpha) };
    },
    counts: () => countLabels(bank.labels),
    async add(features, label, options) {
      const where = 'growingDetector.add';
      const signal = signalOf(where, options);
      checkSignal(signal);
      // A list may be filled again by whoever gave it.
      const isList = Array.isArray(label) || label instanceof Int32Array;
      const labels: unknown = isList ? Array.from<GrowingLabel>(label) : label;
      return inTurn(readFeatures(where, features), async (rows) => {
        checkWidth(where, rows);
        const own = labelsFor(where, labels, rows.shape[0]);
        checkOneKind(where, [...bank.labels.slice(0, 1), ...own]);
        const restore = signal && keptBank(bank);
        try {
          await eachRow(rows, pauses(signal), (row, at) => addRow(bank, row, own[at]!));
          checkSignal(signal);
        } catch (error) {
          restore?.();
          throw error;
        }
      });
    },
    async remove(label, options) {
      const signal = signalOf('growingDetector.remove', options);
      checkSignal(signal);
      return inTurn(undefined, async () => {
        const there = [...countLabels(bank.labels).keys()];
        if (!there.includes(label)) {
          const expected =
            there.length > 0 ? `one of ${there.map(shownLabel).join(', ')}` : 'a label (there is none yet)';
          const received = LABEL.holds(label) ? shownLabel(label) : label;
          throw new ArgumentError('growingDetector.remove', 'label', expected, received);
        }
        const left = await withoutLabel(bank, label, pauses(signal));
        const removed = bank.count - left.count;
        bank = left;
        return removed;
      });
    },
    predict: (features, options) => verdictsOf('growingDetector.predict', features, options, false),
    async predictOne(features, options) {
      return (await verdictsOf('growingDetector.predictOne', features, options, true))[0]!;
    },
    async pValues(features, options) {
      const where = 'growingDetector.pValues';
      const signal = signalOf(where, options);
      checkSignal(signal);
      return inTurn(readFeatures(where, features), async (rows) => {
        if (bank.count <= k) throw new ArgumentError(where, 'rows', `at least ${k + 1}, by k = ${k}`, bank.count);
        return Float64Array.from(
          await judgeRows(where, rows, pauses(signal)),
          ({ reached }) => reached / (bank.count + 1),
        );
      });
    },
    async evaluate(sets, options) {
      // Rows that come later do not count: all sets are judged by the same
      const now = await inTurn(undefined, () => growingDetectorOf(settings, copiedBank(bank)));
      const { evaluateGrowing } = await import('../evaluation/index');
      return evaluateGrowing(settings.alpha, now, sets, options);
    },
    toBytes,
    async save(target) {
      await saveBytes('growingDetector.save', toBytes(), target);
    },
  };
  return detector;
}

/** Throws where nothing, however strange, would be unknown. */
function checkAlpha(
  where: string,
  alpha: number,
  { count, k, needed }: { count: number; k: number; needed: number },
): void {
  if (count >= needed) return;
  const larger = count > k ? `${1 / (count + 1)} or more for ${count} rows, or ` : '';
  const expected =
    `${larger}for ${needed} rows, of which ${count} are there (by fewer nothing, however strange, would be unknown; ` +
    `pValues() gives p-values without a verdict)`;
  throw new ArgumentError(where, 'alpha', expected, alpha);
}
