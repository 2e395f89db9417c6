import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { folderOf, modules, readSource } from './source-files';

/** What each folder of src may import, from the lowest to the highest: eslint.config.js reads it too. */
const table = JSON.parse(readFileSync(new URL('import-table.json', import.meta.url), 'utf8')) as Record<
  string,
  string[]
>;

/** Folders that a module imports from, types too; its own and what lies loose in src are no arrows. */
function importedFolders(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readSource(file), true, true);
  return importedFiles
    .map(({ fileName }) => (fileName.startsWith('.') ? posix.join(posix.dirname(file), fileName) : ''))
    .map(folderOf)
    .filter((folder) => folder !== '' && folder !== folderOf(file));
}

test('the import table is exactly what folders import from each other', () => {
  const imported: Record<string, Set<string>> = {};
  for (const file of modules()) {
    const folder = folderOf(file);
    if (folder === '') continue;
    const found = (imported[folder] ??= new Set());
    for (const other of importedFolders(file)) found.add(other);
  }
  const granted = Object.entries(table).map(([folder, others]) => [folder, [...others].sort()]);
  const used = Object.entries(imported).map(([folder, others]) => [folder, [...others].sort()]);
  expect(Object.fromEntries(granted), 'granted, where imported is').toEqual(Object.fromEntries(used));
});

test('imports point one way: a folder is granted only what stands above it in the table', () => {
  const folders = Object.keys(table);
  const backwards = folders.flatMap((folder, at) =>
    table[folder]!.filter((other) => folders.indexOf(other) >= at).map((other) => `${folder} -> ${other}`),
  );
  expect(backwards).toEqual([]);
});

const packageNames = (file: string): string[] =>
  ts
    .preProcessFile(readSource(file), true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => /^tfjs-ood\b/.test(name));

test('no module of src imports another by the package name, but the command line, which has nothing else', () => {
  const byName = modules().filter((file) => packageNames(file).length > 0);
  expect(byName.filter((file) => folderOf(file) !== 'cli')).toEqual([]);
  expect(byName.length).toBeGreaterThan(5); // the table grants it no folder: what it needs is public
});
