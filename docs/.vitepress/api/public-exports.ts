import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** One public name, as its docstring and its declaration in `src` show it. */
export interface PublicExport {
  name: string;
  /** The import paths that have it, in the order of package.json: `tfjs-ood`, `tfjs-ood/scorers`, ... */
  paths: string[];
  kind: 'function' | 'class' | 'constant' | 'type';
  /** Where it is declared: `src/metrics/auroc.ts`. */
  file: string;
  line: number;
  /** The docstring before its first tag; '' where there is none. */
  text: string;
  tags: { tag: string; name: string; text: string }[];
  examples: string[];
  /** Its declaration without the docstring and without bodies. */
  declaration: string;
}

/** The compiler's options of this package: `tfjs-ood/...` stands for the sources. */
export function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile) as { config: object };
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options;
}

/** `tfjs-ood/training` -> src/training/index.ts, for every subpath with types in package.json's `exports`. */
function entries(options: ts.CompilerOptions): Map<string, string> {
  const { name, exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    name: string;
    exports: Record<string, string | { types: string }>;
  };
  const found = new Map<string, string>();
  for (const [subpath, target] of Object.entries(exports)) {
    if (typeof target === 'string') continue; // a plain file
    const path = name + subpath.slice(1);
    const { resolvedModule } = ts.resolveModuleName(path, `${root}test/any.ts`, options, ts.sys);
    if (!resolvedModule) throw new Error(`${path} of package.json has no source that tsconfig.json names`);
    found.set(path, resolvedModule.resolvedFileName);
  }
  return found;
}

function kindOf(symbol: ts.Symbol): PublicExport['kind'] {
  if (symbol.flags & ts.SymbolFlags.Function) return 'function';
  if (symbol.flags & ts.SymbolFlags.Class) return 'class';
  return symbol.flags & ts.SymbolFlags.Value ? 'constant' : 'type';
}

/** Private, for other folders of the package alone, or the work of a base class that tfjs calls. */
const isHidden = (node: ts.Node) =>
  ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal') ||
  (ts.canHaveModifiers(node) &&
    ts
      .getModifiers(node)
      ?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.OverrideKeyword));

/** A declaration as a reader wants it: no docstring on top, no bodies, no private members. */
function declarationOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const nodes = symbol.declarations!.filter(
    (node) => !ts.isFunctionDeclaration(node) || !isImplementation(node, symbol),
  );
  return nodes
    .map((node) => {
      const source = node.getSourceFile();
      const full = source.text;
      const text = (from: number, to: number) => full.slice(from, to).trimEnd();
      if (ts.isFunctionDeclaration(node)) return text(node.getStart(), node.body?.pos ?? node.end).replace(/;?$/, ';');
      if (ts.isVariableDeclaration(node)) {
        const type = checker.typeToString(checker.getTypeOfSymbol(symbol), node, ts.TypeFormatFlags.NoTruncation);
        return `export const ${symbol.name}: ${node.type?.getText() ?? type};`;
      }
      if (!ts.isClassDeclaration(node)) return text(node.getStart(), node.end);
      const members = node.members.filter((member) => !isHidden(member));
      const lines = members.map((member) => {
        const body = 'body' in member ? (member.body as ts.Node | undefined) : undefined;
        return `  ${text(member.getFullStart(), body?.pos ?? member.end)
          .trimStart()
          .replace(/;?$/, ';')}`;
      });
      return `${text(node.getStart(), node.members.pos)}\n${lines.join('\n')}\n}`;
    })
    .join('\n');
}

/** Of an overloaded function the implementation is not public. */
const isImplementation = (node: ts.FunctionDeclaration, symbol: ts.Symbol) =>
  node.body !== undefined && symbol.declarations!.filter(ts.isFunctionDeclaration).length > 1;

/** A docstring before its first tag; of an overloaded function each has its paragraph. */
function textOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const signatures = symbol.flags & ts.SymbolFlags.Function ? checker.getTypeOfSymbol(symbol).getCallSignatures() : [];
  const documented = signatures.length > 1 ? signatures : [symbol];
  return documented.map((one) => ts.displayPartsToString(one.getDocumentationComment(checker))).join('\n\n');
}

/** Everything that a user can import, by package.json's `exports`; no list to keep. */
export function publicExports(): PublicExport[] {
  const options = compilerOptions();
  const files = entries(options);
  const program = ts.createProgram([...files.values()], options);
  const checker = program.getTypeChecker();
  const found = new Map<ts.Symbol, PublicExport>();
  for (const [path, file] of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const known = found.get(symbol);
      if (known) {
        known.paths.push(path);
        continue;
      }
      const node = symbol.declarations![0]!;
      const source = node.getSourceFile();
      const tags = symbol.getJsDocTags(checker).map(({ name: tag, text = [] }) => {
        const name = text.find(({ kind }) => kind === 'parameterName')?.text ?? '';
        const said = ts.displayPartsToString(text);
        return { tag, name, text: (name && said.startsWith(name) ? said.slice(name.length) : said).trim() };
      });
      found.set(symbol, {
        name: exported.name,
        paths: [path],
        kind: kindOf(symbol),
        file: source.fileName.slice(root.length),
        line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1,
        text: textOf(symbol, checker),
        tags: tags.filter(({ tag }) => tag !== 'example'),
        examples: tags.filter(({ tag }) => tag === 'example').map(({ text }) => text),
        declaration: declarationOf(symbol, checker),
      });
    }
  }
  return [...found.values()];
}
