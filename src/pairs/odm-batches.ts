import { ArgumentError, NotFiniteError } from '../errors';
import { seededRandom, type Random } from '../random';

/** Options of {@link odmBatches}; the authors' values are the defaults. */
export interface OdmBatchesOptions {
  /** The order of all batches follows from it. */
  seed: number;
  /** Rows of a batch, even; default 1024. */
  batchSize?: number;
  /** Share of a batch that is OoD where it has some, at most 0.5; default 0.25. */
  outShare?: number;
  /** Every how many batches one has OoD images: 2 is every second, from the second on; 0 none. Default 2. */
  outEvery?: number;
  /** Share of the pairs whose two images are of one class, before OoD images come in; default 0.25. */
  similarRatio?: number;
  /** Batches of an epoch; default: as many as the known images fill left halves, the rest is left out. */
  stepsPerEpoch?: number;
}

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

/** Where the batches stand: plain JSON. What it was made with is in it, so that it fits only its own batches. */
export interface OdmBatchesState {
  version: 1;
  epoch: number;
  step: number;
  made: Required<OdmBatchesOptions> & { labels: number; fingerprint: number };
}

/** Endless batches; see {@link odmBatches}. */
export interface OdmBatches {
  readonly stepsPerEpoch: number;
  next(): IndexBatch;
  state(): OdmBatchesState;
  /** @throws ArgumentError that says what differs, where the state is of other labels or options */
  restore(state: OdmBatchesState): void;
  [Symbol.iterator](): Iterator<IndexBatch, never>;
}

enum Stream {
  Epoch,
  Right,
  Out,
}

/** FNV-1a over the labels: tells other labels from these. */
function fingerprintOf(labels: Int32Array): number {
  let hash = 0x811c9dc5;
  for (const label of labels) hash = Math.imul(hash ^ label, 0x01000193);
  return hash >>> 0;
}

function checkLabels(labels: ArrayLike<number>): Int32Array {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if ((label | 0) === label) continue;
    const kind = Number.isFinite(label) ? ArgumentError : NotFiniteError;
    const received = `${label} at index ${i}`;
    throw new kind({ where: 'odmBatches', what: 'labels', expected: 'whole numbers', received });
  }
  return Int32Array.from(labels);
}

function checkOptions(options: OdmBatchesOptions, knownCount: number): Required<OdmBatchesOptions> {
  const { seed, batchSize = 1024, outShare = 0.25, outEvery = 2, similarRatio = 0.25 } = options;
  const refuse = (what: string, expected: string, received: string | number): never => {
    throw new ArgumentError({ where: 'odmBatches', what, expected, received: String(received) });
  };
  if (!Number.isSafeInteger(seed)) refuse('seed', 'an integer', seed);
  if (!(Number.isInteger(batchSize) && batchSize >= 2 && batchSize % 2 === 0)) {
    refuse('batchSize', 'an even whole number from 2', batchSize);
  }
  if (!(outShare >= 0 && outShare <= 0.5)) refuse('outShare', 'in [0, 0.5]', outShare);
  if (!(Number.isInteger(outEvery) && outEvery >= 0)) refuse('outEvery', 'a whole number from 0', outEvery);
  if (!(similarRatio >= 0 && similarRatio <= 1)) refuse('similarRatio', 'in [0, 1]', similarRatio);
  if (knownCount < batchSize / 2) {
    const expected = `at least ${batchSize / 2} labels from 0, half a batch of ${batchSize}`;
    refuse('labels', expected, `${knownCount} of them`);
  }
  const { stepsPerEpoch = Math.floor(knownCount / (batchSize / 2)) } = options;
  if (!(Number.isInteger(stepsPerEpoch) && stepsPerEpoch >= 1)) {
    refuse('stepsPerEpoch', 'a whole number from 1', stepsPerEpoch);
  }
  return { seed, batchSize, outShare, outEvery, similarRatio, stepsPerEpoch };
}

/** Known rows grouped by class: those of class c are `rows.subarray(start, end)` of its place. */
function groupByClass(labels: Int32Array, known: Int32Array) {
  const rows = Int32Array.from(known).sort((a, b) => labels[a]! - labels[b]! || a - b);
  const places = new Map<number, { start: number; end: number }>();
  rows.forEach((row, i) => {
    const place = places.get(labels[row]!);
    if (place) place.end = i + 1;
    else places.set(labels[row]!, { start: i, end: i + 1 });
  });
  const positionOf = new Int32Array(labels.length);
  rows.forEach((row, i) => (positionOf[row] = i));
  return { rows, places, positionOf };
}

