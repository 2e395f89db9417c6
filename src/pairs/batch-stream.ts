import { checkState, type BatchesState } from './batches-state';

/** Rows of one batch. */
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

/** Endless batches of row indices, all following from a seed; `Made` is what they were made with. */
export interface IndexBatches<Made> {
  readonly stepsPerEpoch: number;
  /** The next batch; the one after the last of an epoch is the first of the next. */
  next(): IndexBatch;
  /** Where the batches stand: what comes next, as plain JSON. */
  state(): BatchesState<Made>;
  /**
   * @throws FormatError that says what differs, where the state is damaged, or of other labels or options; nothing
   *   changes then
   */
  restore(state: BatchesState<Made>): void;
  /** The same stream as `next`, without an end: leave a loop over it by `break`. */
  [Symbol.iterator](): Iterator<IndexBatch, never>;
}

/**
 * The counters around a composition of batches: because every batch follows from epoch and step, they are all the
 * state.
 *
 * @param name of the batches in errors
 */
export function batchStream<Made extends { stepsPerEpoch: number }>(
  name: string,
  labels: Int32Array,
  made: Made,
  compose: (epoch: number, step: number) => Int32Array,
): IndexBatches<Made> {
  const { stepsPerEpoch } = made;
  let [epoch, step] = [0, 0];
  const next = (): IndexBatch => {
    const indices = compose(epoch, step);
    const batch = { indices, labels: indices.map((row) => labels[row]!), epoch, step };
    step++;
    if (step === stepsPerEpoch) [epoch, step] = [epoch + 1, 0];
    return batch;
  };
  return {
    stepsPerEpoch,
    next,
    state: () => ({ version: 1, epoch, step, made: { ...made } }),
    restore(state) {
      checkState(name, state, made);
      ({ epoch, step } = state);
    },
    [Symbol.iterator]: () => ({ next: () => ({ done: false, value: next() }) }),
  };
}
