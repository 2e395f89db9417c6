import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { comparisonTable, evaluate, evaluationTable, type Evaluation } from 'tfjs-ood/metrics';

const inside = [0.1, 0.2, 0.3, 0.4, 0.4, 0.55];
const result = evaluate(
  { in: inside, out: { svhn: [0.35, 0.4, 0.6, 0.7], 'a|b_c': [0.5, 0.9], '=noise, 1': [3, 4] } },
  { groups: { near: ['svhn'], far: ['a|b_c', '=noise, 1'] }, method: 'delong' },
);
const other = evaluate({ in: [1, 2], out: { svhn: [1.5] } });
const lines = (...all: string[]) => `${all.join('\n')}\n`;

describe('evaluationTable', () => {
  const columns = ['outCount', 'prevalence', 'auroc', 'auprIn'] as const;
  test('Markdown', () => {
    expect(evaluationTable(result, { columns, digits: 3, interval: true })).toBe(
      lines(
        '| OoD set     | OoD | share of OoD |                AUROC | AUPR-in |',
        '|-------------|----:|-------------:|---------------------:|--------:|',
        '| svhn        |   4 |        0.400 | 0.792 [0.484, 1.000] |   0.863 |',
        '| a\\|b_c      |   2 |        0.250 | 0.917 [0.686, 1.000] |   0.976 |',
        '| =noise, 1   |   2 |        0.250 | 1.000 [1.000, 1.000] |   1.000 |',
        '| near (mean) |     |              |                0.792 |   0.863 |',
        '| far (mean)  |     |              |                0.958 |   0.988 |',
      ),
    );
  });
  test('LaTeX', () => {
    expect(evaluationTable(result, { columns, format: 'latex', percent: true })).toBe(
      lines(
        '\\begin{tabular}{lrrrr}',
        '\\toprule',
        'OoD set & OoD & share of OoD & AUROC & AUPR-in \\\\',
        '\\midrule',
        'svhn & 4 & 40.00 & 79.17 & 86.31 \\\\',
        'a|b\\_c & 2 & 25.00 & 91.67 & 97.62 \\\\',
        '=noise, 1 & 2 & 25.00 & 100.00 & 100.00 \\\\',
        '\\midrule',
        'near (mean) &  &  & 79.17 & 86.31 \\\\',
        'far (mean) &  &  & 95.83 & 98.81 \\\\',
        '\\bottomrule',
        '\\end{tabular}',
      ),
    );
    expect(evaluationTable(other, { format: 'latex' })).toContain('FPR at 95 \\% TPR (in positive) &');
    expect(evaluationTable(other, { format: 'latex' }).match(/midrule/g)).toHaveLength(1); // no groups, no second rule
  });
  test('CSV', () => {
    expect(evaluationTable(result, { columns, format: 'csv', interval: true, digits: 1, percent: true })).toBe(
      'name,kind,outCount,prevalence,auroc,aurocLower,aurocUpper,auprIn\r\n' +
        'svhn,set,4,0.4,0.7916666666666666,0.4839287413973618,1,0.8630952380952381\r\n' +
        'a|b_c,set,2,0.25,0.9166666666666666,0.6856826959417208,1,0.9761904761904762\r\n' +
        '"\'=noise, 1",set,2,0.25,1,1,1,1\r\n' +
        'near,group,,,0.7916666666666666,,,0.8630952380952381\r\n' +
        'far,group,,,0.9583333333333333,,,0.9880952380952381\r\n',
    );
  });
  test('text', () => {
    expect(evaluationTable(result, { columns: ['auroc', 'detectionError'], format: 'text' })).toBe(
      lines(
        'OoD set       AUROC  detection error',
        'svhn         0.7917           0.2500',
        'a|b_c        0.9167           0.0833',
        '=noise, 1    1.0000           0.0000',
        'near (mean)  0.7917           0.2500',
        'far (mean)   0.9583           0.0417',
      ),
    );
  });
  test('by default Markdown with every metric, both FPRs by name', () => {
    const [head] = evaluationTable(other).split('\n');
    expect(head!.split('|').map((cell) => cell.trim())).toEqual([
      '',
      'OoD set',
      'OoD',
      'AUROC',
      'AUPR-in',
      'AUPR-out',
      'FPR at 95 % TPR (in positive)',
      'FPR at 95 % TPR (OoD positive)',
      'detection error',
      '',
    ]);
  });
});

