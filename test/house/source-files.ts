import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const src = fileURLToPath(new URL('../../src/', import.meta.url));
const WRITTEN_BY_A_BUILD = ['report/page-bundle.ts'];

export const readSource = (file: string): string => readFileSync(src + file, 'utf8');

/** Every file below src that people write, as `folder/file.ts`. */
export function sourceFiles(): string[] {
  const all = readdirSync(src, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return all
    .map(({ parentPath, name }) => `${parentPath}/${name}`.replaceAll('\\', '/').slice(src.length).replace(/^\//, ''))
    .filter((file) => !WRITTEN_BY_A_BUILD.includes(file))
    .sort();
}

export const modules = (): string[] => sourceFiles().filter((file) => file.endsWith('.ts'));

/** `scorers/gaussian/vim.ts` -> `scorers`; '' for a file that lies loose in src. */
export const folderOf = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '');

export const parsed = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, readSource(file), ts.ScriptTarget.ES2022, true);
