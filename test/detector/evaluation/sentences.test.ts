import { describe, expect, test } from 'vitest';
import { countedShare } from '../../../src/detector/evaluation/counted-share';
import { findingOf } from '../../../src/detector/evaluation/finding';
import { keptPromise, type Promised } from '../../../src/detector/evaluation/kept-promise';
import { knownSentence, setSentence, wholeSentence } from '../../../src/detector/evaluation/sentences';

interface Case {
  alarms: [count: number, of: number];
  promised?: Partial<Promised>;
  alpha?: number;
  canAlarm?: boolean;
}

/** The sentences of counts alone. */
function said({ alarms, promised, alpha = 0.05, canAlarm = true }: Case) {
  const by: Promised = { count: 80, folds: 1, confidence: undefined, isHeldOut: true, ...promised };
  const shares = countedShare(...alarms, 0.95);
  const falseAlarms = { alpha, ...shares, promise: keptPromise(by, alpha, shares) };
  const told = { noun: 'images', count: by.count, isCross: by.folds > 1, canAlarm };
  const setOf = (name: string, count: number, of: number) => {
    const found = { alpha, ...countedShare(count, of, 0.95) };
    return { name, found, finding: findingOf(found, falseAlarms, canAlarm) };
  };
  return {
    known: knownSentence(falseAlarms, undefined, told),
    right: (count: number, of: number) => knownSentence(falseAlarms, countedShare(count, of, 0.95), told),
    set: (...of: [string, number, number]) => setSentence(setOf(...of), falseAlarms, told),
    whole: (...sets: [string, number, number][]) => wholeSentence(sets.map((set) => setOf(...set)), falseAlarms, told), // prettier-ignore
  };
}

// Ends from SciPy: binomtest(k, n).proportion_ci(0.95, 'exact')
describe('a set', () => {
  const { set } = said({ alarms: [6, 120] });
  const alarms = 'false alarms: 6 of 120 known images (5 %, between 1.8 % and 11 %).';
  test.each([
    [3, 40, 'between 1.5 % and 21 % of such images), useless for these'],
    [38, 40, 'between 83 % and 99.4 % of such images), most of them'],
    [20, 40, 'between 33 % and 67 % of such images), some of them, more than of the known images'],
    [5, 5, 'between 47 % and 100 % of such images), too few images to say: 5'],
    [0, 6, 'between 0 % and 46 % of such images), perhaps no more than of the known images'],
  ])('%i of %i', (found, of, words) => {
    expect(set('noise', found, of)).toBe(`noise: finds ${found} of ${of} (${words}; ${alarms}`);
  });

  test('where the known are few, called OoD as well, or nothing can be', () => {
    expect(said({ alarms: [0, 4] }).set('noise', 36, 40)).toMatch(
      / too few known images to say: 4; false alarms: 0 of 4/,
    );
    expect(said({ alarms: [110, 120] }).set('noise', 38, 40)).toMatch(
      / useless for these, as known images are called OoD as often; false alarms: 110 of 120 known images \(91\.7 %/,
    );
    const never = said({ alarms: [0, 60], promised: { count: 6 }, canAlarm: false });
    expect(never.set('noise', 0, 40)).toBe(
      'noise: finds 0 of 40 (between 0 % and 8.9 % of such images), useless for these; nothing can be called OoD at a ' +
        'rate of 5 %, which takes more than the 6 images that calibrate.',
    );
  });
});

describe('the known', () => {
  test('in line with the promise, below it, above it by chance, above it', () => {
    expect(said({ alarms: [6, 120] }).known).toBe(
      'False alarms: 6 of 120 known images (5 %, between 1.8 % and 11 %), in line with the promise of at most 5 % on average.',
    );
    expect(said({ alarms: [3, 400] }).known).toMatch(/, below the promise of at most 5 % on average\.$/);
    // betabinom(120, 4, 77).sf(13 - 1) = 0.0575
    expect(said({ alarms: [13, 120] }).known).toMatch(
      /, above the promise of at most 5 % on average, as the draw of 80 images that calibrate gives in 5\.7 % of cases\.$/,
    );
    expect(said({ alarms: [40, 120] }).known).toMatch(
      /, above the promise of at most 5 % on average, and more than chance gives \(so many in less than 0\.1 % of cases\): known images like these do not come as the 80 that calibrated\.$/,
    );
  });

  test('by folds, with a confidence, with labels', () => {
    expect(said({ alarms: [8, 60], promised: { count: 40, folds: 5, isHeldOut: false } }).known).toMatch(
      / in line with the promise of at most 25 % on average by folds \(near 5 % is usual\)\.$/,
    );
    const sure = { confidence: 0.95 };
    expect(said({ alarms: [0, 60], promised: sure }).known).toMatch(/ promise of at most 5 % with 95 % confidence\.$/);
    expect(said({ alarms: [6, 120] }).right(118, 120)).toMatch(
      / The model gives 118 of 120 known images \(98\.3 %, between 94\.1 % and 99\.8 %\) their label\.$/,
    );
  });
});

test('all sets in one sentence, the worst first', () => {
  const { whole } = said({ alarms: [6, 120] });
  expect(whole(['far', 38, 40], ['near', 20, 40], ['few', 5, 5], ['close', 0, 6], ['same', 3, 40])).toBe(
    'Useless for same (finds 3 of 40, between 1.5 % and 21 %); too few images of few to say: 5 (finds 5 of 5, between ' +
      '47 % and 100 %); perhaps finds no more of close than of the known (0 of 6, between 0 % and 46 %); finds some of ' +
      'near (20 of 40, between 33 % and 67 %); finds most of far (38 of 40, between 83 % and 99.4 %); false alarms: 6 of ' +
      '120 known images (5 %, between 1.8 % and 11 %), in line with the promise of at most 5 % on average.',
  );
});
