import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import tsupConfig from '../tsup.config';

const root = fileURLToPath(new URL('..', import.meta.url));
const { entry } = tsupConfig as { entry: Record<string, string> };
const entries = Object.values(entry).map((file) => `${root}${file}`);

test('every public name has a docstring', () => {
  const config = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram(entries, options);
  const checker = program.getTypeChecker();
  const bare: string[] = [];
  let count = 0;
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      count++;
      if (symbol.getDocumentationComment(checker).length === 0) bare.push(exported.name);
    }
  }
  expect(count).toBeGreaterThan(20);
  expect(bare).toEqual([]);
});
