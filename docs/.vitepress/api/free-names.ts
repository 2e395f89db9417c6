import ts from 'typescript';

/** A label, not a use of a name: `x.name`, `{ name: x }`, and what declares it. */
function isLabel(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isBindingElement(parent) || ts.isImportSpecifier(parent)) return parent.propertyName === node;
  const named = ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent);
  return (named || ts.isMethodDeclaration(parent) || ts.isPropertySignature(parent)) && parent.name === node;
}

/** Names used where nothing in the snippet declares them. */
export function freeNames(source: ts.SourceFile): Set<string> {
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost({}),
    getSourceFile: (name) => (name === source.fileName ? source : undefined),
  };
  const program = ts.createProgram([source.fileName], { noLib: true, noResolve: true, types: [] }, host);
  const checker = program.getTypeChecker();
  const free = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isLabel(node)) {
      const symbol = ts.isShorthandPropertyAssignment(node.parent)
        ? checker.getShorthandAssignmentValueSymbol(node.parent)
        : checker.getSymbolAtLocation(node);
      if (!symbol?.declarations) free.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return free;
}
