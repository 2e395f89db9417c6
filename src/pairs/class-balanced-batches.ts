import { COUNT, INTEGER, numberFrom, required } from '../core/check';
import { ArgumentError } from '../core/errors';
import { checkLabels } from '../core/labels';
import { seededRandom, type Random } from '../core/random';
import { readOptions } from '../core/read-options';
import { batchStream, type IndexBatches } from './batch-stream';
import { fingerprintOf, type BatchesState } from './batches-state';
import { rowsWhere } from './rows-where';
import { endlessRows } from './endless-rows';

/** Options of {@link classBalancedBatches}. */
export interface ClassBalancedBatchesOptions {
  /** The order of all batches follows from it. */
  seed: number;
  /** P: known classes in a batch. */
  classesPerBatch: number;
  /** K: rows of each of them. */
  rowsPerClass: number;
  /** Share of OoD rows in a batch, beside the P x K known ones, in [0, 0.5]; default 0. */
  outShare?: number;
  /** Batches of an epoch; default: as many as hold the number of known images. */
  stepsPerEpoch?: number;
}

type Made = Required<ClassBalancedBatchesOptions> & { labels: number; fingerprint: number };

/** Where the batches stand: plain JSON. */
export type ClassBalancedBatchesState = BatchesState<Made>;

/** Endless batches; see {@link classBalancedBatches}. */
export type ClassBalancedBatches = IndexBatches<Made>;

/** What a random stream is for. */
enum Stream {
  Known,
  Out,
}

const where = 'classBalancedBatches';

/** OoD rows that make up this share of a batch with so many known rows, rounded to the nearest. */
const outRowCount = (outShare: number, known: number): number => Math.round((known * outShare) / (1 - outShare));

function checkOptions(
  options: ClassBalancedBatchesOptions,
  counts: { classes: number; known: number; out: number },
): Required<ClassBalancedBatchesOptions> {
  const read = readOptions(where, options, {
    seed: [required(INTEGER)],
    classesPerBatch: [required(COUNT)],
    rowsPerClass: [required(COUNT)],
    outShare: [numberFrom(0, 0.5), 0],
    stepsPerEpoch: [COUNT],
  });
  const { classesPerBatch, rowsPerClass, outShare } = read;
  const { classes, known, out } = counts;
  if (classes < classesPerBatch) {
    const expected = `of ${classesPerBatch} known classes or more, classesPerBatch`;
    throw new ArgumentError(where, 'labels', expected, `${classes} of them`);
  }
  const rows = classesPerBatch * rowsPerClass;
  if (outShare > 0) {
    if (out === 0) {
      throw new ArgumentError(where, 'labels', 'some below 0, OoD images (outShare: 0 asks for none)', 'none');
    }
    if (outRowCount(outShare, rows) === 0) {
      throw new ArgumentError(where, 'outShare', `0, or enough for a row beside ${rows}`, outShare);
    }
  }
  return { ...read, stepsPerEpoch: read.stepsPerEpoch ?? Math.max(1, Math.floor(known / rows)) };
}

/**
 * `count` different ones of 0..n-1 in random order, n at most; a shuffle that stops early, without the other n - count.
 */
function drawDifferent(n: number, count: number, random: Random): number[] {
  const moved = new Map<number, number>();
  return Array.from({ length: count }, (_, i) => {
    const place = i + random.integer(n - i);
    const drawn = moved.get(place) ?? place;
    moved.set(place, moved.get(i) ?? i);
    return drawn;
  });
}

/**
 * Class-balanced batches, as row indices: P random known classes with K random images of each, then OoD images. For
 * losses that compare all rows of a batch: every class in it has positives, however rare it is.
 *
 * Classes are different ones in a batch, and so are the images of a class; only where a class has fewer than K images
 * are they used again, as evenly as can be. OoD images are drawn without replacement over the whole run. Every draw
 * follows from the seed, epoch and step, so that the state is two counters and going on is exact.
 *
 * Source: Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017, section 2 (P and
 * K); the OoD rows are ours.
 *
 * @param labelList class indices of all training images [N], below 0 for OoD
 * @returns batches of P x K + O rows, class by class, the O OoD rows last; O / (P x K + O) is `outShare`, to the
 *   nearest row
 * @throws ArgumentError for fewer classes than P, no OoD image where some are wanted, an option out of range, or a
 *   label that is no whole number of 32 bits (NaN, a string, a one-hot row)
 * @example
 * const options = { classesPerBatch: 2, rowsPerClass: 2, outShare: 0.2, seed: 1 };
 * const batches = classBalancedBatches([0, 0, 1, 1, 2, 2, -1], options);
 * batches.next().labels; // two classes, two rows of each, then one OoD row: [0, 0, 1, 1, -1]
 */
export function classBalancedBatches(
  labelList: ArrayLike<number>,
  options: ClassBalancedBatchesOptions,
): ClassBalancedBatches {
  const labels = checkLabels(where, labelList, { ood: true });
  const rowsOfClass = new Map<number, number[]>();
  for (const row of rowsWhere(labels, (label) => label >= 0)) {
    const rows = rowsOfClass.get(labels[row]!);
    if (rows) rows.push(row);
    else rowsOfClass.set(labels[row]!, [row]);
  }
  const classes = [...rowsOfClass.keys()].sort((a, b) => a - b).map((label) => rowsOfClass.get(label)!);
  const out = rowsWhere(labels, (label) => label < 0);
  const known = labels.length - out.length;
  const checked = checkOptions(options, { classes: classes.length, known, out: out.length });
  const { seed, classesPerBatch, rowsPerClass, outShare, stepsPerEpoch } = checked;
  const made = { ...checked, labels: labels.length, fingerprint: fingerprintOf(labels) };
  const outCount = outRowCount(outShare, classesPerBatch * rowsPerClass);
  const outRow = endlessRows(out, outCount, seed, Stream.Out);

  return batchStream('ClassBalancedBatches', labels, made, (epoch, step) => {
    const random = seededRandom(seed, Stream.Known, epoch, step);
    const indices: number[] = [];
    for (const drawn of drawDifferent(classes.length, classesPerBatch, random)) {
      const rows = classes[drawn]!;
      for (let missing = rowsPerClass; missing > 0; missing -= rows.length) {
        for (const i of drawDifferent(rows.length, Math.min(missing, rows.length), random)) indices.push(rows[i]!);
      }
    }
    const drawnBefore = (epoch * stepsPerEpoch + step) * outCount;
    for (let i = 0; i < outCount; i++) indices.push(outRow(drawnBefore + i));
    return Int32Array.from(indices);
  });
}
