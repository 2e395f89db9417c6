import { expect, test } from 'vitest';
import { codeBlocks, pages } from './code-blocks';
import { plainPrograms } from './plain-programs';

/** Pages that somebody new reads first: what they show runs in plain Node; test/package runs it. */
const FOR_NEWCOMERS = /^(README|docs\/index|docs\/(guide|coming-from)\/.*)\.md$/;
/** What fits the boxes of README on npm and of the site's pages, on a screen of 1300 pixels. */
const WIDEST = 70;

const first = pages().filter((page) => FOR_NEWCOMERS.test(page));

test('what newcomers read is plain JavaScript', () => {
  expect(first.length).toBeGreaterThanOrEqual(8);
  expect(first.flatMap(codeBlocks).map(({ title }) => title)).toEqual([]);
});

test('every block begins a program, or says which one it comes after; its lines fit their box', () => {
  const programs = first.flatMap(plainPrograms);
  expect(programs.length).toBeGreaterThan(12);
  expect(programs.filter(({ width }) => width > WIDEST).map(({ title, width }) => `${title}: ${width}`)).toEqual([]);
});

test('what is shown on the first screen of README is a program of at most 14 lines', () => {
  const [program] = plainPrograms('README.md');
  const lines = program!.code.split('\n').filter((line) => line.trim() !== '');
  expect(lines.length - 2).toBeLessThanOrEqual(14); // less the comparison and its import
});
