import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import '@tensorflow/tfjs-backend-cpu';
import 'tfjs-ood/wasm';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { compilerOptions, publicExports } from '../../docs/.vitepress/api/public-exports';
import { codeBlocks, pages, type Snippet } from './code-blocks';
import { notRun, standIns } from './exceptions';
import { given } from './given';
import { makeFiles } from './given-files';
import { snippetModule } from './snippet-module';

const exports = publicExports();
const snippets: Snippet[] = [
  ...exports.flatMap(({ name, examples }) =>
    examples.map((code, i) => ({ owner: name, title: `${name}, example ${i + 1}`, code })),
  ),
  ...pages().flatMap(codeBlocks),
];

const folder = fileURLToPath(new URL('../../runs/docs-examples', import.meta.url));
const fileOf = (index: number) => join(folder, `${index}.ts`);
const byName = new Map(exports.map((exported) => [exported.name, exported]));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
snippets.forEach((snippet, i) => writeFileSync(fileOf(i), snippetModule(snippet, byName, given, standIns)));

const exceptionOf = ({ owner, code }: Snippet) =>
  notRun.find((exception) => exception.owner === owner && code.includes(exception.containing));

test('every public name has a docstring, and every one with a value an example', () => {
  expect(exports.length).toBeGreaterThan(300);
  const bare = exports.filter(({ text }) => text === '').map(({ name, paths }) => `${paths[0]}: ${name}`);
  expect(bare, 'without a docstring').toEqual([]);
  const unshown = exports.filter(({ kind, examples }) => kind !== 'type' && examples.length === 0);
  expect(
    unshown.map(({ name, file }) => `${file}: ${name}`),
    'without an example',
  ).toEqual([]);
});

test('every example and every block of the pages passes the compiler, strictly', () => {
  // As strict as a user's project is; names that an example makes and does not use are no mistake.
  const options = { ...compilerOptions(), noUnusedLocals: false, noUncheckedIndexedAccess: true };
  const program = ts.createProgram(
    snippets.map((_, i) => fileOf(i)),
    { ...options, exactOptionalPropertyTypes: false },
  );
  const wrong = snippets.flatMap(({ title, code }, i) => {
    const file = program.getSourceFile(fileOf(i));
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ messageText }) => `${title}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}\n${code}`);
  });
  expect(wrong).toEqual([]);
});

test('every exception is of a snippet that there is', () => {
  const stale = notRun.filter((exception) => !snippets.some((snippet) => exceptionOf(snippet) === exception));
  expect(stale).toEqual([]);
});

describe('runs, and shows what it gives', () => {
  const before = process.cwd();
  let place = '';
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'tfjs-ood-docs-'));
    process.chdir(place); // what an example reads and writes lies here
    await makeFiles(place);
    await tf.setBackend('wasm');
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
  });
  afterAll(() => {
    vi.restoreAllMocks();
    process.chdir(before);
    rmSync(place, { recursive: true, force: true });
  });
  for (const [i, snippet] of snippets.entries()) {
    if (exceptionOf(snippet)) continue;
    test(snippet.title, async () => {
      const { run } = (await import(/* @vite-ignore */ fileOf(i))) as { run(): Promise<void> };
      await run();
    });
  }
});
