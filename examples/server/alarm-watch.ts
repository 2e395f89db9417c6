import { clopperPearson, conformalCoverage } from 'tfjs-ood/thresholds';

/** What the alarms of the last pictures say. */
export interface AlarmReport {
  alarms: number;
  pictures: number;
  /** 99 % interval of their rate. */
  interval: readonly [lowest: number, highest: number];
  /** The highest rate that this calibration may realize while nothing has changed. */
  promised: number;
  hasDrifted: boolean;
}

/**
 * Counts the alarms of the last `size` pictures, in memory that does not grow.
 *
 * @param calibration number of calibration images, and the rate of the detector
 */
export function alarmWatch({ count, alpha }: { count: number; alpha: number }, size: number) {
  const last = new Uint8Array(size);
  const [, promised] = conformalCoverage(count, alpha);
  let seen = 0;
  let alarms = 0;
  return {
    add(isOod: boolean): void {
      alarms += Number(isOod) - last[seen % size]!;
      last[seen++ % size] = Number(isOod);
    },
    report(): AlarmReport {
      const pictures = Math.min(seen, size);
      const interval = pictures === 0 ? ([0, 1] as const) : clopperPearson(alarms, pictures, 0.99);
      return { alarms, pictures, interval, promised, hasDrifted: interval[0] > promised };
    },
  };
}
