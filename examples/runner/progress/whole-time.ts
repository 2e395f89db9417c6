import { durationText } from './duration';

/** An estimate is worth as much as so many seconds of work that was measured. */
const WORTH = 5;

/** What is left of a run, by an estimate that what was done already corrects. */
export interface WholeTime {
  /** So much of a piece (0 to 1), which was taken for `seconds`, is done. */
  at(seconds: number, share: number): void;
  /** The piece is done, or is not to be done at all. */
  finish(seconds: number): void;
  left(): string;
}

/**
 * Time over the whole run.
 *
 * @param estimate seconds of all pieces
 * @param clock in seconds
 */
export function wholeTime(estimate: number, clock = () => performance.now() / 1000): WholeTime {
  const start = clock();
  let [finished, current] = [0, 0];
  return {
    at(seconds, share) {
      current = seconds * share;
    },
    finish(seconds) {
      finished += seconds;
      current = 0;
    },
    left() {
      const done = finished + current;
      const pace = (clock() - start + WORTH) / (done + WORTH);
      return durationText(Math.max(0, estimate - done) * pace);
    },
  };
}
