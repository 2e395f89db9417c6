import { checkLabels } from '../core/labels';
import { seededRandom } from '../core/random';
import { batchStream, type IndexBatches } from './batch-stream';
import { fingerprintOf, type BatchesState } from './batches-state';
import { rowsWhere } from './rows-where';
import { classPartners } from './class-partners';
import { endlessRows } from './endless-rows';
import { checkOptions, outRowCount, similarCount, type OdmBatchesOptions } from './odm-batches-options';

/** All options of the batches, the number of labels and a hash of them. */
type Made = Required<OdmBatchesOptions> & { labels: number; fingerprint: number };

/** Where the batches stand: plain JSON. */
export type OdmBatchesState = BatchesState<Made>;

/** Endless batches; see {@link odmBatches}. The left half, then the right half: pair i is rows i and B/2 + i. */
export type OdmBatches = IndexBatches<Made>;

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
 * Left half: the next B/2 known images of this epoch's permutation; what is left at its end is left out. Right half:
 * for the first `similarShare` of the pairs another random image of the same class (the image itself only where its
 * class has no other), for the rest one of another class. In every `outEvery`-th batch, counted over the run and not
 * over the epoch (so that an epoch of one step sees OoD images too), the last `outShare * B` right rows are OoD images
 * instead: no pair is OoD-OoD. OoD images are drawn without replacement over the whole run: each is used once before
 * any is used again, and one is twice in a batch only where there are fewer than the batch wants. One difference: the
 * authors draw positive partners among all images of the class, so that an image may meet itself.
 *
 * Every draw follows from the seed, epoch and step, so that the state is two counters and going on is exact.
 *
 * Source: Masana et al., BMVC 2018, section 3.2, and its released code.
 *
 * @param labelList class indices of all training images [N], below 0 for OoD
 * @param options `seed`, and what differs from the paper. With `stepsPerEpoch` below one pass over the known images an
 *   epoch uses a part of its permutation, above it several
 * @throws ArgumentError for fewer known images than half a batch, one class where negative pairs are wanted, no OoD
 *   image where `outEvery` wants some, an option out of range, or a label that is no whole number of 32 bits (NaN, a
 *   string, a one-hot row)
 * @example
 * const batches = odmBatches([0, 0, 1, 1, -1], { seed: 1, batchSize: 4 });
 * batches.next().indices; // two pairs of known rows, left halves first; the second batch ends with row 4
 */
export function odmBatches(labelList: ArrayLike<number>, options: OdmBatchesOptions): OdmBatches {
  const labels = checkLabels('odmBatches', labelList, { ood: true });
  const known = rowsWhere(labels, (label) => label >= 0);
  const out = rowsWhere(labels, (label) => label < 0);
  const partners = classPartners(labels);
  const checked = checkOptions(options, partners.classCounts, out.length);
  const { seed, batchSize, outEvery, stepsPerEpoch } = checked;
  const made = { ...checked, labels: labels.length, fingerprint: fingerprintOf(labels) };

  const half = batchSize / 2;
  const similar = similarCount(checked.similarShare, batchSize);
  const outCount = outEvery === 0 ? 0 : outRowCount(checked.outShare, batchSize);
  const stepsPerPass = Math.floor(known.length / half);
  const passesPerEpoch = Math.ceil(stepsPerEpoch / stepsPerPass);
  const leftOrder = rememberLast((pass) => seededRandom(seed, Stream.Left, pass).permutation(known.length));
  const outRow = endlessRows(out, outCount, seed, Stream.Out);

  return batchStream('OdmBatches', labels, made, (epoch, step) => {
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
      for (let i = 0; i < outCount; i++) indices[batchSize - outCount + i] = outRow(drawnBefore + i);
    }
    return indices;
  });
}
