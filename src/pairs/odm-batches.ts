import { seededRandom } from '../random';
import { classPartners } from './class-partners';
import { checkLabels, checkOptions, outRowCount, similarCount, type OdmBatchesOptions } from './odm-batches-options';
import { checkState, fingerprintOf, type OdmBatchesState } from './odm-batches-state';

/** Rows of one batch: the left half, then the right half; pair i is rows i and B/2 + i. */
export interface IndexBatch {
  /** Indices into the labels (and images) [B]. */
  indices: Int32Array;
  /** Their labels [B], below 0 for OoD. */
  labels: Int32Array;
  /** Counted from 0. */
  epoch: number;
  /** Within the epoch, counted from 0. */
  step: number;
}

/** Endless batches; see {@link odmBatches}. */
export interface OdmBatches {
  readonly stepsPerEpoch: number;
  /** The next batch; the one after the last of an epoch is the first of the next. */
  next(): IndexBatch;
  /** Where the batches stand: what comes next, as plain JSON. */
  state(): OdmBatchesState;
  /** @throws ArgumentError that says what differs, where the state is of other labels or options; nothing changes then */
  restore(state: OdmBatchesState): void;
  /** The same stream as `next`, without an end: leave a loop over it by `break`. */
  [Symbol.iterator](): Iterator<IndexBatch, never>;
}

/** What a random stream is for. */
enum Stream {
  Left,
  Right,
  Out,
}

/** Keeps the last permutation: many steps use the same one. */
function rememberLast(make: (round: number) => Int32Array): (round: number) => Int32Array {
  let last = -1;
  let order = new Int32Array();
  return (round) => {
    if (round !== last) [last, order] = [round, Int32Array.from(make(round))];
    return order;
  };
}

/**
 * The authors' batches for contrastive training with out-of-distribution mining, as row indices: no image is touched.
 *
 * Left half: the next B/2 known images of this epoch's permutation; what is left at its end is left out. Right half: for the
 * first `similarRatio` of the pairs another random image of the same class (the image itself only where its class has no
 * other), for the rest one of another class. In every `outEvery`-th batch, counted over the run and not over the epoch (so
 * that an epoch of one step sees OoD images too), the last `outShare * B` right rows are OoD images instead: no pair is
 * OoD-OoD. OoD images are drawn without replacement over the whole run: each is used once before any is used again, so one
 * is twice in a batch only where there are fewer than the batch wants, or where one round ends and the next begins in it.
 *
 * Every draw follows from the seed, epoch and step, so that the state is two counters and going on is exact.
 *
 * Source: Masana et al., BMVC 2018, section 3.2, and its released code.
 *
 * @param labelList class indices of all training images [N], below 0 for OoD
 * @param options `seed`, and what differs from the paper. With `stepsPerEpoch` below one pass over the known images an
 *   epoch uses a part of its permutation, above it several
 * @throws ArgumentError for fewer known images than half a batch, one class where negative pairs are wanted, no OoD image
 *   where `outEvery` wants some, an option out of range, or a label that is no whole number
 * @throws NotFiniteError for a label that is NaN or infinite
 * @example
 * const batches = odmBatches([0, 0, 1, 1, -1], { seed: 1, batchSize: 4 });
 * batches.next().indices; // 4 of 0..3; the second batch ends with 4
 */
export function odmBatches(labelList: ArrayLike<number>, options: OdmBatchesOptions): OdmBatches {
  const labels = checkLabels(labelList);
  const rows = Int32Array.from(labels, (_, row) => row);
  const known = rows.filter((row) => labels[row]! >= 0);
  const out = rows.filter((row) => labels[row]! < 0);
  const partners = classPartners(labels);
  const checked = checkOptions(options, partners.classCounts, out.length);
  const { seed, batchSize, outEvery, stepsPerEpoch } = checked;
  const made = { ...checked, labels: labels.length, fingerprint: fingerprintOf(labels) };

  const half = batchSize / 2;
  const similar = similarCount(checked.similarRatio, batchSize);
  const outCount = outEvery === 0 ? 0 : outRowCount(checked.outShare, batchSize);
  const stepsPerPass = Math.floor(known.length / half);
  const passesPerEpoch = Math.ceil(stepsPerEpoch / stepsPerPass);
  const leftOrder = rememberLast((pass) => seededRandom(seed, Stream.Left, pass).permutation(known.length));
  const outOrder = rememberLast((round) => seededRandom(seed, Stream.Out, round).permutation(out.length));
  let [epoch, step] = [0, 0];

  const compose = (): IndexBatch => {
    const indices = new Int32Array(batchSize);
    const order = leftOrder(epoch * passesPerEpoch + Math.floor(step / stepsPerPass));
    const first = (step % stepsPerPass) * half;
    const random = seededRandom(seed, Stream.Right, epoch, step);
    for (let i = 0; i < half; i++) {
      const row = known[order[first + i]!]!;
      indices[i] = row;
      indices[half + i] = i < similar ? partners.same(row, random) : partners.other(row, random);
    }
    const batch = epoch * stepsPerEpoch + step;
    if (outCount > 0 && batch % outEvery === outEvery - 1) {
      const drawnBefore = Math.floor(batch / outEvery) * outCount;
      for (let i = 0; i < outCount; i++) {
        const place = drawnBefore + i;
        indices[batchSize - outCount + i] = out[outOrder(Math.floor(place / out.length))[place % out.length]!]!;
      }
    }
    return { indices, labels: indices.map((row) => labels[row]!), epoch, step };
  };

  const next = (): IndexBatch => {
    const batch = compose();
    step++;
    if (step === stepsPerEpoch) [epoch, step] = [epoch + 1, 0];
    return batch;
  };
  return {
    stepsPerEpoch,
    next,
    state: () => ({ version: 1, epoch, step, made: { ...made } }),
    restore(state) {
      checkState(state, made);
      ({ epoch, step } = state);
    },
    [Symbol.iterator]: () => ({ next: () => ({ done: false, value: next() }) }),
  };
}
