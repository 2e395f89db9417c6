import { readFileSync } from 'node:fs';

interface Fixture {
  clopperPearson: [successes: number, trials: number, confidence: number, lower: number, upper: number][];
  coverage: [count: number, alpha: number, confidence: number, lower: number, upper: number][];
  batches: { calibration: number[]; scores: number[]; rate: number; pValues: number[]; rejected: boolean[] }[];
}

/** What SciPy and NumPy say (test/fixtures/thresholds.py). */
export const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/thresholds.json', import.meta.url), 'utf8'),
) as Fixture;
