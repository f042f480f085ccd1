/**
 * The public interface as it is: every name that an entry point of the package exports, what it is, and whether it is documented.
 * `npx tsx scripts/public-api.ts` writes spec/fixtures/public-api.txt, which a test holds the sources against.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../', import.meta.url));

export interface PublicName {
  /** As in `sft-opt/plan`. */
  readonly entry: string;
  readonly name: string;
  readonly kind: 'class' | 'function' | 'type' | 'value';
  readonly documented: boolean;
}

/** Every exported name of every entry point in package.json, by entry and name. */
export function publicNames(): PublicName[] {
  return publicSymbols((checker, entry, exported) => [described(checker, entry, exported)]);
}

/**
 * Members of the exported interfaces, classes and object types that no comment documents, as `Plan.devices`, each once.
 * Members whose type is one literal, as the kinds of a union, say what they are by themselves.
 */
export function undocumentedMembers(): { readonly count: number; readonly bare: readonly string[] } {
  const seen = new Map<ts.Node, string | undefined>();
  publicSymbols((checker, _entry, exported) => {
    const target = targetOf(checker, exported);
    const places = (target.declarations ?? []).filter((place) =>
      place.getSourceFile().fileName.startsWith(`${root}lib/`),
    );
    for (const member of places.flatMap(membersOf)) {
      const { name } = member;
      const symbol = name && checker.getSymbolAtLocation(name);
      if (!symbol || seen.has(member)) continue;
      const documented = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() !== '';
      seen.set(member, documented ? undefined : `${target.name}.${symbol.name}`);
    }
    return [];
  });
  const bare = [...new Set(seen.values())].filter((name) => name !== undefined);
  return { count: seen.size, bare: bare.sort() };
}

/**
 * What comments of exported functions lack, each function once: a `@param` with words for every parameter, `@throws` where the
 * function itself throws, an `@example`.
 */
export function incompleteFunctions(): { readonly count: number; readonly missing: readonly string[] } {
  const seen = new Map<ts.Node, readonly string[]>();
  publicSymbols((checker, entry, exported) => {
    const places = (targetOf(checker, exported).declarations ?? []).filter(ts.isFunctionDeclaration);
    const [first] = places;
    if (!first || seen.has(first)) return [];
    const name = `${entry} ${exported.name}`;
    const tags = new Set(ts.getJSDocTags(first).map(({ tagName }) => tagName.text));
    const bare = first.parameters.filter(
      (parameter) =>
        !ts
          .getJSDocParameterTags(parameter)
          .some(({ comment }) => (ts.getTextOfJSDocComment(comment) ?? '').length > 4),
    );
    seen.set(first, [
      ...bare.map((parameter) => `${name}: @param ${parameter.name.getText().replaceAll(/\s+/gu, ' ')}`),
      ...(places.some(throwsItself) && !tags.has('throws') ? [`${name}: @throws`] : []),
      ...(tags.has('example') ? [] : [`${name}: @example`]),
    ]);
    return [];
  });
  return { count: seen.size, missing: [...seen.values()].flat().sort() };
}

function throwsItself(node: ts.Node): boolean {
  return ts.isThrowStatement(node) || ts.forEachChild(node, throwsItself) === true;
}

function membersOf(place: ts.Node): ts.NamedDeclaration[] {
  if (ts.isInterfaceDeclaration(place) || ts.isTypeLiteralNode(place)) {
    return place.members.filter(
      (member) =>
        ts.isMethodSignature(member) ||
        (ts.isPropertySignature(member) && !(member.type !== undefined && ts.isLiteralTypeNode(member.type))),
    );
  }
  if (ts.isClassDeclaration(place)) {
    return place.members.filter(
      (member) =>
        (ts.isPropertyDeclaration(member) || ts.isMethodDeclaration(member) || ts.isGetAccessor(member)) &&
        !ts.isPrivateIdentifier(member.name) &&
        (ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0,
    );
  }
  if (ts.isTypeAliasDeclaration(place)) return membersOf(place.type);
  if (ts.isUnionTypeNode(place) || ts.isIntersectionTypeNode(place)) return place.types.flatMap(membersOf);
  return ts.isParenthesizedTypeNode(place) ? membersOf(place.type) : [];
}

type Visit = (checker: ts.TypeChecker, entry: string, exported: ts.Symbol) => PublicName[];

function publicSymbols(visit: Visit): PublicName[] {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { exports: Record<string, unknown> };
  const entries = Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => ({ entry: `sft-opt${path.slice(1)}`, file: `${root}lib${path.slice(1)}/index.ts` }));
  const config = ts.readConfigFile(`${root}tsconfig.lib.json`, (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    options,
  );
  const checker = program.getTypeChecker();
  return entries.flatMap(({ entry, file }) => {
    const source = program.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source);
    if (!symbol) throw new Error(`${file} exports nothing`);
    return checker
      .getExportsOfModule(symbol)
      .flatMap((exported) => visit(checker, entry, exported))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

function targetOf(checker: ts.TypeChecker, exported: ts.Symbol): ts.Symbol {
  return exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
}

function described(checker: ts.TypeChecker, entry: string, exported: ts.Symbol): PublicName {
  const target = targetOf(checker, exported);
  // A namespace has its comment where it is exported.
  const documented =
    ts.displayPartsToString(target.getDocumentationComment(checker)).trim() !== '' ||
    exported.declarations?.some((place) => ts.getJSDocCommentsAndTags(place.parent).length > 0) === true;
  return { entry, name: exported.name, kind: kindOf(target.flags), documented };
}

function kindOf(flags: ts.SymbolFlags): PublicName['kind'] {
  if (flags & ts.SymbolFlags.Class) return 'class';
  if (flags & ts.SymbolFlags.Function) return 'function';
  return flags & ts.SymbolFlags.Variable ? 'value' : 'type';
}

/** One line a name: `sft-opt/plan function solvePlan`. */
export function lineOf({ entry, kind, name }: PublicName): string {
  return `${entry} ${kind} ${name}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = publicNames();
  writeFileSync(`${root}spec/fixtures/public-api.txt`, `${names.map(lineOf).join('\n')}\n`);
  const bare = names.filter(({ documented }) => !documented);
  console.log(`${names.length} names, ${names.length - bare.length} documented`);
  for (const name of bare) console.log(`  undocumented: ${lineOf(name)}`);
  const members = undocumentedMembers();
  console.log(`${members.count} members, ${members.bare.length} names of them undocumented`);
  for (const name of members.bare) console.log(`  undocumented: ${name}`);
  const functions = incompleteFunctions();
  console.log(`${functions.count} functions, ${functions.missing.length} parts of their comments missing`);
  for (const part of functions.missing) console.log(`  missing: ${part}`);
}
