import ts from 'typescript';
import { expect, test } from 'vitest';
import { modules, parsed } from './source-files';

function namesIn(binding: ts.BindingName): string[] {
  if (ts.isIdentifier(binding)) return [binding.text];
  return binding.elements.flatMap((element) => (ts.isBindingElement(element) ? namesIn(element.name) : []));
}

/** What a statement exports of its own: what it only passes on under the same name is another module's. */
function exportedNames(statement: ts.Statement, imported: ReadonlySet<string>): string[] {
  if (ts.isExportAssignment(statement)) return ['default'];
  if (ts.isExportDeclaration(statement)) {
    const { exportClause, moduleSpecifier } = statement;
    if (!exportClause || ts.isNamespaceExport(exportClause)) return exportClause ? [exportClause.name.text] : [];
    const own = exportClause.elements.filter(
      ({ name, propertyName = name }) =>
        name.text !== propertyName.text || !(moduleSpecifier || imported.has(propertyName.text)),
    );
    return own.map(({ name }) => name.text);
  }
  const isExported =
    ts.canHaveModifiers(statement) &&
    ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  if (!isExported) return [];
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => namesIn(name));
  }
  const { name } = statement as ts.DeclarationStatement;
  return [name?.text ?? 'default'];
}

function importedNames(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const { name, namedBindings } = statement.importClause ?? {};
    if (name) names.add(name.text);
    if (namedBindings && ts.isNamespaceImport(namedBindings)) names.add(namedBindings.name.text);
    if (namedBindings && ts.isNamedImports(namedBindings))
      for (const one of namedBindings.elements) names.add(one.name.text);
  }
  return names;
}

test('an exported name means one thing in src', () => {
  const places = new Map<string, Set<string>>();
  for (const file of modules()) {
    const source = parsed(file);
    const imported = importedNames(source);
    for (const name of source.statements.flatMap((statement) => exportedNames(statement, imported))) {
      places.set(name, (places.get(name) ?? new Set()).add(file));
    }
  }
  expect(places.size).toBeGreaterThan(500); // it found them
  const ambiguous = [...places].filter(([, files]) => files.size > 1);
  const shown = ambiguous.map(([name, files]) => `${name}: ${[...files].join(', ')}`).join('\n');
  expect(shown).toBe('');
});
