import { clopperPearson } from '../../thresholds/clopper-pearson';
import type { CountedShare } from './detector-evaluation';

/** So many of so many, with the exact interval of the share. */
export function countedShare(count: number, of: number, confidence: number): CountedShare {
  const [lower, upper] = clopperPearson(count, of, confidence);
  return { count, of, share: count / of, lower, upper };
}
