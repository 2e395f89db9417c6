import { ArgumentError } from '../core/errors';

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

/** Throws unless the state is of batches made like these; the error says what differs. */
export function checkState<Made extends { stepsPerEpoch: number }>(
  name: string,
  state: BatchesState<Made>,
  made: Made,
): void {
  const refuse = (what: string, expected: string, received: unknown): never => {
    throw new ArgumentError(
      `${name}.restore`,
      what,
      expected,
      received === undefined ? 'nothing' : (JSON.stringify(received) ?? typeof received),
    );
  };
  // It comes from a file: nothing is sure, whatever the type says.
  const given = (state ?? {}) as Partial<BatchesState<Made>>;
  if (given.version !== 1) refuse('state.version', '1', given.version);
  for (const [key, mine] of Object.entries(made)) {
    const theirs = given.made?.[key as keyof Made];
    if (theirs !== mine) refuse(`state.made.${key}`, `${mine}, as in these batches`, theirs);
  }
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!isCount(given.epoch)) refuse('state.epoch', 'a whole number from 0', given.epoch);
  if (!isCount(given.step) || given.step >= made.stepsPerEpoch) {
    refuse('state.step', `a whole number from 0, below ${made.stepsPerEpoch}`, given.step);
  }
}
