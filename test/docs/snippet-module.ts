import ts from 'typescript';
import { freeNames } from '../../docs/.vitepress/api/free-names';
import type { PublicExport } from '../../docs/.vitepress/api/public-exports';
import type { Snippet } from './code-blocks';
import { looksLikeValue } from './shown-value';

/** Names that a reader knows where to get, beside the package's own. */
const known: Record<string, string> = {
  tf: `import * as tf from '@tensorflow/tfjs-core';`,
  tfl: `import * as tfl from '@tensorflow/tfjs-layers';`,
  readFile: `import { readFile } from 'node:fs/promises';`,
  writeFile: `import { writeFile } from 'node:fs/promises';`,
};

/** The compiler finds any folder of src; a user has the paths of package.json alone. */
function checkPublic(
  title: string,
  { importClause }: ts.ImportDeclaration,
  from: string,
  exports: ReadonlyMap<string, PublicExport>,
): void {
  const names = importClause?.namedBindings;
  if (!from.startsWith('tfjs-ood') || !names || !ts.isNamedImports(names)) return;
  for (const { name, propertyName = name } of names.elements) {
    const paths = exports.get(propertyName.text)?.paths;
    if (!paths?.includes(from))
      throw new Error(`${title}: ${propertyName.text} is in ${paths?.join(', ')}, not in ${from}`);
  }
}

const commentText = (text: string, range: ts.CommentRange) => text.slice(range.pos + 2, range.end).trim();

/** The comment behind a statement, or alone on the line after it. */
export function commentOf(text: string, statement: ts.Statement): string | undefined {
  const [behind] = ts.getTrailingCommentRanges(text, statement.end) ?? [];
  if (behind) return commentText(text, behind);
  const [below] = ts.getLeadingCommentRanges(text, statement.end) ?? [];
  return below && /^\s*\n\s*$/.test(text.slice(statement.end, below.pos)) ? commentText(text, below) : undefined;
}

/** What a statement gives: its value, the arguments that it logs, or the names that it declares. */
export function valuesOf(statement: ts.Statement): string[] {
  if (ts.isExpressionStatement(statement)) {
    const { expression } = statement;
    const isLog = ts.isCallExpression(expression) && expression.expression.getText() === 'console.log';
    return isLog ? expression.arguments.map((argument) => argument.getText()) : [expression.getText()];
  }
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap(({ name }) =>
    ts.isIdentifier(name) ? [name.text] : name.elements.map((element) => (element as ts.BindingElement).name.getText()),
  );
}

/**
 * A module that runs a snippet: what it uses of the package is imported from where it is public, what it takes for
 * given comes from `given`, and every comment that begins like a value is compared with the value. `standIns` replaces
 * modules by others.
 */
export function snippetModule(
  { owner, title, code }: Snippet,
  exports: ReadonlyMap<string, PublicExport>,
  given: Readonly<Record<string, object>>,
  standIns: Readonly<Record<string, string>>,
): string {
  const source = ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.ES2022, true);
  const text = source.text;
  const imports: string[] = [];
  const body: string[] = [];
  let compared = 0;
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      const from = (statement.moduleSpecifier as ts.StringLiteral).text;
      checkPublic(title, statement, from, exports);
      imports.push(statement.getText().replace(`'${from}'`, `'${standIns[from] ?? from}'`));
      continue;
    }
    const comment = commentOf(text, statement);
    if (comment === undefined || !looksLikeValue(comment)) {
      body.push(statement.getText());
      continue;
    }
    compared++;
    const check = `await shown([${valuesOf(statement).join(', ')}], ${JSON.stringify(comment)});`;
    body.push(ts.isExpressionStatement(statement) ? check : `${statement.getText()}\n${check}`);
  }
  const shownValues = [...text.matchAll(/\/\/ (.*)$/gm)].filter(([, comment]) => looksLikeValue(comment!)).length;
  if (shownValues !== compared) {
    throw new Error(`${title}: ${shownValues} comments show a value, ${compared} of them stand behind a statement`);
  }

  const lines: string[] = [];
  for (const name of freeNames(source)) {
    const section = [owner, 'everywhere'].find((key) => name in (given[key] ?? {}));
    const found = exports.get(name);
    if (section) lines.push(`const ${name} = await given['${section}'].${name}();`);
    else if (found) imports.push(`import { ${found.kind === 'type' ? 'type ' : ''}${name} } from '${found.paths[0]}';`);
    else if (known[name]) imports.push(known[name]);
  }
  const harness = [
    `import { given } from '../../test/docs/given';`,
    `import { shown } from '../../test/docs/shown-value';`,
  ];
  return [
    ...harness,
    ...imports,
    'export async function run() {',
    ...lines,
    'void [given, shown];',
    ...body,
    '}',
    '',
  ].join('\n');
}
