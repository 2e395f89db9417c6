import fc from 'fast-check';
import { calibrate, decideWith } from 'tfjs-ood';
import { describe, expect, test } from 'vitest';
import { projectLinks } from '../../examples/browser/project-links';
import { fartherOut } from '../../examples/browser/scatter';
import { strangeness } from '../../examples/browser/strangeness';

describe('the words beside the p-value', () => {
  const scores = Float64Array.from({ length: 2000 }, (_, i) => i);

  test.each([
    [320, '84 % of known digits look at least as strange'],
    [1899.5, '5.0 % of known digits look at least as strange'],
    [1998.5, 'under 0.1 % of known digits look at least as strange'],
    [1999, 'under 0.1 % of known digits look at least as strange'],
    [1999.5, 'none of 2,000 known digits looks as strange'],
    [0.5, '99 % of known digits look at least as strange'],
    [0, 'all known digits look at least as strange'],
    [1801.5, '9.9 % of known digits look at least as strange'],
    [1800.5, '10 % of known digits look at least as strange'],
  ])('of score %d are "%s"', (score, words) => expect(strangeness(scores, score)).toBe(words));

  test('say what the conformal p-value says, ties and all', () => {
    const few = fc.integer({ min: 0, max: 30 }).map((whole) => whole / 10);
    fc.assert(
      fc.property(fc.array(few, { minLength: 2, maxLength: 300 }), few, (calibration, score) => {
        const { pValue } = decideWith(calibrate(calibration), [score], { alpha: 0.05 })[0]!;
        const share = (pValue * (calibration.length + 1) - 1) / calibration.length;
        const words = strangeness(calibration, score);
        if (words.startsWith('none')) expect(share).toBeCloseTo(0, 12);
        else if (words.startsWith('all')) expect(share).toBeCloseTo(1, 12);
        else expect(Math.abs(parseFloat(words) / 100 - share)).toBeLessThan(share < 0.0995 ? 0.00051 : 0.0101);
      }),
    );
  });
});

test('points that a picture leaves out are counted in words', () => {
  expect(fartherOut(0, 0, false)).toBe('');
  expect(fartherOut(17, 0, false)).toBe('Farther out: 17 crosses');
  expect(fartherOut(1, 2, true)).toBe('Farther out: yours, 1 cross, 2 digits');
  expect(fartherOut(0, 1, false)).toBe('Farther out: 1 digit');
});

describe('links of the project', () => {
  test('are those of package.json, as npm lets them be written', () => {
    const code = (repository: string | { url: string }) => projectLinks({ repository });
    const github = '<nav aria-label="Project"><a href="https://github.com/some-one/ood">Code</a></nav>';
    for (const repository of [
      { url: 'git+https://github.com/some-one/ood.git' },
      'https://github.com/some-one/ood',
      'github:some-one/ood',
      'some-one/ood',
    ])
      expect(code(repository)).toBe(github);
    expect(projectLinks({ homepage: 'https://ood.example/docs/', repository: 'some-one/ood' })).toBe(
      '<nav aria-label="Project"><a href="https://ood.example/docs/">Documentation</a> ' +
        '<a href="https://github.com/some-one/ood">Code</a></nav>',
    );
  });

  test('are none where there is no address, or none of the web', () => {
    expect(projectLinks({})).toBe('');
    for (const homepage of ['', 'not set', 'http://ood.example', 'javascript:alert(1)', 'https://a.example/"><b>'])
      expect(projectLinks({ homepage })).toBe('');
    expect(projectLinks({ repository: { url: 'git@github.com:some-one/ood.git' } })).toBe('');
  });
});
