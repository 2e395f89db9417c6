import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { evaluate } from 'tfjs-ood/metrics';
import { htmlReport, type Report } from 'tfjs-ood/report';
import { expect, test } from 'vitest';
import { scoreSentence } from '../../src/report/words/score-sentence';
import { makeReport, noPicture } from './report-input';

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const sentenceOf = (known: number[], out: Record<string, number[]>, threshold: number) =>
  scoreSentence(
    {
      title: '',
      evaluation: undefined as never,
      known: { name: 'known', scores: known },
      out: Object.entries(out).map(([name, scores]) => ({ name, scores })),
    } satisfies Report,
    threshold,
  );

/** Ends of Clopper-Pearson by SciPy (test/fixtures/share-words.py). */
const shares = JSON.parse(readFileSync(new URL('../fixtures/share-words.json', import.meta.url), 'utf8')) as {
  count: number;
  of: number;
  said: string;
}[];
const saidOf = (count: number, of: number) => shares.find((one) => one.count === count && one.of === of)!.said;
const [FIVE_OF_100, HALF_OF_100, ALL_OF_40] = [saidOf(5, 100), saidOf(50, 100), saidOf(40, 40)];

test.each(shares)('$count of $of: $said', ({ count, of, said }) => {
  const other = upTo(of).map((i) => (i < count ? 1 : -1));
  expect(sentenceOf(upTo(100, -100), { other }, 0)).toContain(`(${count} of ${of}, ${said})`);
});

test('says what is found and what it costs, the worst set first', () => {
  const sets = { all: upTo(40, 1000), same: upTo(100), half: upTo(100, 45) };
  expect(sentenceOf(upTo(100), sets, 94)).toBe(
    'Finds 5 % of same, 50 % of half and 100 % of all at 5 % false alarms (5 of 100 known images): ' +
      `useless for same (5 of 100, ${FIVE_OF_100}); some of half (50 of 100, ${HALF_OF_100}); most of all (40 of 40, ${ALL_OF_40}).`,
  );
});

test('begins with "Useless" where nothing is found', () => {
  expect(sentenceOf(upTo(100), { same: upTo(100) }, 94)).toBe(
    `Useless: finds 5 % of same (5 of 100, ${FIVE_OF_100}) at 5 % false alarms (5 of 100 known images).`,
  );
  expect(sentenceOf(upTo(100), { same: upTo(100), less: upTo(100, -50) }, 94)).toMatch(
    /^Useless: finds 0 % of less \(0 of 100, [^)]*\) and 5 % of same \(5 of 100, /,
  );
});

test('does not say much of few images, known or not', () => {
  expect(sentenceOf(upTo(100), { two: [1, 99], all: upTo(40, 1000) }, 94)).toContain(
    `: too few images of two to say (1 of 2, ${saidOf(1, 2)}); most of all`,
  );
  expect(sentenceOf([1, 2, 3], { half: upTo(100, 45) }, 94)).toContain(
    'too few known images to say of half (50 of 100',
  );
  expect(sentenceOf(upTo(100), { near: upTo(30, 70) }, 94)).toMatch(
    /: perhaps no more of near than of the known \(5 of 30/,
  );
});

test('a score at the threshold is no alarm; counts are those of a loop', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 0, max: 9 }),
      (known, other, threshold) => {
        const above = (scores: number[]) => scores.filter((score) => score > threshold).length;
        const text = sentenceOf(known, { other }, threshold);
        expect(text).toContain(`(${above(other)} of ${other.length}, between `);
        expect(text).toContain(`(${above(known)} of ${known.length} known images)`);
      },
    ),
  );
});

const documentOf = async (report: Report) => parseHTML(await htmlReport(report, { encodeImage: noPicture })).document;
const leadOf = async (report: Report) => (await documentOf(report)).querySelector('header .lead')!.textContent;

test('the page begins with it, at its own threshold or at that of 95 % of the known images', async () => {
  const known = { name: 'known', scores: upTo(100) };
  const out = [{ name: 'half', scores: upTo(100, 45) }];
  const evaluation = evaluate({ in: known.scores, out: { half: out[0]!.scores } });
  const report = { title: 'Mine', evaluation, known, out };
  expect(await leadOf(report)).toMatch(
    /^Finds 50\u00a0% of half at 5\u00a0% false alarms \(5 of 100 known images\): some/,
  );
  expect(await leadOf({ ...report, threshold: 89 })).toMatch(/^Finds 55\u00a0% of half at 10\u00a0% false alarms/);
  const document = await documentOf({ ...report, sentence: 'By hand.' });
  expect(document.querySelector('header .lead')!.textContent).toBe('By hand.');
});

test('options are text, whatever they hold', async () => {
  const about = {
    augment: { shift: 2, brightness: 0.1, more: { deep: [1, 2] } },
    'decay-after': [151, 2251],
    'unit-length': true,
    none: [],
    name: null,
  };
  const document = await documentOf({ ...makeReport(), about });
  const shown = [...document.querySelectorAll('.about div')].map((row) =>
    [...row.children].map((cell) => cell.textContent),
  );
  expect(shown).toEqual([
    ['augment', 'shift 2, brightness 0.1, more (deep (1, 2))'],
    ['decay-after', '151, 2251'],
    ['unit-length', 'true'],
    ['none', 'none'],
    ['name', 'null'],
  ]);
});

test('a mistake without a picture has the number of its row, one with a picture has not', async () => {
  const report = makeReport();
  const rowsOf = (document: Document) =>
    [...document.querySelectorAll('.grid li')].map((cell) => [
      cell.getAttribute('title'),
      /row (\d+)/.exec(cell.textContent)?.[1],
    ]);
  const without = (set: Report['known']) => {
    const { images, ...rest } = set;
    expect(images).toBeDefined();
    return rest;
  };
  const bare = rowsOf(await documentOf({ ...report, known: without(report.known), out: report.out.map(without) }));
  expect(bare.length).toBeGreaterThan(5);
  for (const [title, row] of bare) expect(title).toBe(`image ${row}`);
  for (const [, row] of rowsOf(await documentOf(report))) expect(row).toBeUndefined();
});