/**
 * The authors' batches for contrastive training with out-of-distribution mining, as row indices: no image is touched.
 *
 * Left half: the next B/2 known images of this epoch's permutation. Right half: for the first `similarRatio` of the pairs
 * another random image of the same class (the image itself only where its class has no other), for the rest one of another
 * class. In every `outEvery`-th batch, counted over the run, the last `outShare * B` right rows are OoD images instead, so
 * that no pair is OoD-OoD. OoD images are drawn without replacement: each is used once before any is used again.
 *
 * Every draw follows from (seed, epoch, step), so that the state is two counters and going on is exact.
 *
 * Source: Masana et al., BMVC 2018, section 3.2, and its released code.
 *
 * @param labels class indices of all training images [N], below 0 for OoD
 * @returns endless batches; an epoch has `stepsPerEpoch` of them (at most one permutation is used up, then a new one begins)
 * @throws ArgumentError for fewer known images than half a batch, one class where negative pairs are wanted, no OoD image
 *   where `outEvery` wants some, or an option out of range
 * @example
 * const batches = odmBatches([0, 0, 1, 1, -1], { seed: 1, batchSize: 4 });
 * batches.next().indices; // 4 of 0..4
 */
export function odmBatches(labelList: ArrayLike<number>, options: OdmBatchesOptions): OdmBatches {
  const labels = checkLabels(labelList);
  const all = Int32Array.from(labels, (_, i) => i);
  const known = all.filter((i) => labels[i]! >= 0);
  const out = all.filter((i) => labels[i]! < 0);
  const checked = checkOptions(options, known.length);
  const { seed, batchSize, outEvery, stepsPerEpoch } = checked;
  const half = batchSize / 2;
  const similar = Math.round(checked.similarRatio * half);
  const outCount = outEvery === 0 ? 0 : Math.round(checked.outShare * batchSize);
  const { rows, places, positionOf } = groupByClass(labels, known);
  const refuse = (what: string, expected: string, received: string): never => {
    throw new ArgumentError({ where: 'odmBatches', what, expected, received });
  };
  if (places.size < 2 && similar < half) {
    refuse('labels', 'of two classes or more (similarRatio 1 needs one only)', `one class, ${[...places.keys()][0]}`);
  }
  if (outCount > 0 && out.length === 0) {
    refuse('labels', 'some below 0, OoD images (outEvery: 0 asks for none)', 'none');
  }
  const made = { ...checked, labels: labels.length, fingerprint: fingerprintOf(labels) };
  const leftBatches = Math.floor(known.length / half);
  let [epoch, step] = [0, 0];

  /** A permutation that stays the same for many steps is made once. */
  const remember = (make: (round: number) => Int32Array) => {
    let current = -1;
    let order: Int32Array = new Int32Array();
    return (round: number): Int32Array => {
      if (round !== current) {
        current = round;
        order = make(round);
      }
      return order;
    };
  };
  // An epoch with more steps than one pass gives takes a further permutation.
  const passes = Math.ceil(stepsPerEpoch / leftBatches);
  const leftOrder = remember((pass) => seededRandom(seed, Stream.Epoch, pass).permutation(known.length));
  const outOrder = remember((round) => seededRandom(seed, Stream.Out, round).permutation(out.length));

  const sameClass = (row: number, random: Random): number => {
    const { start, end } = places.get(labels[row]!)!;
    if (end - start === 1) return row;
    const drawn = start + random.integer(end - start - 1);
    return rows[drawn >= positionOf[row]! ? drawn + 1 : drawn]!; // skips the image itself
  };
  const otherClass = (row: number, random: Random): number => {
    const { start, end } = places.get(labels[row]!)!;
    const drawn = random.integer(rows.length - (end - start));
    return rows[drawn >= start ? drawn + (end - start) : drawn]!; // skips its class
  };

  const compose = (): IndexBatch => {
    const indices = new Int32Array(batchSize);
    const order = leftOrder(epoch * passes + Math.floor(step / leftBatches));
    const first = (step % leftBatches) * half;
    const random = seededRandom(seed, Stream.Right, epoch, step);
    for (let i = 0; i < half; i++) {
      const row = known[order[first + i]!]!;
      indices[i] = row;
      indices[half + i] = i < similar ? sameClass(row, random) : otherClass(row, random);
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

  const batches: OdmBatches = {
    stepsPerEpoch,
    next() {
      const batch = compose();
      step++;
      if (step === stepsPerEpoch) [epoch, step] = [epoch + 1, 0];
      return batch;
    },
    state: () => ({ version: 1, epoch, step, made }),
    restore(state) {
      const differ = (what: string, mine: unknown, theirs: unknown): never => {
        const [expected, received] = [`a state with ${what} ${String(mine)}`, String(theirs)];
        throw new ArgumentError({ where: 'OdmBatches.restore', what: 'state', expected, received });
      };
      if (state.version !== 1) differ('version', 1, state.version);
      for (const [key, mine] of Object.entries(made)) {
        const theirs = state.made[key as keyof typeof made];
        if (mine !== theirs) differ(key, mine, theirs);
      }
      const isCount = (value: number) => Number.isInteger(value) && value >= 0;
      if (!isCount(state.epoch)) differ('epoch', 'from 0', state.epoch);
      if (!isCount(state.step) || state.step >= stepsPerEpoch) differ('step', `below ${stepsPerEpoch}`, state.step);
      ({ epoch, step } = state);
    },
    [Symbol.iterator]: () => ({ next: () => ({ done: false, value: batches.next() }) }),
  };
  return batches;
}
