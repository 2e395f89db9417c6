import ts from 'typescript';
import { readPage } from './code-blocks';
import { looksLikeValue } from './shown-value';
import { commentOf, valuesOf } from './snippet-module';

/** A `js` block as a reader runs it: by itself, or behind those that it says it comes after. */
export interface Program {
  /** `docs/guide/twenty-pictures.md:8`. */
  title: string;
  /** The widest line that the page shows of it. */
  width: number;
  code: string;
}

/** What a block that does not begin a program says in its first line. */
const AFTER = /^\/\/ after the (program above|first program of this page)\n/;

/**
 * The code, with every comment that begins like a value compared with the value: `await shown([values], comment)`
 * behind the statement.
 */
function checked(title: string, code: string): string {
  const source = ts.createSourceFile('program.mjs', code, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  let compared = 0;
  const parts = source.statements.map((statement) => {
    const comment = commentOf(source.text, statement);
    if (comment === undefined || !looksLikeValue(comment)) return statement.getFullText();
    compared++;
    return `${statement.getFullText()}\nawait shown([${valuesOf(statement).join(', ')}], ${JSON.stringify(comment)});`;
  });
  const wanted = [...code.matchAll(/\/\/ (.*)$/gm)].filter(([, comment]) => looksLikeValue(comment!)).length;
  if (wanted !== compared) {
    throw new Error(`${title}: ${wanted} comments show a value, ${compared} of them stand behind a statement`);
  }
  return `import { shown } from './shown.mjs';\n${parts.join('')}\n`;
}

/**
 * The programs of a page, each as long as it gets: a block that others come after is run as their beginning, unless
 * none does.
 *
 * @throws Error where a block comes after none
 */
export function plainPrograms(page: string): Program[] {
  const text = readPage(page);
  const blocks = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => ({
    code: match[1]!,
    title: `${page}:${text.slice(0, match.index).split('\n').length}`,
  }));
  const chains: number[][] = [];
  for (const [at, { code, title }] of blocks.entries()) {
    const after = AFTER.exec(code)?.[1];
    const before = after === undefined ? [] : chains[after === 'program above' ? at - 1 : 0];
    if (before === undefined) throw new Error(`${title} comes after no program`);
    chains.push([...before, at]);
  }
  const isBeginning = (chain: number[]) => chains.some((other) => other.length > chain.length && other[chain.length - 1] === chain.at(-1)); // prettier-ignore
  return chains
    .filter((chain) => !isBeginning(chain))
    .map((chain) => {
      const parts = chain.map((at) => blocks[at]!);
      const code = parts.map((part) => part.code).join('\n');
      const title = parts.map((part) => part.title).join(', ');
      return { title, width: Math.max(...code.split('\n').map(({ length }) => length)), code: checked(title, code) };
    });
}
