import { readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

/** What a module exports: its own names, and those of others by the file they come from. */
interface Exports {
  readonly own: ReadonlySet<string>;
  readonly named: ReadonlyMap<string, { readonly from: string; readonly name: string }>;
  readonly all: readonly string[];
}

const known = new Map<string, Exports>();

/**
 * The source of a module with its named imports and exports taken from the files that declare them, in place of an
 * index that passes them on. The bundler puts into one chunk what the same entries can reach: by way of an index each
 * would reach, and load, all that the index names.
 */
export function withDirectImports(path: string, source: string): string {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest);
  let text = source;
  for (const statement of [...file.statements].reverse()) {
    const replaced = directStatement(path, file, statement);
    if (replaced === undefined) continue;
    text = text.slice(0, statement.getStart(file)) + replaced + text.slice(statement.end);
  }
  return text;
}

function directStatement(path: string, file: ts.SourceFile, statement: ts.Statement): string | undefined {
  const isImport = ts.isImportDeclaration(statement);
  if (!isImport && !ts.isExportDeclaration(statement)) return undefined;
  const target = ownFile(path, statement.moduleSpecifier);
  if (target === undefined) return undefined;
  const names = isImport ? statement.importClause?.namedBindings : statement.exportClause;
  if (names === undefined || (!ts.isNamedImports(names) && !ts.isNamedExports(names))) return undefined;
  if (isImport && (statement.importClause?.name !== undefined || statement.importClause?.phaseModifier !== undefined))
    return undefined;
  if (!isImport && statement.isTypeOnly) return undefined;
  const wanted = names.elements.filter((element) => !element.isTypeOnly);
  const lines = wanted.map((element) => {
    const asked = (element.propertyName ?? element.name).getText(file);
    const { from, name } = declaration(target, asked) ?? { from: target, name: asked };
    const given = element.name.getText(file);
    return `${isImport ? 'import' : 'export'} { ${name === given ? name : `${name} as ${given}`} } from '${specifier(path, from)}';`;
  });
  return lines.join(' ');
}

/** Where a name that a module exports is declared, and under which name there. */
function declaration(path: string, name: string): { from: string; name: string } | undefined {
  const { own, named, all } = exportsOf(path);
  if (own.has(name)) return { from: path, name };
  const passed = named.get(name);
  if (passed !== undefined) return declaration(passed.from, passed.name) ?? passed;
  for (const other of all) {
    const found = declaration(other, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function exportsOf(path: string): Exports {
  const before = known.get(path);
  if (before !== undefined) return before;
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  const own = new Set<string>();
  const named = new Map<string, { from: string; name: string }>();
  const all: string[] = [];
  for (const statement of file.statements) {
    if (ts.isExportDeclaration(statement)) {
      const from = ownFile(path, statement.moduleSpecifier);
      const clause = statement.exportClause;
      if (clause === undefined) {
        if (from !== undefined) all.push(from);
      } else if (ts.isNamedExports(clause) && from !== undefined) {
        for (const { name, propertyName } of clause.elements) {
          named.set(name.getText(file), { from, name: (propertyName ?? name).getText(file) });
        }
      } else if (ts.isNamedExports(clause)) for (const { name } of clause.elements) own.add(name.getText(file));
      else own.add(clause.name.getText(file));
    } else if (isExported(statement)) for (const name of declaredNames(statement, file)) own.add(name);
  }
  const result = { own, named, all };
  known.set(path, result);
  return result;
}

function isExported(statement: ts.Statement): boolean {
  return ts.canHaveModifiers(statement)
    ? (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    : false;
}

function declaredNames(statement: ts.Statement, file: ts.SourceFile): readonly string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText(file));
  }
  const { name } = statement as ts.Statement & { readonly name?: ts.Identifier };
  return name === undefined ? [] : [name.getText(file)];
}

/** The project's own source that a specifier names. */
function ownFile(path: string, moduleSpecifier: ts.Expression | undefined): string | undefined {
  if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return undefined;
  const { text } = moduleSpecifier;
  return text.startsWith('.') && text.endsWith('.js')
    ? resolve(dirname(path), text.replace(/\.js$/u, '.ts'))
    : undefined;
}

function specifier(path: string, target: string): string {
  const way = relative(dirname(path), target).split(sep).join('/').replace(/\.ts$/u, '.js');
  return way.startsWith('.') ? way : `./${way}`;
}
