import { describe, expect, test } from 'vitest';
import { requirePackages } from '../../src/cli/input/packages';
import { namedValue, sides } from '../../src/cli/input/parse-values';
import { csvRows } from '../../src/cli/input/read-csv';
import { csvLine } from '../../src/cli/output/csv-line';
import { durationText, progressOn } from '../../src/cli/output/progress';
import { promiseText } from '../../src/cli/output/promise-text';
import { stylesFor } from '../../src/cli/output/styles';
import { tableLine } from '../../src/cli/output/text-table';

test('durations as a person says them', () => {
  expect([0.4, 59.6, 61, 3599, 8400].map(durationText)).toEqual([
    '0 s',
    '1 min 0 s',
    '1 min 1 s',
    '59 min 59 s',
    '2 h 20 min',
  ]);
});

describe('progress', () => {
  const drawn = (isTerminal: boolean) => {
    let [now, text] = [0, ''];
    const progress = progressOn({ write: (more) => void (text += more), isTerminal, columns: 60 }, () => now);
    return { progress, pass: (ms: number) => (now += ms), text: () => text };
  };

  test('the rest of the time, by what was done so far', () => {
    const { progress, pass, text } = drawn(true);
    progress.start('Scoring', 40);
    pass(3000);
    progress.update(10);
    expect(text()).toContain('Scoring ██████░░░░░░░░░░░░░░░░░░ 10 of 40 | 9 s left'); // 3 s for 10, 30 to come
    progress.clear();
    expect(text().endsWith('\r\u001b[K')).toBe(true);
    expect(progress.where()).toBe('scoring, 10 of 40');
  });

  test('nothing without a terminal, but where it is can be told', () => {
    const { progress, pass, text } = drawn(false);
    progress.start('Fitting');
    pass(3000);
    progress.update(7);
    progress.clear();
    expect(text()).toBe('');
    expect(progress.where()).toBe('fitting, 7');
  });

  test('never wider than the terminal, and not at every step', () => {
    const { progress, pass, text } = drawn(true);
    progress.start('A long title of what is being done here and now', 1000);
    for (let i = 1; i <= 50; i++) {
      pass(10);
      progress.update(i);
    }
    const lines = text().split('\r\u001b[K').filter(Boolean);
    expect(lines).toHaveLength(1 + 500 / 100);
    for (const line of lines) expect(line.length).toBeLessThan(60);
  });
});

describe('colors', () => {
  test.each([
    [{ isTerminal: true }, {}, '\u001b[31mOoD\u001b[39m'],
    [{ isTerminal: true }, { NO_COLOR: '1' }, 'OoD'],
    [{ isTerminal: true }, { TERM: 'dumb' }, 'OoD'],
    [{ isTerminal: false }, {}, 'OoD'],
  ])('%o with %o', (sink, env, expected) => expect(stylesFor(sink, env).alarm('OoD')).toBe(expected));

  test('they do not move columns', () => {
    const columns = [
      { title: 'a', width: 6 },
      { title: 'b', width: 5, isNumber: true },
    ];
    const line = (style?: (text: string) => string) => tableLine(columns, [{ text: 'OoD', style }, { text: '12' }]);
    expect(line()).toBe('OoD        12');
    expect(line((text) => `<${text}>`).replace(/[<>]/g, '')).toBe(line());
  });
});

describe('CSV', () => {
  test('in: quotes, commas and line ends of any system; a byte-order mark', () => {
    expect(csvRows('\ufeffa,b\r\n"x, ""y""\nz",2\n\n3,')).toEqual([
      { cells: ['a', 'b'], line: 1 },
      { cells: ['x, "y"\nz', '2'], line: 2 },
      { cells: ['3', ''], line: 5 },
    ]);
    expect(() => csvRows('score,name\n1,a\n2,"b\n3,c\n')).toThrow('line 3: a quote that opens there is never closed');
  });

  test('out: what comes in again, and no formula', () => {
    expect(csvLine(['=1+1', 'a "b", c', 0.5, true, undefined])).toBe(`'=1+1,"a ""b"", c",0.5,true,`);
    expect(csvRows(csvLine(['a "b", c', 'd\ne']))).toEqual([{ cells: ['a "b", c', 'd\ne'], line: 1 }]);
    expect(csvLine([-1])).toBe('-1'); // a number, and no formula
  });
});

describe('values', () => {
  test('sizes', () => {
    expect(sides('224')).toEqual([224, 224]);
    expect(sides('224x160')).toEqual([224, 160]);
    for (const wrong of ['0', '224x', 'x', '1.5', '5000'])
      expect(() => sides(wrong), wrong).toThrow(/a size up to 4096/);
  });

  test('options of a scorer', () => {
    expect(namedValue('use=mean', namedValue('k=3'))).toEqual({ k: 3, use: 'mean' });
    expect(() => namedValue('k')).toThrow(/k=10/);
  });
});

test('what is missing is asked for, with all that the command needs and its own words', () => {
  const called = { command: 'tfjs-ood score', args: ['score', '--model', 'my model.json'] };
  const packages = ['sharp', ['onnxruntime-node', 'onnxruntime-web']];
  expect(() => requirePackages(called, packages, () => true)).not.toThrow();
  expect(() => requirePackages(called, packages, (name) => name === 'onnxruntime-node')).toThrow(
    "not installed here: sharp. This line brings it for once:\n\n  npx -p tfjs-ood -p sharp -p onnxruntime-node tfjs-ood score --model 'my model.json'",
  );
  expect(() => requirePackages(called, packages, (name) => name === 'sharp')).toThrow(/npm install onnxruntime-web$/);
});

test('a promise: on average, with confidence, of folds, and where there is none', () => {
  const calibration = { count: 24, method: 'held-out', canAlarm: true, guarantee: 0.05, smallestAlpha: 0.04 } as const;
  const text = (more: object, about: object = {}) =>
    promiseText({ cutPoints: { default: 0.05 }, calibration: { ...calibration, ...more }, ...about } as never);
  expect(text({})).toMatch(
    /^Calls at most 5 % of known pictures OoD, on average .*; calibrated by 24 held-out pictures\.$/,
  );
  expect(text({}, { confidence: 0.95 })).toContain('with a confidence of 95 % for this very detector');
  expect(text({ method: 'cross', guarantee: 0.12 })).toMatch(
    /\(12 % is guaranteed, as folds calibrate\).*24 pictures in folds/,
  );
  expect(text({ canAlarm: false })).toBe('Calls nothing OoD at 5 %: 24 held-out pictures allow 4 % at the least.');
});
