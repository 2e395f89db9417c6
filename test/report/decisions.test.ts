import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, test } from 'vitest';
import { fitOutputDetector, type DetectorEvaluation } from 'tfjs-ood/detector';
import { nearestClassMean } from 'tfjs-ood/scorers';
import { htmlReport, reportFigures, type Report } from 'tfjs-ood/report';
import { points } from '../detector/evaluation/made-points';
import { makeReport, noPicture } from './report-input';

const encodeImage = noPicture;
const documentOf = async (report: Report) => parseHTML(await htmlReport(report, { encodeImage })).document;

const wordsIn = ({ textContent }: Element) => textContent.replaceAll('\u00a0%', ' %');

describe('a report of what a detector said of itself', () => {
  let result: DetectorEvaluation;
  beforeAll(async () => {
    await setBackend('cpu');
    const options = { scorer: nearestClassMean(), classNames: ['cat', 'dog'], cutPoints: { strict: 0.02 } };
    const detector = await fitOutputDetector(points(400, 1), options);
    result = await detector.evaluate(
      { known: points(90, 2), strange: { far: points(30, 3, 9), near: points(25, 4, 2) } },
      { confidence: 0.9 },
    );
    detector.dispose();
  });

  test('takes the result as it is, also from JSON, and begins with its sentence', async () => {
    const document = await documentOf({ title: 'Mine', ...result });
    const header = document.querySelector('header')!;
    expect([...header.children].map(wordsIn)).toEqual(['Mine', result.sentence]);
    const sentences = [...document.querySelectorAll('.sentences li')].map(wordsIn);
    expect(sentences).toEqual([result.known.sentence, ...result.out.map(({ sentence }) => sentence)]);
    const first = document.querySelector('main > section')!;
    expect(first.getAttribute('aria-labelledby')).toBe('decisions-title');
    const parsed = JSON.parse(JSON.stringify(result)) as DetectorEvaluation;
    expect(await htmlReport({ title: 'Mine', ...parsed })).toBe(await htmlReport({ title: 'Mine', ...result }));
    const { figures } = await reportFigures({ title: 'Mine', ...result });
    expect(Object.keys(figures).sort()).toEqual(['confusion', 'histogram', 'precision-recall', 'roc']); // of nearest
  });

  test('has each cut-point in a column, with counts and intervals', async () => {
    const document = await documentOf({ title: 'Mine', ...result });
    const rows = [...document.querySelectorAll('#decisions tr')].map((row) =>
      [...row.children].map(({ textContent }) => textContent),
    );
    expect(rows[0]).toEqual(['Called OoD', 'strict (2 %)', 'default (5 %)']);
    expect(rows.map(([name]) => name).slice(1)).toEqual(['known', 'far', 'near']);
    const { count, of, lower, upper } = result.known.falseAlarms.default!;
    const percent = (share: number) => (100 * share).toFixed(1);
    expect(rows[1]![2]).toBe(`${count} of ${of}: ${percent(count / of)} % [${percent(lower)}, ${percent(upper)}]`);
    expect(rows[2]![2]).toMatch(/^30 of 30: 100\.0 % \[90\.5, 100\.0\]$/);
    expect(document.querySelector('#numbers-title ~ .note')!.textContent).toContain('the 90 % confidence interval');
    expect(document.querySelector('#histogram-text')!.textContent).toContain(result.threshold!.toPrecision(4));
  });

  test('refuses parts that are none', async () => {
    const of = (change: object) => expect(documentOf({ title: 'Mine', ...result, ...change })).rejects;
    await of({ sentence: 5 }).toThrow('htmlReport: sentence must be a string, got 5');
    await of({ known: { ...result.known, sentence: {} } }).toThrow('htmlReport: known.sentence must be a string');
    const shares = 'must be { alpha, count, of, lower, upper } by the name of a cut-point, all numbers';
    for (const falseAlarms of [5, [1], { strict: null }, { strict: { ...result.known.falseAlarms.strict, of: '9' } }]) {
      await of({ known: { ...result.known, falseAlarms } }).toThrow(`htmlReport: known.falseAlarms ${shares}`);
    }
    await of({ out: [{ ...result.out[0], found: { strict: {} } }] }).toThrow(`htmlReport: out[0].found ${shares}`);
  });
});

test('a report of scores alone has no such section; one sentence by hand stands first', async () => {
  const plain = makeReport();
  expect((await documentOf(plain)).querySelector('#decisions, .sentences')).toBeNull();
  const document = await documentOf({ ...plain, sentence: 'Finds <b>most</b>.' });
  expect(document.querySelector('header .lead')!.textContent).toBe('Finds <b>most</b>.');
  expect(document.querySelector('#decisions-title')).toBeNull();
});

test('words and names of cut-points are text', async () => {
  const attack = '"><img src=x onerror=alert(1)>';
  const share = { alpha: 0.05, count: 1, of: 90, lower: 0, upper: 0.06 };
  const report = makeReport();
  const document = await documentOf({
    ...report,
    sentence: attack,
    known: { ...report.known, sentence: attack, falseAlarms: { [attack]: share } },
  });
  expect(document.querySelectorAll('[onerror], img')).toHaveLength(0);
  expect(document.querySelector('#decisions th + th')!.textContent).toBe(`${attack} (5 %)`);
});