describe('comparisonTable', () => {
  const entries = [
    { name: 'msp', result },
    { name: '+energy', result: other },
  ];
  test('Markdown, the best in bold', () => {
    expect(comparisonTable(entries, { best: true, percent: true })).toBe(
      lines(
        '| detector |      svhn |    a\\|b_c |  =noise, 1 | near (mean) | far (mean) |',
        '|----------|----------:|----------:|-----------:|------------:|-----------:|',
        '| msp      | **79.17** | **91.67** | **100.00** |   **79.17** |  **95.83** |',
        '| +energy  |     50.00 |         - |          - |           - |          - |',
      ),
    );
  });
  test('LaTeX: nothing bold unless asked', () => {
    const plain = comparisonTable(entries, { format: 'latex', digits: 2 });
    expect(plain).not.toContain('textbf');
    expect(plain).toContain(
      'msp & 0.79 & 0.92 & 1.00 & 0.79 & 0.96 \\\\\n+energy & 0.50 & - & - & - & - \\\\\n\\bottomrule',
    );
    expect(comparisonTable(entries, { format: 'latex', best: true, digits: 2 })).toContain('msp & \\textbf{0.79} &');
  });
  test('CSV marks nothing', () => {
    expect(comparisonTable(entries, { format: 'csv', best: true, metric: 'auprIn' })).toBe(
      'detector,svhn,a|b_c,"\'=noise, 1",near (mean),far (mean)\r\n' +
        'msp,0.8630952380952381,0.9761904761904762,1,0.8630952380952381,0.9880952380952381\r\n' +
        "'+energy,0.8333333333333333,,,,\r\n",
    );
  });
  test('text: lower is better for an error', () => {
    expect(comparisonTable(entries, { format: 'text', best: true, metric: 'detectionError', digits: 2 })).toBe(
      lines(
        'detector  svhn   a|b_c   =noise, 1   near (mean)   far (mean)',
        'msp       0.25*   0.08*       0.00*         0.25*        0.04*',
        '+energy   0.25*      -           -             -            -',
      ),
    );
    expect(
      comparisonTable(entries, { format: 'text', metric: 'auroc', interval: true, digits: 1 }).split('\n')[1],
    ).toBe('msp       0.8 [0.5, 1.0]  0.9 [0.7, 1.0]  1.0 [1.0, 1.0]          0.8         1.0');
  });
  test('digits that are not shown decide nothing', () => {
    const of = (out: number[]) => evaluate({ in: Array.from({ length: 100 }, (_, i) => i), out: { a: out } });
    const close = [
      { name: 'x', result: of([99.5, 50.5]) },
      { name: 'y', result: of([99.5, 51.5]) },
    ];
    expect(comparisonTable(close, { best: true, digits: 1 }).match(/\*\*0\.8\*\*/g)).toHaveLength(2);
    expect(comparisonTable(close, { best: true }).match(/\*\*/g)).toHaveLength(2);
  });
  test('groups of different sets do not share a column', () => {
    const out = { a: [1], b: [2] };
    const of = (far: string[]) => evaluate({ in: [1], out }, { groups: { far } });
    const both = (first: string[], second: string[]) => () =>
      comparisonTable([
        { name: 'x', result: of(first) },
        { name: 'y', result: of(second) },
      ]);
    expect(both(['a'], ['b', 'a'])).toThrow('groups.far of y must be of the same sets (a), got a, b');
    expect(both(['a', 'b'], ['b', 'a'])).not.toThrow();
  });
});

test('bad options', () => {
  const bad = (options: object) => () => evaluationTable(result, options);
  expect(bad({ format: 'html5' })).toThrow(
    'evaluationTable: format must be one of markdown, latex, csv, text, html, got html5',
  );
  expect(bad({ format: 'toString' })).toThrow(ArgumentError);
  expect(bad({ columns: ['auroc', 'fpr'] })).toThrow('columns must be names among outCount, prevalence, auroc');
  for (const digits of [-1, 1.5, 21, NaN])
    expect(bad({ digits })).toThrow('digits must be a whole number from 0 to 20');
  expect(() => comparisonTable([])).toThrow('comparisonTable: entries must be at least one detector, got none');
  expect(() => comparisonTable([{ name: 'x', result }], { metric: 'prevalence' as 'auroc' })).toThrow(
    'metric must be one of',
  );
  expect(() => comparisonTable([{ name: 'x', result }], { format: 'xml' as 'csv' })).toThrow(ArgumentError);
});

