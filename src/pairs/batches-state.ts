import { INDEX, wholeFrom, type Rule } from '../core/check';
import { readSaved } from '../core/saved/read-saved';

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
  const where = `${name}.restore`;
  // It comes from a file: nothing is sure, whatever the type says.
  const { version, made: theirs, ...counters } = (state ?? {}) as Partial<BatchesState<Made>>;
  readSaved(where, { version }, { version: [{ expected: '1', holds: (own) => own === 1 }] }, 'state');
  const alike = Object.entries(made).map(([option, mine]): [string, [Rule]] => [
    option,
    [{ expected: `${mine}, as in these batches`, holds: (own) => own === mine }],
  ]);
  readSaved(where, theirs, Object.fromEntries(alike), 'state.made');
  readSaved(where, counters, { epoch: [INDEX], step: [wholeFrom(0, made.stepsPerEpoch - 1)] }, 'state');
}
