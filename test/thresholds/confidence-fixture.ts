import { readFileSync } from 'node:fs';

interface Fixture {
  thresholds: [count: number, alpha: number, confidence: number, allowed: number, exceedance: number][];
  crossings: { bounds: number[]; crossed: number }[];
  bands: {
    count: number;
    confidence: number;
    simes: number[];
    dkw: number[];
    berkJones: number[];
    dkwCrossed: number;
  }[];
  temperatures: {
    classes: number;
    logits: number[];
    labels: number[];
    temperature: number;
    nll: number;
    nllBefore: number;
  }[];
}

/** What SciPy and mpmath say (test/fixtures/confidence.py). */
export const confidenceFixture = JSON.parse(
  readFileSync(new URL('../fixtures/confidence.json', import.meta.url), 'utf8'),
) as Fixture;
