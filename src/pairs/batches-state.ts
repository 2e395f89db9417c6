import { check, INDEX, wholeFrom, type Rule } from '../core/check';

/** Where batches stand: plain JSON. What they were made with is in it, so that it fits only its own batches. */
export interface BatchesState<Made> {
  version: 1;
  /** Of the batch that comes next. */
  epoch: number;
  step: number;
  /** All options, the number of labels and a hash of them. */
  made: Made;
}

/** FNV-1a over the labels: tells other labels from these. */
export function fingerprintOf(labels: Int32Array): number {
  let hash = 0x811c9dc5;
  for (const label of labels) hash = Math.imul(hash ^ label, 0x01000193);
  return hash >>> 0;
}

const sameAs = (mine: unknown, expected: string): Rule => ({ expected, holds: (theirs: unknown) => theirs === mine });

/** Throws unless the state is of batches made like these; the error says what differs. */
export function checkState<Made extends { stepsPerEpoch: number }>(
  name: string,
  state: BatchesState<Made>,
  made: Made,
): void {
  const where = `${name}.restore`;
  // It comes from a file: nothing is sure, whatever the type says.
  const given = (state ?? {}) as Partial<BatchesState<Made>>;
  check(where, 'state.version', given.version, sameAs(1, '1'));
  for (const [key, mine] of Object.entries(made)) {
    check(where, `state.made.${key}`, given.made?.[key as keyof Made], sameAs(mine, `${mine}, as in these batches`));
  }
  check(where, 'state.epoch', given.epoch, INDEX);
  check(where, 'state.step', given.step, wholeFrom(0, made.stepsPerEpoch - 1));
}
