import type { DetectorDescription } from 'tfjs-ood/detector';

/** `5 %`, `0.5 %`. */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;

/** What a detector promises of its false alarms, in a sentence. */
export function promiseText({ calibration, cutPoints, confidence }: DetectorDescription): string {
  const { count, method, canAlarm, guarantee, smallestAlpha } = calibration;
  const rate = cutPoints.default!;
  const by = `${count} ${method === 'cross' ? 'pictures in folds' : 'held-out pictures'}`;
  if (!canAlarm) return `Calls nothing OoD at ${percent(rate)}: ${by} allow ${percent(smallestAlpha)} at the least.`;
  const about =
    confidence === undefined
      ? 'on average over the draw of the pictures that calibrate'
      : `with a confidence of ${percent(confidence)} for this very detector`;
  const folds = guarantee > rate ? ` (${percent(guarantee)} is guaranteed, as folds calibrate)` : '';
  return `Calls at most ${percent(rate)} of known pictures OoD, ${about}${folds}; calibrated by ${by}.`;
}