describe('names', () => {
  const named = (name: string): Evaluation => {
    const one = evaluate({ in: [1], out: { x: [2] } });
    return { ...one, sets: Object.fromEntries([[name, one.sets.x!]]) };
  };
  const cellOf = (name: string, format: 'markdown' | 'latex' | 'csv' | 'text') =>
    evaluationTable(named(name), { format, columns: ['auroc'] });
  const nasty = fc.string({ unit: fc.constantFrom(...'a1_|\\`*[]<~&%#${}^"\',;=+-@\n\r\t é'), maxLength: 8 });
  const flat = (name: string) => name.replace(/[\n\r\t]+/g, ' ');

  test('LaTeX: each special sign', () => {
    expect(cellOf('_&%#${}~^\\', 'latex')).toContain(
      '\n\\_\\&\\%\\#\\$\\{\\}\\textasciitilde{}\\textasciicircum{}\\textbackslash{} & 1.0000 \\\\\n',
    );
    expect(cellOf('[2]*', 'latex')).toContain('\n{[}2]{*} & 1.0000 \\\\\n');
  });
  test('LaTeX: escaping can be undone, and leaves no sign bare', () => {
    fc.assert(
      fc.property(nasty, (name) => {
        const cell = cellOf(name, 'latex')
          .split('\n')[4]!
          .replace(/ & 1\.0000 \\\\$/, '');
        const tokens =
          /\\textbackslash\{\}|\\textasciitilde\{\}|\\textasciicircum\{\}|\\[_&%#${}]|\{[[*]\}|[^\\~^_&%#${}[*]/gu;
        const back: Record<string, string> = {
          '\\textbackslash{}': '\\',
          '\\textasciitilde{}': '~',
          '\\textasciicircum{}': '^',
          '{[}': '[',
          '{*}': '*',
        };
        const found = cell.match(tokens) ?? [];
        expect(found.join('')).toBe(cell);
        expect(found.map((t) => back[t] ?? t.replace(/^\\/, '')).join('')).toBe(flat(name));
      }),
      { numRuns: 2000 },
    );
  });
  test('Markdown: escaping can be undone, and no cell is opened', () => {
    fc.assert(
      fc.property(nasty, (name) => {
        const row = cellOf(name, 'markdown').split('\n');
        expect(row).toHaveLength(4);
        const [, cell, number] = row[2]!.split(/(?<=(?:^|[^\\])(?:\\\\)*)\|/);
        expect(number!.trim()).toBe('1.0000');
        expect(cell!.slice(1).trimEnd().replace(/\\(.)/g, '$1')).toBe(flat(name).trimEnd());
        expect(row[2]!.length).toBe(row[0]!.length); // aligned
      }),
      { numRuns: 2000 },
    );
    expect(cellOf('tiny_imagenet _x_ <b> `c` [d](e)', 'markdown')).toContain(
      '| tiny_imagenet \\_x\\_ \\<b> \\`c\\` \\[d\\](e) |',
    );
  });
  test('CSV: read back by the rules of RFC 4180; no formula', () => {
    const parse = (csv: string): string[][] => {
      const [rows, row]: [string[][], string[]] = [[], []];
      for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
        row.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
        if (end === '\r\n') rows.push(row.splice(0));
      }
      return rows;
    };
    fc.assert(
      fc.property(nasty, (name) => {
        const csv = cellOf(name, 'csv');
        const guarded = /^[=+\-@\t\r\n]/.test(name) ? `'${name}` : name;
        expect(parse(csv)).toEqual([
          ['name', 'kind', 'auroc'],
          [guarded, 'set', '1'],
        ]);
      }),
      { numRuns: 2000 },
    );
  });
  test('text: one line a row', () => {
    expect(cellOf('a\nb\tc', 'text')).toBe('OoD set   AUROC\na b c    1.0000\n');
  });
});

test('HTML: a table whose names are text, groups as its foot', () => {
  const hostile = evaluate({ in: [0, 1], out: { '<img src=x>&"': [2, 3] } }, { groups: { all: ['<img src=x>&"'] } });
  expect(evaluationTable(hostile, { format: 'html', columns: ['auroc', 'outCount'], digits: 2 })).toBe(
    '<table>\n<thead><tr><th scope="col">OoD set</th><th scope="col">AUROC</th><th scope="col">OoD</th></tr></thead>\n<tbody>\n' +
      '<tr><th scope="row">&lt;img src=x&gt;&amp;&quot;</th><td>1.00</td><td>2</td></tr>\n' +
      '<tr class="foot"><th scope="row">all (mean)</th><td>1.00</td><td></td></tr>\n</tbody>\n</table>\n',
  );
});
