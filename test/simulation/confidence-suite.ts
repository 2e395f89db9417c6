import { describe, expect, test } from 'vitest';
import { conformalThreshold, seededRandom } from 'tfjs-ood';
import { calibrateSets, classProbabilities, pValueBand, predictionSets } from 'tfjs-ood/thresholds';
import { crossingProbability } from '../../src/thresholds/bands/crossing-probability';
import { meanOf } from './worlds';

const [COUNT, ALPHA] = [1000, 0.05];

/** Draws of calibrations of 1,000: what is promised of one, of all thresholds at once, and of prediction sets. */
export function confidenceSuite({ draws, print }: { draws: number; print?: boolean }): void {
  const say = (...words: unknown[]) => {
    if (print) console.log(...words);
  };

  test(
    'the rate of a threshold with confidence is above alpha as often as its exact value says',
    { timeout: 3_600_000 },
    () => {
      const random = seededRandom(31);
      const rates: number[] = [];
      let above = 0;
      let exact = 0;
      for (let draw = 0; draw < draws; draw++) {
        const scores = Float64Array.from({ length: COUNT }, () => random.uniform());
        const { threshold, exceedance } = conformalThreshold(scores, ALPHA, { confidence: 0.95 });
        exact = exceedance!;
        rates.push(1 - threshold); // of uniform scores
        if (1 - threshold > ALPHA) above++;
      }
      const share = above / draws;
      say('exceedance', share, 'exact', exact, 'mean rate', meanOf(rates).mean);
      expect(Math.abs(share - exact)).toBeLessThan(3 * Math.sqrt((exact * (1 - exact)) / draws));
    },
  );

  test.each(['dkw', 'simes', 'berk-jones'] as const)(
    '%s: all thresholds hold at once',
    { timeout: 3_600_000 },
    (band) => {
      const { bounds } = pValueBand(COUNT, { band, confidence: 0.95 });
      const exact = crossingProbability(bounds);
      const random = seededRandom(32);
      let crossed = 0;
      for (let draw = 0; draw < draws; draw++) {
        const sorted = Float64Array.from({ length: COUNT }, () => random.uniform()).sort();
        if (sorted.some((value, i) => value > bounds[i]!)) crossed++;
      }
      say(band, 'crossed', crossed / draws, 'exact', exact);
      expect(Math.abs(crossed / draws - exact)).toBeLessThan(3 * Math.sqrt((exact * (1 - exact)) / draws));
    },
  );

  describe.each(['lac', 'aps'] as const)('%s', (method) => {
    test('sets hold the class in 95 % of rows, on average over calibrations', { timeout: 3_600_000 }, () => {
      const random = seededRandom(33);
      const classes = 4;
      const drawn = (rows: number) => {
        const labels = Int32Array.from({ length: rows }, () => random.integer(classes));
        const logits = Float64Array.from(
          { length: rows * classes },
          (_, at) => 2 * random.normal() + (at % classes === labels[Math.floor(at / classes)] ? 3 : 0),
        );
        return { labels, probabilities: classProbabilities({ data: logits, shape: [rows, classes] }) };
      };
      let [empty, size] = [0, 0];
      const shares = Array.from({ length: draws }, () => {
        const [known, fresh] = [drawn(COUNT), drawn(500)];
        const calibration = calibrateSets(known.probabilities, known.labels, { method });
        const found = predictionSets(calibration, fresh.probabilities, { alpha: ALPHA });
        empty += found.empty;
        size += found.sets.reduce((sum, set) => sum + set.classes.length, 0);
        return found.sets.filter((set, i) => set.classes.includes(fresh.labels[i]!)).length / 500;
      });
      const { mean, error } = meanOf(shares);
      say(method, 'coverage', mean, 'standard error', error, 'size', size / draws / 500, 'empty', empty / draws / 500);
      expect(Math.abs(mean - 951 / 1001)).toBeLessThan(4 * error);
      if (draws >= 1000) expect(Math.abs(mean - 0.95)).toBeLessThan(0.002);
    });
  });
}
