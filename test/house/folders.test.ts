import { expect, test } from 'vitest';
import { folderOf, readSource, sourceFiles } from './source-files';

const MOST_FILES = 20;
const MOST_LINES = 300;

test('no file lies loose in src but index.ts', () => {
  expect(sourceFiles().filter((file) => folderOf(file) === '')).toEqual(['index.ts']);
});

test(`no folder of src holds more than ${MOST_FILES} files`, () => {
  const counts: Record<string, number> = {};
  for (const file of sourceFiles()) {
    const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')));
    counts[folder] = (counts[folder] ?? 0) + 1;
  }
  const crowded = Object.keys(counts).filter((folder) => counts[folder]! > MOST_FILES);
  expect(crowded).toEqual([]);
});

test(`no file of src is longer than ${MOST_LINES} lines`, () => {
  const lines = (file: string) => readSource(file).split('\n').length - 1; // the last one ends too
  expect(sourceFiles().filter((file) => lines(file) > MOST_LINES)).toEqual([]);
});
