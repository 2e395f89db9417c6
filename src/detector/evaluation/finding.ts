import type { Ends } from './detector-evaluation';

/**
 * What intervals allow to say of a set of strange rows: `'most'` of them are found; `'some'` are, clearly more than
 * known rows are called OoD; `'useless'`: hardly more, and no more can be hidden by chance; `'few'`: too few rows to
 * say; `'unclear'`: enough rows, and found may be no more than chance finds.
 */
export type Finding = 'most' | 'some' | 'unclear' | 'few' | 'useless';

/** Found beyond false alarms: less is of no use, and so much more at least is most. */
const WORTH = 0.25;
/** An interval longer than half of all that there is says nothing. */
const LONGEST = 0.5;

/** By the intervals of both shares; `canAlarm`: whether anything, however strange, can be called OoD. */
export function findingOf(found: Ends, alarms: Ends, canAlarm: boolean): Finding {
  if (!canAlarm) return 'useless';
  const [least, most] = [found.lower - alarms.upper, found.upper - alarms.lower];
  if (found.lower >= 0.5 && least >= WORTH) return 'most';
  if (least <= 0 && most < WORTH) return 'useless';
  if (found.upper - found.lower > LONGEST || alarms.upper - alarms.lower > LONGEST) return 'few';
  return least > 0 ? 'some' : 'unclear';
}
