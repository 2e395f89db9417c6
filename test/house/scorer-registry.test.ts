import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { expect, test } from 'vitest';
import * as scorers from '../../src/scorers/index';
import type { ScorerMethod } from '../../src/scorers/contract/scorer';
import { modules, parsed } from './source-files';

/** A list of scorers and no declaration: whoever loads one gives it. */
const ENSEMBLE = 'ensemble';
const kindOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Exported functions that return what is declared by `defineScorer` and its like, whichever file they are in. */
function declaredScorers(): string[] {
  const isDeclaration = (node: ts.Node): boolean =>
    (ts.isCallExpression(node) && /^define(Row|Logit)?Scorer$/.test(node.expression.getText())) ||
    Boolean(ts.forEachChild(node, (child) => isDeclaration(child) || undefined));
  return modules()
    .filter((file) => /^scorers\//.test(file) && !/\/(contract\/.*|define-\S*)$/.test(file))
    .flatMap((file) => parsed(file).statements.filter(ts.isFunctionDeclaration).filter(isDeclaration))
    .map(({ name }) => name!.text);
}

async function expectFile(path: string, text: string) {
  const file = new URL(`../../src/scorers/${path}`, import.meta.url).pathname;
  const style = { ...(await resolveConfig(file)), parser: 'typescript' };
  const head = '// Written by `npx vitest run test/house -u` from the declarations of scorers in this folder.\n';
  await expect(await format(head + text, style)).toMatchFileSnapshot(file);
}

const names = declaredScorers().sort();

test('every scorer is exported, and its kind is its name', () => {
  expect(names.length).toBeGreaterThan(20);
  const makers = scorers as unknown as Record<string, (() => ScorerMethod) | undefined>;
  expect(names.map((name) => makers[name]?.().kind)).toEqual(names.map(kindOf));
  expect(scorers.ensemble([scorers.energy()]).kind).toBe(ENSEMBLE);
});

test('the kinds, without their code', async () => {
  const kinds = [...names.map(kindOf), ENSEMBLE].sort();
  await expectFile('kinds.ts', `export const KINDS = ${JSON.stringify(kinds)} as const;\n`);
});

test('the methods by kind', async () => {
  const entries = names.map((name) => `'${kindOf(name)}': () => scorers.${name}(),`).join('\n');
  await expectFile(
    'methods.ts',
    `import * as scorers from './index';\n\nexport const METHODS_BY_KIND = {\n${entries}\n} as const;\n`,
  );
});
